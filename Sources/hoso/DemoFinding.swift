import Adoption
import Demonstration
import Dossiers
import Postgres
import Store

/// What the demo found at the centre.
struct DemoFinding: Sendable {
    private let report: AdoptionReport
    private let balances: [Reconciliation.Balance]
    private let quarantine: [QuarantineTable.Count]
    private let tasks: Int64
    private let delivered: Int64
    private let difference: Recount.Difference?

    init(_ connection: Connection, timeZone: String) async throws(PostgresError) {
        let groups = try await AdoptionQuery(connection).groups(by: [.month], from: nil, to: nil)
        report = AdoptionReport(
            metric: .shareOfAll, dimensions: [.month], from: nil, to: nil, timeZone: timeZone, groups: groups)
        balances = try await Reconciliation(connection).balances()
        quarantine = try await QuarantineTable(connection).counts()
        (tasks, delivered) = try await Outbox(connection).counts()
        difference = try await Recount(connection).run().difference
    }

    /// The figures for people.
    func lines(in language: Language) -> [String] {
        let surveys =
            language == .vietnamese
            ? "Nhiệm vụ khảo sát: \(Figures.grouped(delivered, language)) đã giao / \(Figures.grouped(tasks, language))"
            : "Survey tasks: \(Figures.grouped(delivered, language)) delivered of \(Figures.grouped(tasks, language))"
        return [""] + report.table(in: language) + [""]
            + ReconciliationReport(balances: balances).table(in: language) + [""]
            + QuarantineReport(counts: quarantine).table(in: language) + ["", surveys]
    }

    /// Every figure that is not the expected one.
    func differences(from expected: LamHaYear.Expectation) -> [String] {
        var problems: [String] = []
        func compare(_ name: String, _ found: Int64, _ wanted: Int) {
            if found != Int64(wanted) { problems.append("\(name): found \(found), sent \(wanted)") }
        }
        var months: Set<String> = []
        for row in report.rows {
            months.insert(row.key[0])
            for channel in Channel.allCases {
                let wanted = expected.stored[row.key[0]]?[channel.code] ?? 0
                compare("\(row.key[0]) \(channel.code)", row.channels[channel]?.dossiers ?? 0, wanted)
            }
        }
        for month in expected.stored.keys.sorted() where !months.contains(month) {
            problems.append("\(month): missing")
        }
        var reasons: [String: Int64] = [:]
        for count in quarantine { reasons[count.reason, default: 0] += count.entries }
        for reason in Set(reasons.keys).union(expected.quarantined.keys).sorted() {
            compare("quarantined \(reason)", reasons[reason] ?? 0, expected.quarantined[reason] ?? 0)
        }
        compare("stored", balances.reduce(0) { $0 + $1.stored }, expected.storedCount)
        compare("duplicates", balances.reduce(0) { $0 + $1.duplicate }, expected.duplicates)
        compare("assigned", balances.reduce(0) { $0 + $1.assigned }, expected.sent)
        compare("survey tasks", tasks, expected.storedCount)
        compare("survey tasks delivered", delivered, expected.storedCount)
        if difference != nil { problems.append("the roll-up differs from a recount of the dossiers") }
        return problems
    }
}
