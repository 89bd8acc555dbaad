import Dossiers
import Foundation
import GRDB
import IntakeProtocol
import Spool
import Synchronization
import TestSupport
import Testing

@Suite struct SpoolTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var path: String { folder.path + "/sender.sqlite" }

    private func open(_ change: (inout SpoolOptions) -> Void = { _ in }) throws -> SpoolDatabase {
        var options = SpoolOptions()
        change(&options)
        return try SpoolDatabase(path: path, sender: "post-office", options: options)
    }

    private func drafts(_ count: Int, size: Int = 20, from first: Int = 0) -> [SpoolDraft] {
        (0..<count).map { index in
            let text = "entry \(first + index) "
            let body = Array(text.utf8) + [UInt8](repeating: 120, count: max(0, size - text.utf8.count))
            return SpoolDraft(body: body, contentType: 2)
        }
    }

    @Test func `Entries are numbered from 1 and chained as the protocol says`() throws {
        let spool = try open()
        #expect(try spool.append(drafts(3)) == 1...3)
        #expect(try spool.append(drafts(2, from: 3)) == 4...5)
        let run = try #require(try spool.nextRun(after: 0, limit: 10, bytes: 100_000))
        #expect(run.first == 1 && run.entries.count == 5 && run.contentType == 2)
        var previous = Chain.start
        #expect(run.previous == previous.bytes)
        for (index, entry) in run.entries.enumerated() {
            previous = Chain.digest(
                previous: previous, epoch: spool.epoch, sequence: UInt64(index + 1), body: entry.body)
            #expect(entry.digest == previous.bytes)
        }
    }

    @Test func `Whoever opens a new spool at the same moment has the same one`() throws {
        // Made one after the other, one of them would stand in the place of another that is written to already.
        for round in 0..<50 {
            let path = "\(folder.path)/\(round).sqlite"
            let epochs = Mutex<[UInt64?]>([])
            let (ready, start, end) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchGroup())
            for _ in 0..<8 {
                end.enter()
                Thread {
                    ready.signal()
                    start.wait()
                    let spool = try? SpoolDatabase(path: path, sender: "post-office")
                    epochs.withLock { $0.append(spool?.epoch) }
                    end.leave()
                }.start()
            }
            for _ in 0..<8 { ready.wait() }
            for _ in 0..<8 { start.signal() }
            end.wait()
            #expect(epochs.withLock { $0.count == 8 && Set($0).count == 1 && $0[0] != nil })
        }
    }

    @Test func `What was accepted is there after the process has gone`() throws {
        let epoch = try {
            let spool = try open()
            try spool.append(drafts(7))
            try spool.apply([SpoolReceipt(numbers: 1...2, outcome: .stored)])
            spool.close()
            return spool.epoch
        }()
        let spool = try open()
        #expect(spool.epoch == epoch)
        #expect(try spool.chainHead().number == 7)
        #expect(try spool.counts() == counts(accepted: 7, stored: 2))
        #expect(try spool.nextRun(after: 0, limit: 100, bytes: 100_000)?.first == 3)
        #expect(try spool.append(drafts(1)) == 8...8)
    }

    @Test func `WAL and full synchronisation are on`() throws {
        let spool = try open()
        try spool.append(drafts(1))
        // A second connection sees the journal mode of the file; synchronous belongs to the connection that writes.
        let other = try DatabaseQueue(path: path)
        #expect(try other.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
        #expect(try spool.synchronous() == 2)
    }

    @Test func `A spool belongs to one sender`() throws {
        _ = try open()
        let error = #expect(throws: SpoolError.self) { try SpoolDatabase(path: path, sender: "portal") }
        #expect(error?.code == .foreignSender)
    }

    @Test func `A file that is no spool is refused and left as it is`() throws {
        try Data("no database at all, but long enough to be looked at".utf8).write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: SpoolError.self) { try open() }
        #expect(error?.code == .corrupt)
        #expect(try String(contentsOfFile: path, encoding: .utf8).hasPrefix("no database"))
    }

    @Test func `An entry above the limit is refused, and its neighbours with it`() throws {
        let spool = try open { $0.entryBytes = 100 }
        let error = #expect(throws: SpoolError.self) { try spool.append(drafts(1) + drafts(1, size: 101)) }
        #expect(error?.code == .entryTooLarge)
        #expect(try spool.chainHead().number == 0)
        #expect(try spool.append(drafts(1, size: 100)) == 1...1)
    }

    @Test func `A full spool refuses, keeps what it has, and takes again when there is room`() throws {
        let spool = try open { $0.quotaBytes = 2 << 20 }
        var accepted = 0
        var failure: SpoolError?
        while failure == nil, accepted < 10_000 {
            do throws(SpoolError) {
                try spool.append(drafts(10, size: 4_000, from: accepted))
                accepted += 10
            } catch { failure = error }
        }
        #expect(failure?.code == .full)
        #expect(accepted > 100)
        #expect(try spool.counts() == counts(accepted: Int64(accepted)))
        #expect(try spool.fill() <= 1)
        try spool.apply([SpoolReceipt(numbers: 1...UInt64(accepted), outcome: .stored)])
        #expect(try spool.append(drafts(10, size: 4_000))?.lowerBound == UInt64(accepted) + 1)
    }

    @Test func `A damaged entry is set aside and named; its neighbours go on`() throws {
        let spool = try open()
        try spool.append(drafts(5))
        let other = try DatabaseQueue(path: path)
        try other.write { try $0.execute(sql: "UPDATE entry SET body = x'00' WHERE number = 3") }
        let first = try #require(try spool.nextRun(after: 0, limit: 10, bytes: 100_000))
        #expect(first.first == 1 && first.entries.count == 2)
        let second = try #require(try spool.nextRun(after: 2, limit: 10, bytes: 100_000))
        #expect(second.first == 4 && second.entries.count == 2)
        #expect(try spool.damaged().map(\.number) == [3])
        #expect(try spool.counts() == counts(accepted: 5, damaged: 1))
    }

    @Test(arguments: [
        "content_type = 'x'", "content_type = 300", "content_type = 1.5", "digest = 7", "digest = x'00'",
        "digest = x''",
        "body = 'text'", "body = x''", "previous = 1.5", "previous = x'00'", "previous = digest",
    ])
    func `A column of another type is damage, not a crash`(change: String) throws {
        let spool = try open()
        try spool.append(drafts(3))
        try DatabaseQueue(path: path).write { try $0.execute(sql: "UPDATE entry SET \(change) WHERE number = 2") }
        #expect(try spool.nextRun(after: 0, limit: 10, bytes: 100_000)?.entries.count == 1)
        #expect(try spool.nextRun(after: 1, limit: 10, bytes: 100_000)?.first == 3)
        #expect(try spool.damaged().map(\.number) == [2])
    }

    @Test func `A bit that makes a text of the same bytes costs no entry`() throws {
        let spool = try open()
        try spool.append(drafts(3))
        try DatabaseQueue(path: path).write { database in
            try database.execute(sql: "UPDATE entry SET body = CAST(body AS TEXT) WHERE number = 2")
        }
        #expect(try spool.nextRun(after: 0, limit: 10, bytes: 100_000)?.entries.map(\.body) == drafts(3).map(\.body))
        #expect(try spool.damaged().isEmpty)
    }

    @Test func `A damaged head is refused, not chained to`() throws {
        let spool = try open()
        try spool.append(drafts(1))
        for digest in ["x'00'", "7"] {
            try DatabaseQueue(path: path).write { try $0.execute(sql: "UPDATE meta SET head_digest = \(digest)") }
            #expect(throws: SpoolError.self) { try spool.append(drafts(1)) }
            #expect(throws: SpoolError.self) { try spool.chainHead() }
        }
    }

    @Test func `A run is the body of a batch as the protocol has it`() throws {
        let spool = try open()
        let bodies = [drafts(1)[0].body, [], drafts(1, size: 9_000)[0].body, drafts(1, size: 300)[0].body]
        try spool.append(bodies.map { SpoolDraft(body: $0, contentType: 1) })
        let run = try #require(try spool.nextRun(after: 1, limit: 10, bytes: 100_000))
        #expect(run.first == 2 && run.count == 3)
        let batch = try BatchBody(run.body, count: run.count)
        #expect(batch.bytes == run.body)
        #expect(batch.items.map { Array($0.bytes) } == Array(bodies[1...]))
        #expect(run.entries.map(\.body) == Array(bodies[1...]))
    }

    @Test func `A run keeps the limits of a batch, but has at least one entry`() throws {
        let spool = try open()
        try spool.append(drafts(10, size: 1_000))
        #expect(try spool.nextRun(after: 0, limit: 3, bytes: 1 << 20)?.entries.count == 3)
        #expect(try spool.nextRun(after: 0, limit: 10, bytes: 2 * 1_036)?.entries.count == 2)
        #expect(try spool.nextRun(after: 9, limit: 10, bytes: 1)?.entries.count == 1)
        #expect(try spool.nextRun(after: 10, limit: 10, bytes: 1 << 20) == nil)
    }

    @Test func `Receipts that come twice, late or for numbers that never were change nothing`() throws {
        let spool = try open()
        try spool.append(drafts(4))
        let receipts = [
            SpoolReceipt(numbers: 1...2, outcome: .stored),
            SpoolReceipt(numbers: 3...3, outcome: .rejected, reasons: Array("[]".utf8)),
            SpoolReceipt(numbers: 4...9, outcome: .duplicate),
        ]
        for _ in 0..<3 { try spool.apply(receipts) }
        #expect(try spool.counts() == counts(accepted: 4, stored: 2, duplicate: 1, rejected: 1))
        #expect(try spool.rejected().map(\.number) == [3])
    }

    @Test func `One process at a time has the right to send`() throws {
        _ = try open()
        let lock = try #require(try SpoolLock.acquire(spool: path))
        #expect(try SpoolLock.acquire(spool: path) == nil)
        withExtendedLifetime(lock) {}
    }

    @Test func `A file is read once, row by row, and known until it is settled`() throws {
        let spool = try open()
        let file = SpoolFile(path: "a.ndjson", inode: 1, size: 10, modified: 1)
        let source = try spool.source(file)
        try spool.append(
            drafts(1).map { SpoolDraft(body: $0.body, contentType: 2, source: source.id, line: 1) }, source: source.id,
            rows: 2, unreadable: [UnreadableRow(line: 2, reasons: Array("x".utf8))])
        let known = try spool.source(file)
        #expect(known.id == source.id && known.rows == 2 && !known.isRead)
        for other in [
            SpoolFile(path: "b.ndjson", inode: 1, size: 10, modified: 1),
            SpoolFile(path: "a.ndjson", inode: 2, size: 10, modified: 1),
            SpoolFile(path: "a.ndjson", inode: 1, size: 11, modified: 1),
            SpoolFile(path: "a.ndjson", inode: 1, size: 10, modified: 2),
        ] { #expect(try spool.source(other).id != source.id) }
        #expect(try spool.source(file, always: true).rows == 0)
        #expect(try spool.unreadable(source: source.id).map(\.line) == [2])
        #expect(try spool.counts(of: source.id) == counts(accepted: 1))
        let another = try spool.source(file)
        try spool.settle(source: another.id)
        #expect(try spool.source(file).id != another.id)
    }

    @Test func `What was refused of files that are reported on gives way to new entries`() throws {
        let spool = try open { $0.quotaBytes = 1 << 20 }
        for round in Int64(1)...12 {
            let source = try spool.source(SpoolFile(path: "f", inode: round, size: 1, modified: 1))
            let numbers = try spool.append(
                drafts(500, size: 300).map { SpoolDraft(body: $0.body, contentType: 2, source: source.id, line: 1) },
                source: source.id)
            let range = try #require(numbers)
            try spool.apply([SpoolReceipt(numbers: range, outcome: .rejected, reasons: Array("{}".utf8))])
            #expect(try spool.rejected(source: source.id).count == 500, "the newest can be looked up")
            try spool.settle(source: source.id)
        }
        #expect(try spool.counts().rejected == 6_000)
        #expect(try spool.rejected().count < 6_000)
    }

    @Test func `In a full spool there is room for the reasons of everything in it`() throws {
        let spool = try open { $0.quotaBytes = 1 << 20 }
        do { while true { try spool.append(drafts(100, size: 300)) } } catch { #expect(error.code == .full) }
        let head = try spool.chainHead().number
        #expect(head > 1_000)
        let reasons = Array(#"{"reasons":[{"code":"channel_unknown","field":"channel","value":"Intern"}]}"#.utf8)
        for first in stride(from: 1, through: head, by: 100) {
            let numbers = first...min(first + 99, head)
            try spool.apply(numbers.map { SpoolReceipt(numbers: $0...$0, outcome: .rejected, reasons: reasons) })
        }
        #expect(try spool.counts().rejected == Int64(head))
    }

    @Test(arguments: 0..<12)
    func `Through any order of work and reopening nothing is lost and nothing counted twice`(seed: UInt64) throws {
        var walk = SpoolWalk(seed: seed)
        try walk.run { try open() }
    }

    private func counts(
        accepted: Int64, stored: Int64 = 0, duplicate: Int64 = 0, rejected: Int64 = 0, damaged: Int64 = 0
    ) -> SpoolCounts {
        var counts = SpoolCounts()
        counts.accepted = accepted
        counts.stored = stored
        counts.duplicate = duplicate
        counts.rejected = rejected
        counts.damaged = damaged
        return counts
    }
}

/// A random life of a spool, compared with a model in memory.
private struct SpoolWalk {
    private var generator: SeededNumbers
    private var pending: [UInt64: [UInt8]] = [:]
    private var outcomes: [UInt64: SpoolReceipt.Outcome] = [:]
    private var head: UInt64 = 0

    init(seed: UInt64) { generator = SeededNumbers(seed: seed) }

    mutating func run(_ open: () throws -> SpoolDatabase) throws {
        var spool = try open()
        for _ in 0..<120 {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0...3: try append(to: spool)
            case 4...6: try receipt(spool)
            case 7...8: try read(spool)
            default:
                spool.close()
                spool = try open()
            }
            let counts = try spool.counts()
            #expect(counts.accepted == Int64(head))
            #expect(counts.pending == Int64(pending.count))
            #expect(counts.stored == Int64(outcomes.values.count { $0 == .stored }))
            #expect(counts.quarantined == Int64(outcomes.values.count { $0 == .rejected || $0 == .conflict }))
        }
    }

    private mutating func append(to spool: SpoolDatabase) throws {
        let drafts = (0..<Int.random(in: 1...30, using: &generator)).map { _ in
            SpoolDraft(body: (0..<8).map { _ in UInt8.random(in: 0...255, using: &generator) }, contentType: 1)
        }
        let numbers = try #require(try spool.append(drafts))
        #expect(numbers.lowerBound == head + 1)
        for (number, draft) in zip(numbers, drafts) { pending[number] = draft.body }
        head = numbers.upperBound
    }

    private mutating func receipt(_ spool: SpoolDatabase) throws {
        guard head > 0 else { return }
        let first = UInt64.random(in: 1...head, using: &generator)
        let last = min(head, first + UInt64.random(in: 0...20, using: &generator))
        let outcome: SpoolReceipt.Outcome =
            [.stored, .stored, .duplicate, .rejected, .conflict].randomElement(using: &generator) ?? .stored
        try spool.apply([SpoolReceipt(numbers: first...last, outcome: outcome)])
        for number in first...last where pending.removeValue(forKey: number) != nil { outcomes[number] = outcome }
    }

    private mutating func read(_ spool: SpoolDatabase) throws {
        var cursor: UInt64 = 0
        var found: [UInt64: [UInt8]] = [:]
        while let run = try spool.nextRun(after: cursor, limit: 7, bytes: 1 << 20) {
            for (index, entry) in run.entries.enumerated() { found[run.first + UInt64(index)] = entry.body }
            cursor = run.first + UInt64(run.entries.count) - 1
        }
        #expect(found == pending)
    }
}
