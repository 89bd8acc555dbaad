package import Dossiers
package import Store

/// The periods of the ledger, and what is due or was done about them, ready to be written.
package struct RetentionReport: Sendable {
    private let periods: [Line]
    private let work: Periods.Work
    private let isDone: Bool

    private struct Line: Sendable {
        let period: Periods.Period
        let state: State
        let began: String
        let closed: String?
        let dropped: String?
    }

    /// How a period fares, as it is called in JSON and CSV.
    private enum State: String {
        case open, closed, expired, dropped
    }

    /// A report in local time.
    /// - Parameters:
    ///   - expired: number of the period that may be dropped.
    ///   - work: what is due, or was done.
    ///   - isDone: which of both.
    package init(periods: [Periods.Period], expired: Int32?, work: Periods.Work, isDone: Bool, zone: LocalZone) {
        var zone = zone
        self.periods = periods.map { period in
            Line(
                period: period, state: Self.state(of: period, expired), began: zone.text(of: period.beganAt),
                closed: period.closedAt.map { zone.text(of: $0) }, dropped: period.droppedAt.map { zone.text(of: $0) })
        }
        self.work = work
        self.isDone = isDone
    }

    private static func state(of period: Periods.Period, _ expired: Int32?) -> State {
        if period.droppedAt != nil { return .dropped }
        if period.closedAt == nil { return .open }
        return period.number == expired ? .expired : .closed
    }

    /// The report as lines of a table, with what is due or was done under it.
    package func table(in language: Language) -> [String] {
        let header =
            language == .vietnamese
            ? ["Kỳ", "Từ", "Đến", "Trạng thái", "Số byte"] : ["Period", "From", "To", "State", "Bytes"]
        let rows = periods.map { line in
            [
                String(line.period.number), line.began, line.closed ?? "–", Self.title(line.state, language),
                Figures.grouped(line.period.bytes, language),
            ]
        }
        return TextTable(header: header, rows: rows, leftColumns: 4).lines + sentences(in: language)
    }

    private static func title(_ state: State, _ language: Language) -> String {
        switch (state, language) {
        case (.open, .vietnamese): "đang mở"
        case (.closed, .vietnamese): "đã đóng"
        case (.expired, .vietnamese): "hết hạn giữ"
        case (.dropped, .vietnamese): "đã bỏ"
        case (let state, .english): state.rawValue
        }
    }

    private func sentences(in language: Language) -> [String] {
        let isVietnamese = language == .vietnamese
        var sentences: [String] = []
        if let closed = work.closed {
            sentences.append(
                isVietnamese
                    ? "\(isDone ? "Đã đóng" : "Sẽ đóng") kỳ \(closed)."
                    : "Period \(closed) \(isDone ? "was closed" : "is to be closed").")
        }
        for period in work.dropped {
            sentences.append(
                isVietnamese
                    ? "\(isDone ? "Đã bỏ" : "Sẽ bỏ") kỳ \(period)."
                    : "Period \(period) \(isDone ? "was dropped" : "is to be dropped").")
        }
        if work.erased > 0 {
            let count = Figures.grouped(work.erased, language)
            sentences.append(
                isVietnamese
                    ? "Đã xóa nội dung của \(count) bản ghi bị giữ lại." : "Quarantined entries erased: \(count).")
        }
        if work.forgotten > 0 {
            let count = Figures.grouped(work.forgotten, language)
            sentences.append(isVietnamese ? "Đã bỏ \(count) hồ sơ." : "Dossiers taken away: \(count).")
        }
        if sentences.isEmpty { sentences.append(isVietnamese ? "Chưa có kỳ nào đến hạn." : "No period is due.") }
        return sentences
    }

    /// The report as one JSON document.
    package var json: String {
        let items = periods.map { line -> String in
            var object = JSONLine()
            object.add("period", raw: String(line.period.number))
            object.add("from", text: line.began)
            object.add("to", text: line.closed)
            object.add("state", text: line.state.rawValue)
            object.add("dropped_at", text: line.dropped)
            object.add("bytes", raw: String(line.period.bytes))
            return object.text
        }
        var document = JSONLine()
        document.add("done", raw: isDone ? "true" : "false")
        document.add("closed", raw: work.closed.map { String($0) } ?? "null")
        document.add("dropped", raw: "[" + work.dropped.map { String($0) }.joined(separator: ",") + "]")
        document.add("erased_entries", raw: String(work.erased))
        document.add("forgotten_dossiers", raw: String(work.forgotten))
        document.add("periods", raw: "[" + items.joined(separator: ",") + "]")
        return document.text
    }

    /// The periods as CSV.
    package var csv: [String] {
        ["period,from,to,state,dropped_at,bytes"]
            + periods.map { line in
                "\(line.period.number),\(line.began),\(line.closed ?? ""),\(line.state.rawValue),\(line.dropped ?? ""),"
                    + "\(line.period.bytes)"
            }
    }
}
