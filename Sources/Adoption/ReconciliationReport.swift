package import Dossiers
package import Store

/// The balances of senders, ready to be written.
package struct ReconciliationReport: Sendable {
    private let balances: [Reconciliation.Balance]

    /// A report.
    package init(balances: [Reconciliation.Balance]) { self.balances = balances }

    /// Whether every number of every sender has an outcome.
    package var isBalanced: Bool { balances.allSatisfy(\.isBalanced) }

    /// The report as one JSON document.
    package var json: String {
        let senders = balances.map { balance in
            var object = JSONLine()
            object.add("sender", text: balance.sender)
            object.add("assigned", raw: String(balance.assigned))
            object.add("stored", raw: String(balance.stored))
            object.add("duplicate", raw: String(balance.duplicate))
            object.add("quarantined", raw: String(balance.quarantined))
            let ranges = balance.missing.map { "[\($0.lowerBound),\($0.upperBound)]" }
            object.add("missing", raw: "[" + ranges.joined(separator: ",") + "]")
            return object.text
        }
        var document = JSONLine()
        document.add("balanced", raw: isBalanced ? "true" : "false")
        document.add("senders", raw: "[" + senders.joined(separator: ",") + "]")
        return document.text
    }

    /// The report as lines of a table.
    package func table(in language: Language) -> [String] {
        let header =
            language == .vietnamese
            ? ["Điểm gửi", "Đã đánh số", "Đã lưu", "Trùng", "Giữ lại", "Thiếu"]
            : ["Sender", "Assigned", "Stored", "Duplicate", "Quarantined", "Missing"]
        let rows = balances.map { balance in
            [balance.sender]
                + [
                    balance.assigned, balance.stored, balance.duplicate, balance.quarantined, balance.missingCount,
                ].map { Figures.grouped($0, language) }
        }
        return TextTable(header: header, rows: rows, leftColumns: 1).lines
    }

    /// The report as CSV.
    package var csv: [String] {
        ["sender,assigned,stored,duplicate,quarantined,missing"]
            + balances.map { balance in
                "\(balance.sender),\(balance.assigned),\(balance.stored),\(balance.duplicate),"
                    + "\(balance.quarantined),\(balance.missingCount)"
            }
    }
}

/// The quarantine by sender and reason, ready to be written.
package struct QuarantineReport: Sendable {
    private let counts: [QuarantineTable.Count]

    /// A report.
    package init(counts: [QuarantineTable.Count]) { self.counts = counts }

    /// The report as one JSON document.
    package var json: String {
        let reasons = counts.map { count in
            var object = JSONLine()
            object.add("sender", text: count.sender)
            object.add("reason", text: count.reason)
            object.add("field", text: count.field)
            object.add("entries", raw: String(count.entries))
            return object.text
        }
        return "{\"reasons\":[" + reasons.joined(separator: ",") + "]}"
    }

    /// The report as lines of a table.
    package func table(in language: Language) -> [String] {
        let header =
            language == .vietnamese
            ? ["Điểm gửi", "Lý do", "Trường", "Số bản ghi"] : ["Sender", "Reason", "Field", "Entries"]
        let rows = counts.map { count in
            let sentence = FaultCode(rawValue: count.reason).map { Fault($0).sentence(in: language) } ?? count.reason
            return [count.sender, sentence, count.field, Figures.grouped(count.entries, language)]
        }
        return TextTable(header: header, rows: rows, leftColumns: 3).lines
    }

    /// The report as CSV.
    package var csv: [String] {
        ["sender,reason,field,entries"] + counts.map { "\($0.sender),\($0.reason),\($0.field),\($0.entries)" }
    }
}

/// The way of a dossier, ready to be written.
package struct TraceReport: Sendable {
    private let code: String
    private let events: [(time: String, event: Trace.Event)]

    /// A report in local time.
    package init(code: String, events: [Trace.Event], zone: LocalZone) {
        self.code = code
        var zone = zone
        self.events = events.map { event in
            let instant = Instant(microseconds: event.at)
            return (instant.rfc3339(offsetSeconds: zone.offsetSeconds(at: instant)), event)
        }
    }

    /// One line per event.
    package var lines: [String] {
        events.map { time, event in
            let origin = event.sender.isEmpty ? "#\(event.number)" : "\(event.sender) #\(event.number)"
            return [time, event.kind, origin, event.reasons].filter { !$0.isEmpty }.joined(separator: "  ")
        }
    }

    /// The report as one JSON document.
    package var json: String {
        let items = events.map { time, event in
            var object = JSONLine()
            object.add("at", text: time)
            object.add("event", text: event.kind)
            if !event.sender.isEmpty { object.add("sender", text: event.sender) }
            object.add(event.sender.isEmpty ? "task" : "sequence", raw: String(event.number))
            if !event.reasons.isEmpty { object.add("reasons", raw: event.reasons) }
            return object.text
        }
        var document = JSONLine()
        document.add("dossier_code", text: code)
        document.add("events", raw: "[" + items.joined(separator: ",") + "]")
        return document.text
    }

    /// The report as CSV.
    package var csv: [String] {
        ["at,event,sender,number"] + events.map { "\($0.time),\($0.event.kind),\($0.event.sender),\($0.event.number)" }
    }
}
