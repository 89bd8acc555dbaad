package import Dossiers
package import Store

extension AdoptionReport {
    /// The report as lines of a table for people.
    package func table(in language: Language) -> [String] {
        let text = TextTable(
            header: header(language), rows: rows.map { cells($0, language) } + [totalCells(language)],
            leftColumns: max(dimensions.count, 1))
        return ["\(metric.title(in: language)) · \(metric.rawValue) v\(metric.version)"] + text.lines
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

    static func quoted(_ text: String) -> String {
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
