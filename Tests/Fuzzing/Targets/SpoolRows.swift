import Dossiers
import Foundation
import GRDB
import IntakeProtocol
import Spool
import Synchronization
import WireMessages

extension FuzzTarget {
    /// What is read out of a spool is what its digests say, and what is not is set aside and counted.
    func checkSpoolRows(_ bytes: [UInt8]) throws(FuzzFinding) {
        try FuzzSpool.use { spool throws(FuzzFinding) in
            let rows = try spool.fill(bytes)
            var number: UInt64 = 0
            var entries = 0
            while let run = try succeed(
                "the spool is read", { try spool.database.nextRun(after: number, limit: 512, bytes: 200_000) })
            {
                try require(run.first > number && run.count > 0, "runs go on")
                try check(run, of: rows, spool.database.epoch)
                entries += run.count
                number = run.first + UInt64(run.count) - 1
            }
            let counts = try succeed("counts") { try spool.database.counts() }
            let positive = rows.keys.count { $0 > 0 }
            try require(
                Int(counts.damaged) + entries == positive,
                "\(entries) entries, \(counts.damaged) of \(positive) damaged")
        }
    }

    private func check(_ run: SpoolRun, of rows: [Int64: FuzzSpool.Row], _ epoch: UInt64) throws(FuzzFinding) {
        try require(run.contentType == 1 || run.contentType == 2, "the way of writing is known")
        let batch = try succeed("the run is a batch") { try BatchBody(run.body, count: run.count) }
        for (index, item) in batch.items.enumerated() {
            let number = run.first + UInt64(index)
            guard let row = rows[Int64(bitPattern: number)], let previous = Digest(row.previous) else {
                throw FuzzFinding("a number that was not stored")
            }
            let digest = Chain.digest(previous: previous, epoch: epoch, sequence: number, body: row.body)
            try require(
                Array(item.bytes) == row.body && item.digest == digest && item.digest.bytes == row.digest,
                "an entry has its digest")
            if index == 0 { try require(batch.previous == previous, "the run has the digest before it") }
        }
    }
}

/// A spool whose rows are written past it; one for all inputs, which take turns.
final class FuzzSpool: Sendable {
    /// What stands in the columns of an entry, as the bytes that they are.
    struct Row {
        let previous, digest, body: [UInt8]
    }

    let database: SpoolDatabase
    private let queue: DatabaseQueue
    private static let shared = Mutex<FuzzSpool?>(nil)

    private init() throws {
        let path = FuzzFolder.path + "/spool.sqlite"
        database = try SpoolDatabase(path: path, sender: "fuzz")
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = OFF") }
        queue = try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Does something with the spool while nobody else does.
    static func use(_ work: (FuzzSpool) throws(FuzzFinding) -> Void) throws(FuzzFinding) {
        let outcome: Result<Void, FuzzFinding> = shared.withLock { shared in
            do throws(FuzzFinding) {
                let spool: FuzzSpool
                if let shared { spool = shared } else { spool = try succeed("a spool") { try FuzzSpool() } }
                shared = spool
                return .success(try work(spool))
            } catch { return .failure(error) }
        }
        try outcome.get()
    }

    /// Empties the spool and fills it with the rows that the bytes describe; those that SQLite takes are returned.
    func fill(_ bytes: [UInt8]) throws(FuzzFinding) -> [Int64: Row] {
        try succeed("rows are written") {
            try queue.write { database in
                try clear(database)
                var reader = RowReader(bytes, epoch: self.database.epoch)
                var numbers = 0
                while numbers < 16, let row = reader.next() {
                    numbers += 1
                    // What a column must not hold is left out.
                    try database.execute(
                        sql: "INSERT OR IGNORE INTO entry VALUES (?, ?, ?, ?, ?, NULL, NULL, 0, 0)", arguments: row)
                }
                return try stored(database)
            }
        }
    }

    /// Empties the spool, and fills it with entries from number 1 on.
    func fill(entries: Int) throws(FuzzFinding) {
        try succeed("the spool is emptied") { try queue.write { try clear($0) } }
        let drafts = (1...entries).map { SpoolDraft(body: Array("entry \($0)".utf8), contentType: 2) }
        _ = try succeed("entries are accepted") { try database.append(drafts) }
    }

    private func clear(_ database: Database) throws {
        try database.execute(
            sql: """
                DELETE FROM entry; DELETE FROM damaged; DELETE FROM rejected; DELETE FROM receipt; DELETE FROM proof;
                UPDATE meta SET head = 0, head_digest = zeroblob(32), stored = 0, duplicate = 0, rejected = 0,
                    conflict = 0, damaged = 0;
                """)
    }

    private func stored(_ database: Database) throws -> [Int64: Row] {
        let rows = try GRDB.Row.fetchAll(
            database,
            sql: """
                SELECT number, CAST(previous AS BLOB) AS previous, CAST(digest AS BLOB) AS digest,
                    CAST(body AS BLOB) AS body FROM entry
                """)
        return Dictionary(
            uniqueKeysWithValues: rows.map { row in
                let (previous, digest, body) = (row[1] as Data?, row[2] as Data?, row[3] as Data?)
                return (
                    row[0] as Int64,
                    Row(
                        previous: [UInt8](previous ?? Data()), digest: [UInt8](digest ?? Data()),
                        body: [UInt8](body ?? Data()))
                )
            })
    }
}

/// Reads bytes as rows of a spool: for each a number, then its four columns, each with a byte of what it holds in front.
private struct RowReader {
    private var bytes: ArraySlice<UInt8>
    private let epoch: UInt64
    private var previous = Digest.zero

    init(_ bytes: [UInt8], epoch: UInt64) {
        self.bytes = bytes[...]
        self.epoch = epoch
    }

    mutating func next() -> StatementArguments? {
        guard let first = bytes.popFirst() else { return nil }
        let number = first < 128 ? Int64(first) : integer()
        let kind = value { Int64(1).databaseValue }
        let before = previous
        let previous = value { Data(before.bytes).databaseValue }
        // In front of the digest, which depends on it.
        let body = value { Data("{}".utf8).databaseValue }
        let content = [UInt8](Data.fromDatabaseValue(body) ?? Data())
        let fitting = Chain.digest(
            previous: before, epoch: epoch, sequence: UInt64(bitPattern: number), body: content)
        self.previous = fitting
        let digest = value { Data(fitting.bytes).databaseValue }
        return [number, kind, previous, digest, body]
    }

    private mutating func integer() -> Int64 {
        let value = bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        bytes = bytes.dropFirst(8)
        return Int64(bitPattern: value)
    }

    /// What a column holds: most often what it should.
    private mutating func value(_ right: () -> DatabaseValue) -> DatabaseValue {
        let tag = bytes.popFirst() ?? 0
        switch tag & 7 {
        case 1: return .null
        case 2: return integer().databaseValue
        case 3: return Double(bitPattern: UInt64(bitPattern: integer())).databaseValue
        case 4: return String(decoding: take(), as: UTF8.self).databaseValue
        case 5: return Data(take()).databaseValue
        case 6:
            var damaged = Data.fromDatabaseValue(right()) ?? Data([0])
            if !damaged.isEmpty { damaged[Int(tag >> 3) % damaged.count] ^= 1 }
            return damaged.databaseValue
        case 7: return Data.fromDatabaseValue(right()).map { String(decoding: $0, as: UTF8.self) }.databaseValue
        default: return right()
        }
    }

    private mutating func take() -> [UInt8] {
        let length = Int(bytes.popFirst() ?? 0)
        defer { bytes = bytes.dropFirst(length) }
        return Array(bytes.prefix(length))
    }
}
