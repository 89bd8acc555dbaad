import Dossiers
import GRDB
import Spool
import TestSupport
import Testing

/// Days that are closed, and spools from before there was such a thing.
@Suite struct ClosingTests {
    private let folder: TemporaryFolder
    private var path: String { folder.path + "/sender.sqlite" }

    init() throws { folder = try TemporaryFolder() }

    private func open() throws -> SpoolDatabase { try SpoolDatabase(path: path, sender: "post-office") }

    private func drafts(_ count: Int) -> [SpoolDraft] {
        (0..<count).map { number in
            SpoolDraft(
                body: Array("entry \(number)".utf8), contentType: 1,
                cell: TallyCell(channel: number.isMultiple(of: 2) ? "online" : "postal", procedure: "1.004194"))
        }
    }

    @Test func `A manifest covers what came since the last one, and counts it per cell`() throws {
        let spool = try open()
        try spool.append(drafts(5))
        var tallies: [SpoolTally] = []
        for _ in 0..<2 {
            try spool.closeDay("2022-03-01") { tally in
                tallies.append(tally)
                return [1]
            }
        }
        try #require(tallies.count == 1, "nothing is new for a second one")
        #expect(tallies[0].numbers == 1...5)
        #expect(tallies[0].cells.values.sorted() == [2, 3])
        try spool.append(drafts(1))
        try spool.closeDay("2022-03-02") { tally in
            tallies.append(tally)
            return [2]
        }
        #expect(tallies.last?.numbers == 7...7, "the first manifest is number 6")
    }

    @Test func `A manifest waits for the receipts of what came before it, and nothing waits for it`() throws {
        let spool = try open()
        try spool.append(drafts(3))
        try spool.closeDay("2022-03-01") { _ in [1] }
        try spool.append(drafts(2))
        let first = try #require(try spool.nextRun(after: 0, limit: 100, bytes: 100_000))
        #expect(first.first == 1 && first.entries.count == 3)
        let second = try #require(try spool.nextRun(after: 3, limit: 100, bytes: 100_000))
        #expect(second.first == 5 && second.entries.count == 2)
        try spool.apply([
            SpoolReceipt(numbers: 5...6, outcome: .stored), SpoolReceipt(numbers: 1...2, outcome: .stored),
        ])
        #expect(try !spool.hasManifestDue() && spool.firstWaiting() == 3)
        try spool.apply([SpoolReceipt(numbers: 3...3, outcome: .stored)])
        #expect(try spool.hasManifestDue())
        #expect(try spool.nextRun(after: 0, limit: 100, bytes: 100_000)?.first == 4)
        try spool.apply([SpoolReceipt(numbers: 4...4, outcome: .stored, reasons: [1])])
        let manifest = try #require(try spool.manifests().first)
        #expect(manifest.outcome == .stored && manifest.reasons == [1] && manifest.numbers == 1...3)
        #expect(try spool.firstWaiting() == 7)
    }

    @Test func `A spool of version 1 goes on, and its first manifest covers what came since`() throws {
        let old = try open()
        try old.append(drafts(4))
        let epoch = old.epoch
        old.close()
        let queue = try DatabaseQueue(path: path)
        try queue.write { database in
            try database.execute(
                sql: """
                    DROP TABLE tally; DROP TABLE closing; DROP TABLE manifest; DROP TABLE proof;
                    ALTER TABLE entry DROP COLUMN waits; ALTER TABLE rejected DROP COLUMN corrected_by;
                    ALTER TABLE source DROP COLUMN place; UPDATE meta SET version = 1;
                    """)
        }
        try queue.close()
        let spool = try open()
        #expect(spool.epoch == epoch)
        #expect(try spool.nextRun(after: 0, limit: 100, bytes: 100_000)?.entries.count == 4)
        #expect(try spool.closeDay("2022-03-01") { _ in [1] } == nil)
        try spool.append(drafts(2))
        #expect(try spool.closeDay("2022-03-01") { _ in [1] }?.numbers == 5...6)
        try spool.apply([SpoolReceipt(numbers: 2...2, outcome: .rejected)])
        try spool.append([SpoolDraft(body: [9], contentType: 1, corrects: 2)])
        #expect(try spool.rejected(number: 2)?.correctedBy == 8)
        #expect(throws: SpoolError.self) { try spool.append([SpoolDraft(body: [9], contentType: 1, corrects: 2)]) }
        spool.close()
        #expect(try open().chainHead().number == 8, "and is opened again as the newest version")
    }
}
