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
    func differences(from expected: LamHaYear.Expectation, in language: Language) -> [String] {
        var problems: [String] = []
        func compare(_ name: String, _ found: Int64, _ wanted: Int) {
            guard found != Int64(wanted) else { return }
            problems.append(
                language.choose("\(name): có \(found), đã gửi \(wanted)", "\(name): found \(found), sent \(wanted)"))
        }
        let months = Dictionary(report.rows.map { ($0.key[0], $0) }, uniquingKeysWith: { first, _ in first })
        for month in Set(months.keys).union(expected.stored.keys).sorted() {
            for channel in Channel.allCases {
                let wanted = expected.stored[month]?[channel.code] ?? 0
                compare(
                    "\(month) \(channel.title(in: language))", months[month]?.channels[channel]?.dossiers ?? 0, wanted)
            }
        }
        var reasons: [String: Int64] = [:]
        for count in quarantine { reasons[count.reason, default: 0] += count.entries }
        for reason in Set(reasons.keys).union(expected.quarantined.keys).sorted() {
            let name = language.choose("giữ lại", "quarantined") + " \(reason)"
            compare(name, reasons[reason] ?? 0, expected.quarantined[reason] ?? 0)
        }
        compare(
            language.choose("đã lưu", "stored"), balances.reduce(0) { $0 + $1.stored }, expected.storedCount)
        compare(
            language.choose("trùng", "duplicates"), balances.reduce(0) { $0 + $1.duplicate }, expected.duplicates)
        compare(
            language.choose("đã đánh số", "assigned"), balances.reduce(0) { $0 + $1.assigned }, expected.sent)
        compare(language.choose("nhiệm vụ khảo sát", "survey tasks"), tasks, expected.storedCount)
        compare(
            language.choose("khảo sát đã giao", "survey tasks delivered"), delivered, expected.storedCount)
        if difference != nil {
            problems.append(
                language.choose(
                    "số liệu tổng hợp khác với đếm lại từ hồ sơ", "the roll-up differs from a recount of the dossiers"))
        }
        return problems
    }
}
