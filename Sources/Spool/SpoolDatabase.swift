import Dossiers
import Foundation
import GRDB
import Polling
import Synchronization

/// A sender's durable store: numbers entries 1, 2, 3 …, chains them by SHA-256, and keeps each until its receipt.
///
/// "Accepted" means committed with `synchronous=FULL`. Several processes may have the spool open; numbers are taken
/// inside the transaction. Exactly one process sends, see ``SpoolLock``.
package final class SpoolDatabase: Sendable {
    /// Name of the sender.
    package let sender: String
    /// Random number of this spool; sequence numbers are unique within it.
    package let epoch: UInt64
    /// Its limits.
    package let options: SpoolOptions
    private let path: String
    private let room = Mutex<(quota: Int, at: ContinuousClock.Instant)?>(nil)
    let queue: DatabaseQueue

    /// Opens a spool, or makes it.
    /// - Throws: ``SpoolError`` when the file cannot be used, and rather than doing without one.
    package init(path: String, sender: String, options: SpoolOptions = SpoolOptions()) throws(SpoolError) {
        self.sender = sender
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw SpoolError(error, "open")
        }
        self.path = path
        self.options = options.fitting(on: folder, beside: path)
        do {
            // Before SQLite sees it: the write-ahead log gets the permissions that the file has when it is opened.
            try NewFile.make(at: path)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            queue = try DatabaseQueue(
                path: path, configuration: SpoolSchema.configuration(quotaBytes: self.options.quotaBytes))
            epoch = try queue.writeImmediately { try Self.prepare($0, sender: sender) }
        } catch {
            throw SpoolError(error, "open")
        }
    }

    private static func prepare(_ database: Database, sender: String) throws -> UInt64 {
        if try !database.tableExists("meta") {
            try database.execute(sql: SpoolSchema.sql)
            try database.execute(
                sql: "INSERT INTO meta (only_row, version, sender, epoch, head, head_digest) VALUES (1, ?, ?, ?, 0, ?)",
                arguments: [SpoolSchema.version, sender, Int64.random(in: 1...(.max)), Data(SpoolChain.start)])
        }
        guard let row = try Row.fetchOne(database, sql: "SELECT version, sender, epoch FROM meta") else {
            throw SpoolError(.corrupt, "open")
        }
        guard (row[0] as Int) <= SpoolSchema.version else { throw SpoolError(.newerVersion, "open") }
        guard (row[1] as String) == sender else { throw SpoolError(.foreignSender, "open") }
        if (row[0] as Int) < 2 { try database.execute(sql: SpoolSchema.second) }
        if (row[0] as Int) < 3 { try database.execute(sql: SpoolSchema.third) }
        return UInt64(bitPattern: row[2] as Int64)
    }

    /// Closes the file.
    package func close() { try? queue.close() }

    /// Accepts entries, all or none, and returns their numbers once they are on disk.
    ///
    /// With a file, the same transaction records how far it has been read, so that nothing of it is taken twice.
    /// - Parameters:
    ///   - source: the file that the drafts come from.
    ///   - rows: rows of the file that are dealt with after this call.
    ///   - unreadable: rows among them that are no records.
    ///   - isEnd: whether the file has been read to its end.
    @discardableResult
    package func append(
        _ drafts: [SpoolDraft], source: Int64? = nil, rows: Int = 0, unreadable: [UnreadableRow] = [],
        isEnd: Bool = false
    ) throws(SpoolError) -> ClosedRange<UInt64>? {
        guard drafts.allSatisfy({ $0.body.count <= options.entryBytes }) else {
            throw SpoolError(.entryTooLarge, "accept")
        }
        let numbers: ClosedRange<UInt64>?
        do {
            numbers = try queue.writeImmediately { database in
                guard try makeRoom(database) < options.refuseAt else { throw SpoolError(.full, "accept") }
                if let source { try note(source, rows, unreadable, isEnd, database) }
                return drafts.isEmpty ? nil : try append(drafts, database)
            }
        } catch {
            throw SpoolError(error, "accept")
        }
        if numbers != nil { WakeUpPipe.raise(path: wakeUpPath) }
        return numbers
    }

    /// The pipe by which whoever sends from this spool hears of new entries.
    package var wakeUpPath: String { path + ".wake" }

    private func note(
        _ source: Int64, _ rows: Int, _ unreadable: [UnreadableRow], _ isEnd: Bool, _ database: Database
    ) throws {
        try database.executePrepared(
            sql: "UPDATE source SET rows = ?, is_read = max(is_read, ?) WHERE id = ?", arguments: [rows, isEnd, source])
        for row in unreadable {
            try database.executePrepared(
                sql: "INSERT OR IGNORE INTO unreadable VALUES (?, ?, ?)",
                arguments: [source, row.line, Data(row.reasons)])
        }
    }

    func append(_ drafts: [SpoolDraft], _ database: Database) throws -> ClosedRange<UInt64> {
        var (number, digest) = try head(database)
        let first = number + 1
        var counts: [Int64: Int] = [:]
        let now = Int64(Date().timeIntervalSince1970 * 1_000_000)
        var tally: [TallyCell: Int] = [:]
        let insert = try database.cachedStatement(sql: "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
        for draft in drafts {
            number += 1
            let previous = digest
            digest = SpoolChain.digest(previous: previous, epoch: epoch, number: number, body: draft.body)
            try insert.execute(arguments: [
                Int64(bitPattern: number), Int64(draft.contentType), Data(previous), Data(digest), Data(draft.body),
                draft.source, draft.line.map { Int64($0) }, now, draft.waits,
            ])
            if let cell = draft.cell { tally[cell, default: 0] += 1 }
            if let corrected = draft.corrects {
                try correct(corrected, by: number, database)
            }
            if let source = draft.source { counts[source, default: 0] += 1 }
        }
        try database.executePrepared(
            sql: "UPDATE meta SET head = ?, head_digest = ?", arguments: [Int64(bitPattern: number), Data(digest)])
        for (source, count) in counts {
            try database.executePrepared(
                sql: "UPDATE source SET accepted = accepted + ? WHERE id = ?", arguments: [count, source])
        }
        try count(tally, at: now, database)
        return first...number
    }

    /// One correction follows another: whoever mends an older one would undo what has been mended since.
    private func correct(_ corrected: UInt64, by number: UInt64, _ database: Database) throws {
        let entry: StatementArguments = [Int64(bitPattern: corrected)]
        let isDone = try Bool.fetchOne(
            database, sql: "SELECT corrected_by IS NOT NULL FROM rejected WHERE number = ?", arguments: entry)
        guard isDone != true else { throw SpoolError(.corrected, "accept") }
        try database.executePrepared(
            sql: "UPDATE rejected SET corrected_by = ? WHERE number = ?",
            arguments: [Int64(bitPattern: number), Int64(bitPattern: corrected)])
    }

    private func count(_ tally: [TallyCell: Int], at now: Int64, _ database: Database) throws {
        guard !tally.isEmpty else { return }
        for (cell, dossiers) in tally {
            try database.executePrepared(
                sql: """
                    INSERT INTO tally VALUES (?, ?, ?)
                    ON CONFLICT (channel, procedure) DO UPDATE SET dossiers = dossiers + excluded.dossiers
                    """, arguments: [cell.channel, cell.procedure, dossiers])
        }
        try database.executePrepared(sql: "UPDATE closing SET since = coalesce(since, ?)", arguments: [now])
    }

    /// Finds or registers a file that has not been settled.
    /// - Parameter always: registers it anew even when it is known: it is to be sent again.
    package func source(_ file: SpoolFile, always: Bool = false) throws(SpoolError) -> SpoolSource {
        do {
            return try queue.writeImmediately { database in
                let arguments: StatementArguments = [file.path, file.inode, file.size, file.modified]
                let known = try Row.fetchOne(
                    database,
                    sql: """
                        SELECT id, rows, is_read FROM source
                        WHERE path = ? AND inode = ? AND size = ? AND modified = ? AND NOT is_settled
                        ORDER BY id DESC LIMIT 1
                        """, arguments: arguments)
                if let known, !always { return SpoolSource(id: known[0], rows: known[1], isRead: known[2]) }
                try database.execute(
                    sql: "INSERT INTO source (path, inode, size, modified) VALUES (?, ?, ?, ?)", arguments: arguments)
                return SpoolSource(id: database.lastInsertedRowID, rows: 0, isRead: false)
            }
        } catch {
            throw SpoolError(error, "register a file")
        }
    }

    /// Forgets proofs, then what was refused of files that have been reported on, the oldest first, once half of the room is
    /// taken.
    ///
    /// Until then it can be looked up; the centre has all of it in its quarantine.
    /// - Returns: the share of the quota that is used now.
    private func makeRoom(_ database: Database) throws -> Double {
        while true {
            let filled = try fill(database)
            guard filled >= 0.5 else { return filled }
            if try forgetOldestProofs(database) { continue }
            let oldest = try Int64.fetchOne(
                database,
                sql: """
                    SELECT min(id) FROM source WHERE is_settled AND (
                        EXISTS (SELECT 1 FROM rejected r WHERE r.source = source.id)
                        OR EXISTS (SELECT 1 FROM unreadable u WHERE u.source = source.id))
                    """)
            guard let oldest else {
                // What came from no file, and has been corrected.
                try database.execute(
                    sql: "DELETE FROM rejected WHERE source IS NULL AND corrected_by IS NOT NULL")
                return try fill(database)
            }
            for table in ["rejected", "unreadable", "damaged"] {
                try database.execute(sql: "DELETE FROM \(table) WHERE source = ?", arguments: [oldest])
            }
        }
    }

    /// The name under which a file is to be settled: the one that was chosen before, else the given one from now on.
    ///
    /// So whoever is killed between the report and the moving of the file writes the same report again, and no second.
    package func place(of source: Int64, orElse choose: () throws -> String) throws(SpoolError) -> String {
        do {
            return try queue.writeImmediately { database in
                let known = try String.fetchOne(
                    database, sql: "SELECT place FROM source WHERE id = ?", arguments: [source])
                if let known { return known }
                let chosen = try choose()
                try database.execute(sql: "UPDATE source SET place = ? WHERE id = ?", arguments: [chosen, source])
                return chosen
            }
        } catch {
            throw SpoolError(error, "settle a file")
        }
    }

    /// Where a file that has been settled was to be moved when whoever did it was killed; `nil` for every other file.
    package func interruptedMove(of file: SpoolFile) throws(SpoolError) -> (source: Int64, place: String)? {
        do {
            return try queue.readOnce { database in
                try Row.fetchOne(
                    database,
                    sql: """
                        SELECT id, place FROM source
                        WHERE path = ? AND inode = ? AND size = ? AND modified = ? AND is_settled AND place IS NOT NULL
                        ORDER BY id DESC LIMIT 1
                        """, arguments: [file.path, file.inode, file.size, file.modified]
                ).map { ($0[0], $0[1]) }
            }
        } catch {
            throw SpoolError(error, "look for a file")
        }
    }

    /// Settled files of which it is not known whether they have been moved, with where to.
    package func interruptedMoves() throws(SpoolError) -> [(source: Int64, place: String)] {
        do {
            return try queue.readOnce { database in
                try Row.fetchAll(
                    database, sql: "SELECT id, place FROM source WHERE is_settled AND place IS NOT NULL"
                ).map { ($0[0], $0[1]) }
            }
        } catch {
            throw SpoolError(error, "look for files")
        }
    }

    /// Notes that a settled file has been moved: from now on, whoever puts it back wants it sent again.
    package func moved(source: Int64) throws(SpoolError) {
        do {
            try queue.writeImmediately { database in
                try database.execute(sql: "UPDATE source SET place = NULL WHERE id = ?", arguments: [source])
            }
        } catch {
            throw SpoolError(error, "note a file's place")
        }
    }

    /// Forgets how far a file has been read: it has been reported on, and what comes under its name is another one.
    package func settle(source: Int64) throws(SpoolError) {
        do {
            try queue.writeImmediately { database in
                try database.execute(sql: "UPDATE source SET is_settled = 1 WHERE id = ?", arguments: [source])
            }
        } catch {
            throw SpoolError(error, "settle a file")
        }
    }

    /// The share of the quota that is used, 0 to 1.
    package func fill() throws(SpoolError) -> Double {
        do { return try queue.read { try fill($0) } } catch { throw SpoolError(error, "measure") }
    }

    private func fill(_ database: Database) throws -> Double {
        Double(try usedBytes(database)) / Double(max(quota, 64 * 4096))
    }

    func usedBytes(_ database: Database) throws -> Int {
        let pages = try Int.fetchOne(database.cachedStatement(sql: "PRAGMA page_count")) ?? 0
        let free = try Int.fetchOne(database.cachedStatement(sql: "PRAGMA freelist_count")) ?? 0
        return (pages - free) * 4096
    }

    /// The quota as far as the disk has room for it, looked at ten times per second at most: others fill the disk too,
    /// also while this process runs for months.
    var quota: Int {
        let now = ContinuousClock.now
        return room.withLock { room in
            if let known = room, known.at.duration(to: now) < .milliseconds(100) { return known.quota }
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
            let quota = options.fitting(on: folder, beside: path).quotaBytes
            room = (quota, now)
            return quota
        }
    }
}

