package import Dossiers
package import Store

extension AdoptionReport {
    /// The report as lines of a table for people.
    /// - Parameter hasBars: whether the rate of each row is drawn too, for a terminal.
    package func table(in language: Language, hasBars: Bool = false) -> [String] {
        let bar: (Row) -> [String] = { hasBars ? [Self.bar(rate(of: $0, .online))] : [] }
        let text = TextTable(
            header: header(language) + (hasBars ? [showsChannels ? Channel.online.title(in: language) : ""] : []),
            rows: rows.map { cells($0, language) + bar($0) } + [totalCells(language) + bar(total)],
            leftColumns: max(dimensions.count, 1))
        return ["\(metric.title(in: language)) · \(metric.rawValue) v\(metric.version)"] + text.lines
            + certainty(in: language)
    }

    private func rate(of row: Row, _ channel: Channel) -> Rate {
        showsChannels && !dimensions.contains(.channel)
            ? Rate(row.channels[channel]?.dossiers ?? 0, of: row.total) : rate(of: row)
    }

    /// Twenty places wide, in eighths of a place.
    static func bar(_ rate: Rate) -> String {
        guard let share = rate.share else { return "" }
        let eighths = Int((share * 160).rounded())
        let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
        let drawn = String(repeating: "█", count: eighths / 8) + partial
        return drawn + String(repeating: "·", count: max(0, 20 - drawn.count))
    }

    /// How sure the figures are; nothing where everything has arrived and everybody is heard.
    private func certainty(in language: Language) -> [String] {
        guard let outstanding, outstanding.entries > 0 || !outstanding.silent.isEmpty else { return [] }
        let isVietnamese = language == .vietnamese
        var lines: [String] = [""]
        if outstanding.entries > 0 {
            for (channel, rate, bounds) in totals where rate.denominator > 0 {
                let name = channel?.title(in: language) ?? metric.title(in: language)
                let (value, lower, upper) = (
                    Figures.percent(rate, language), Figures.percent(bounds.lower, language),
                    Figures.percent(bounds.upper, language)
                )
                lines.append(
                    isVietnamese
                        ? "\(name) \(value) %, chắc chắn từ \(lower) % đến \(upper) %"
                        : "\(name) \(value) %, certainly between \(lower) % and \(upper) %")
            }
        }
        let (silent, all) = (outstanding.silent.count, outstanding.senders)
        let count = Figures.grouped(outstanding.entries, language)
        var sentence = ""
        if let first = outstanding.silent.first, let zone = LocalZone(identifier: timeZone) {
            var zone = zone
            let since = zone.text(of: first.since)
            sentence =
                isVietnamese
                ? "\(silent) trên \(all) điểm gửi im lặng, lâu nhất từ \(since); "
                : "\(silent) of \(all) senders silent, the longest since \(since); "
        }
        lines.append(
            sentence
                + (isVietnamese ? "nhiều nhất \(count) hồ sơ chưa đến" : "at most \(count) dossiers outstanding"))
        return lines
    }

    /// The report as RFC 4180 CSV.
    package func csv() -> [String] {
        var header = dimensions.map(\.rawValue) + ["total"]
        header +=
            showsChannels
            ? Self.channels.flatMap { ["\($0.code)_count", "\($0.code)_share"] }
            : ["numerator", "denominator", "share"]
        let lines = rows.map { row in
            var cells = row.key.map(Self.quoted) + [String(row.total)]
            if showsChannels {
                for channel in Self.channels {
                    let count = row.channels[channel]?.dossiers ?? 0
                    cells += [String(count), Rate(count, of: row.total).share.map { "\($0)" } ?? ""]
                }
            } else {
                let rate = rate(of: row)
                cells += [String(rate.numerator), String(rate.denominator), rate.share.map { "\($0)" } ?? ""]
            }
            return cells.joined(separator: ",")
        }
        return [header.joined(separator: ",")] + lines
    }

    /// A text as a cell; one that a spreadsheet would take for a formula is marked as text, since who sends it may be anybody.
    static func quoted(_ text: String) -> String {
        let mayRun = text.first.map { "=+-@\t\r".contains($0) } ?? false
        let text = mayRun ? "'" + text : text
        guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }

    private func header(_ language: Language) -> [String] {
        let total = language == .vietnamese ? "Tổng số" : "Total"
        var header = dimensions.isEmpty ? [""] : dimensions.map { $0.title(in: language) }
        header.append(total)
        if showsChannels {
            for channel in Self.channels { header += [channel.title(in: language), "%"] }
        } else {
            header += language == .vietnamese ? ["Tử số", "Mẫu số", "%"] : ["Numerator", "Denominator", "%"]
        }
        return header
    }

    private func cells(_ row: Row, _ language: Language) -> [String] {
        var cells = (dimensions.isEmpty ? [""] : row.key) + [Figures.grouped(row.total, language)]
        if showsChannels {
            for channel in Self.channels {
                let count = row.channels[channel]?.dossiers ?? 0
                cells += [Figures.grouped(count, language), Figures.percent(Rate(count, of: row.total), language)]
            }
        } else {
            let rate = rate(of: row)
            cells += [
                Figures.grouped(rate.numerator, language), Figures.grouped(rate.denominator, language),
                Figures.percent(rate, language),
            ]
        }
        return cells
    }

    private func totalCells(_ language: Language) -> [String] {
        var cells = cells(total, language)
        if dimensions.isEmpty {
            cells[0] = language == .vietnamese ? "Tất cả" : "All"
        } else {
            cells.insert(language == .vietnamese ? "Tất cả" : "All", at: 0)
            cells.insert(contentsOf: Array(repeating: "", count: dimensions.count - 1), at: 1)
        }
        return cells
    }
}

extension Dimension {
    /// What people call it.
    package func title(in language: Language) -> String {
        switch (self, language) {
        case (.day, .vietnamese): "Ngày"
        case (.week, .vietnamese): "Tuần"
        case (.month, .vietnamese): "Tháng"
        case (.quarter, .vietnamese): "Quý"
        case (.year, .vietnamese): "Năm"
        case (.unit, .vietnamese): "Đơn vị"
        case (.procedure, .vietnamese): "Thủ tục"
        case (.sector, .vietnamese): "Lĩnh vực"
        case (.channel, .vietnamese): "Hình thức"
        case (.deskOperator, .vietnamese): "Bên trực quầy"
        default: rawValue.prefix(1).uppercased() + rawValue.dropFirst()
        }
    }
}
