package import Dossiers
package import Store

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
            ? ["Điểm gửi", "Lý do", "Mã lý do", "Trường", "Số bản ghi"]
            : ["Sender", "Reason", "Code", "Field", "Entries"]
        let rows = counts.map { count in
            let sentence = FaultCode(rawValue: count.reason).map { Fault($0).sentence(in: language) } ?? count.reason
            return [count.sender, sentence, count.reason, count.field, Figures.grouped(count.entries, language)]
        }
        return TextTable(header: header, rows: rows, leftColumns: 4).lines
    }

    /// The report as CSV.
    package var csv: [String] {
        ["sender,reason,field,entries"]
            + counts.map { count in
                ([count.sender, count.reason, count.field].map(AdoptionReport.quoted) + ["\(count.entries)"])
                    .joined(separator: ",")
            }
    }
}