extension Database {
    /// Executes a statement that is kept prepared: reading SQL anew costs more than most of what it does here.
    func executePrepared(sql: String, arguments: StatementArguments = StatementArguments()) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }
}

extension DatabaseQueue {
    /// Reads with one statement, which sees one state of the file without a transaction around it.
    ///
    /// The `read` of GRDB forbids writing and allows it again by pragmas after which SQLite prepares every statement anew,
    /// also those that are kept prepared.
    func readOnce<Value>(_ body: (Database) throws -> Value) throws -> Value { try unsafeRead(body) }

    /// A write transaction that takes the lock at once, so that two processes take turns instead of failing.
    /// - Parameter isSynchronised: whether it is on disk when this returns. What is not follows with the next write that
    ///   is; order and consistency are kept either way.
    func writeImmediately<Value>(isSynchronised: Bool = true, _ body: (Database) throws -> Value) throws -> Value {
        try writeWithoutTransaction { database in
            // Never kept prepared: SQLite carries this one out when it is prepared, not when it is run.
            try database.execute(sql: "PRAGMA synchronous = \(isSynchronised ? "FULL" : "NORMAL")")
            var value: Value?
            try database.inTransaction(.immediate) {
                value = try body(database)
                return .commit
            }
            guard let value else { throw SpoolError(.inputOutput, "commit") }
            return value
        }
    }
}
