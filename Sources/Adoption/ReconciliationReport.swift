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
