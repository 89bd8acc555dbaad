package import Dossiers
package import Store

/// The balances of senders, ready to be written.
package struct ReconciliationReport: Sendable {
    private let balances: [Reconciliation.Balance]
    private let detail: ReconciliationDetail?
    private let manifests: [ManifestComparison]
    private let open: [String: Int64]

    /// A report.
    /// - Parameter open: quarantine entries per sender that wait for a person.
    package init(
        balances: [Reconciliation.Balance], detail: ReconciliationDetail? = nil, manifests: [ManifestComparison] = [],
        open: [String: Int64] = [:]
    ) {
        self.open = open
        self.balances = balances
        self.detail = detail
        self.manifests = manifests
    }

    /// Whether every number of every sender has an outcome, every chain is one, and every day closed with equal counts.
    package var isSound: Bool {
        manifests.allSatisfy(\.isEqual) && balances.allSatisfy(\.isBalanced) && detail?.alarms.isEmpty != false
            && detail?.chains.contains { $0.state == "differs" } != true
    }

    /// The report as one JSON document.
    package var json: String {
        let senders = balances.map { balance in
            var object = JSONLine()
            object.add("sender", text: balance.sender)
            object.add("assigned", raw: String(balance.assigned))
            object.add("stored", raw: String(balance.stored))
            object.add("duplicate", raw: String(balance.duplicate))
            object.add("quarantined", raw: String(balance.quarantined))
            object.add("open", raw: String(open[balance.sender] ?? 0))
            object.add("missing", raw: Self.list(balance.missing))
            if let detail { addDetail(detail, of: balance.sender, to: &object) }
            return object.text
        }
        var document = JSONLine()
        document.add("balanced", raw: balances.allSatisfy(\.isBalanced) ? "true" : "false")
        document.add("senders", raw: "[" + senders.joined(separator: ",") + "]")
        return document.text
    }

    private func addDetail(_ detail: ReconciliationDetail, of sender: String, to object: inout JSONLine) {
        var epochs: [String] = []
        for chain in detail.chains where chain.sender == sender {
            var epoch = JSONLine()
            epoch.add("epoch", text: String(chain.epoch))
            epoch.add("chain", text: chain.state)
            for term in Self.terms {
                epoch.add(term, raw: Self.list(detail.numbers(term, of: sender, in: chain.epoch)))
            }
            epochs.append(epoch.text)
        }
        object.add("epochs", raw: "[" + epochs.joined(separator: ",") + "]")
        let alarms = detail.alarms.filter { $0.sender == sender }.map { alarm in
            var line = JSONLine()
            line.add("kind", text: alarm.kind)
            line.add("epoch", text: String(alarm.epoch))
            line.add("sequence", raw: String(alarm.sequence))
            line.add("times", raw: String(alarm.times))
            line.add("last_at", text: Instant(microseconds: alarm.lastAt).rfc3339())
            return line.text
        }
        object.add("alarms", raw: "[" + alarms.joined(separator: ",") + "]")
        let days = manifests.filter { $0.sender == sender }.map { manifest in
            var line = JSONLine()
            line.add("day", text: "\(manifest.day)")
            line.add("epoch", text: String(manifest.key.epoch))
            line.add("sequence", raw: String(manifest.key.sequence))
            line.add("numbers", raw: "[\(manifest.numbers.lowerBound),\(manifest.numbers.upperBound)]")
            line.add("dossiers", raw: String(manifest.dossiers))
            line.add("equal", raw: manifest.isEqual ? "true" : "false")
            line.add("missing", raw: Self.list(manifest.missing))
            line.add("chain_agrees", raw: manifest.chainAgrees.map { $0 ? "true" : "false" } ?? "null")
            let differences = manifest.differences.map { difference in
                var cell = JSONLine()
                cell.add("channel", text: difference.cell.channel)
                cell.add("procedure", text: difference.cell.procedure)
                cell.add("sender", raw: String(difference.sender))
                cell.add("centre", raw: String(difference.centre))
                return cell.text
            }
            line.add("differences", raw: "[" + differences.joined(separator: ",") + "]")
            return line.text
        }
        object.add("manifests", raw: "[" + days.joined(separator: ",") + "]")
    }

    private static let terms = ["stored", "duplicate", "quarantined"]

    private static func list(_ ranges: [ClosedRange<Int64>]) -> String {
        "[" + ranges.map { "[\($0.lowerBound),\($0.upperBound)]" }.joined(separator: ",") + "]"
    }

    /// The report as CSV.
    package var csv: [String] {
        ["sender,assigned,stored,duplicate,quarantined,missing,open,days_that_differ"]
            + balances.map { balance in
                "\(balance.sender),\(balance.assigned),\(balance.stored),\(balance.duplicate),"
                    + "\(balance.quarantined),\(balance.missingCount),\(open[balance.sender] ?? 0),"
                    + "\(manifests.count { $0.sender == balance.sender && !$0.isEqual })"
            }
    }
}

// MARK: - For people

extension ReconciliationReport {
    /// The report as lines of a table, and below it what a person should know.
    package func table(in language: Language) -> [String] {
        let header =
            language == .vietnamese
            ? ["Điểm gửi", "Đã cấp số", "Đã lưu", "Trùng", "Giữ lại", "Thiếu"]
            : ["Sender", "Assigned", "Stored", "Duplicate", "Quarantined", "Missing"]
        let rows = balances.map { balance in
            [balance.sender]
                + [
                    balance.assigned, balance.stored, balance.duplicate, balance.quarantined, balance.missingCount,
                ].map { Figures.grouped($0, language) }
        }
        return TextTable(header: header, rows: rows, leftColumns: 1).lines + notes(in: language)
    }

    private func notes(in language: Language) -> [String] {
        guard let detail else { return [] }
        let isVietnamese = language == .vietnamese
        var notes: [String] = []
        for balance in balances {
            let numbers: [(String, [ClosedRange<Int64>])] = [
                (isVietnamese ? "trùng" : "duplicate", detail.numbers("duplicate", of: balance.sender)),
                (isVietnamese ? "giữ lại" : "quarantined", detail.numbers("quarantined", of: balance.sender)),
                (isVietnamese ? "thiếu" : "missing", balance.missing),
            ]
            for (term, ranges) in numbers where !ranges.isEmpty {
                notes.append("\(balance.sender): \(term) \(Self.text(ranges))")
            }
            if balance.quarantined > 0 {
                let count = Figures.grouped(open[balance.sender] ?? 0, language)
                notes.append(
                    isVietnamese
                        ? "\(balance.sender): \(count) bản ghi bị giữ lại còn chờ xử lý"
                        : "\(balance.sender): \(count) quarantined entries wait for a person")
            }
        }
        for chain in detail.chains where chain.state == "differs" {
            notes.append(
                isVietnamese
                    ? "⚠ \(chain.sender): chuỗi bản ghi ở trung tâm khác với ở điểm gửi"
                    : "⚠ \(chain.sender): the centre's chain of entries is not the sender's")
        }
        // Of the days that are equal, the newest says enough.
        var newest: [String: Int] = [:]
        for (place, manifest) in manifests.enumerated() { newest[manifest.sender] = place }
        for (place, manifest) in manifests.enumerated() where !manifest.isEqual || newest[manifest.sender] == place {
            notes += manifest.sentences(in: language)
        }
        return (notes.isEmpty ? [] : [""]) + notes + detail.alarms.map { $0.sentence(in: language) }
    }

    fileprivate static func text(_ ranges: [ClosedRange<Int64>]) -> String {
        let shown = ranges.prefix(12).map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)–\($0.upperBound)" }
        return shown.joined(separator: ", ") + (ranges.count > 12 ? ", …" : "")
    }
}

extension ReconciliationDetail {
    fileprivate func numbers(_ term: String, of sender: String, in epoch: UInt64? = nil) -> [ClosedRange<Int64>] {
        ranges.filter { $0.sender == sender && $0.term == term && (epoch == nil || $0.epoch == epoch) }.map(\.numbers)
    }
}

extension ManifestComparison {
    fileprivate func sentences(in language: Language) -> [String] {
        let isVietnamese = language == .vietnamese
        let count = Figures.grouped(dossiers, language)
        let title =
            isVietnamese
            ? "\(sender): chốt ngày \(day), \(count) bản ghi, số \(numbers.lowerBound)–\(numbers.upperBound)"
            : "\(sender): closed \(day) with \(count) entries, numbers \(numbers.lowerBound)–\(numbers.upperBound)"
        if isEqual { return [title + (isVietnamese ? ": khớp" : ": equal")] }
        var lines = ["⚠ " + title + (isVietnamese ? ": không khớp" : ": differs")]
        if !missing.isEmpty {
            lines.append("    " + (isVietnamese ? "thiếu " : "missing ") + ReconciliationReport.text(missing))
        }
        if chainAgrees == false { lines.append("    " + (isVietnamese ? "chuỗi băm khác" : "another chain")) }
        lines += differences.prefix(20).map { difference in
            let (mine, theirs) = isVietnamese ? ("điểm gửi", "trung tâm") : ("sender", "centre")
            let channel = Channel(code: difference.cell.channel)?.title(in: language) ?? difference.cell.channel
            let procedure = difference.cell.procedure.isEmpty ? "–" : difference.cell.procedure
            return
                "    \(channel) · \(procedure == "–" ? procedure : Fault.shown(procedure) ?? "•••"): \(mine) \(difference.sender), "
                + "\(theirs) \(difference.centre)"
        }
        return lines + (differences.count > 20 ? ["    …"] : [])
    }
}

extension ReconciliationDetail.Alarm {
    fileprivate func sentence(in language: Language) -> String {
        switch (kind, language) {
        case ("regression", .vietnamese):
            "⚠ \(sender): hàng đợi là bản cũ hoặc đã mất bản ghi (số \(sequence)); cần khôi phục bản hiện tại"
        case ("regression", .english):
            "⚠ \(sender): its spool is an old copy or has lost entries (number \(sequence)); put the current one back"
        case (_, .vietnamese):
            "⚠ \(sender): hai hàng đợi khác nhau dùng chung một tên (từ số \(sequence)); hãy dừng một máy"
        case (_, .english):
            "⚠ \(sender): two different spools go by this name (from number \(sequence)); stop one of the machines"
        }
    }
}
