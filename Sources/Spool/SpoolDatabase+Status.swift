import Foundation
import GRDB

extension SpoolDatabase {
    /// The highest number that has been assigned, and the digest of that entry, which stands for the whole chain.
    package func chainHead() throws(SpoolError) -> (number: UInt64, digest: [UInt8]) {
        do {
            return try queue.readOnce { try head($0) }
        } catch {
            throw SpoolError(error, "read")
        }
    }

    func head(_ database: Database) throws -> (number: UInt64, digest: [UInt8]) {
        let row = try Row.fetchOne(database.cachedStatement(sql: "SELECT head, head_digest FROM meta"))
        guard let row, let number = Int64.fromDatabaseValue(row[0]), let digest = Data.fromDatabaseValue(row[1]),
            digest.count == 32
        else { throw SpoolError(.corrupt, "read") }
        return (UInt64(bitPattern: number), [UInt8](digest))
    }

    /// The lowest number that has no receipt; one above the head when all have one.
    package func firstWaiting() throws(SpoolError) -> UInt64 {
        do {
            return try queue.readOnce { database in
                let waiting = try Int64.fetchOne(
                    database.cachedStatement(
                        sql: "SELECT coalesce((SELECT min(number) FROM entry), (SELECT head FROM meta) + 1, 1)"))
                return UInt64(bitPattern: waiting ?? 1)
            }
        } catch {
            throw SpoolError(error, "read")
        }
    }

    /// Numbers that have a receipt with an outcome, as ranges.
    package func receipted(_ outcome: SpoolReceipt.Outcome) throws(SpoolError) -> [ClosedRange<UInt64>] {
        do {
            return try queue.readOnce { database in
                try Row.fetchAll(
                    database, sql: "SELECT first, last FROM receipt WHERE outcome = ? ORDER BY first",
                    arguments: [outcome.rawValue]
                ).map { UInt64(bitPattern: $0[0] as Int64)...UInt64(bitPattern: $0[1] as Int64) }
            }
        } catch {
            throw SpoolError(error, "list receipts")
        }
    }

    /// How full the spool is.
    package struct Filling: Sendable {
        /// Entries without receipt.
        package let waiting: Int
        /// When the oldest of them was accepted, in microseconds since 1970.
        package let oldest: Int64?
        /// Bytes in use.
        package let bytes: Int
        /// Bytes that it may grow to, as far as the disk has room for them.
        package let quota: Int
    }

    /// How full the spool is.
    package func filling() throws(SpoolError) -> Filling {
        do {
            return try queue.readOnce { database in
                let row = try Row.fetchOne(
                    database.cachedStatement(
                        sql: """
                            SELECT head - stored - duplicate - rejected - conflict - damaged,
                                   (SELECT accepted_at FROM entry ORDER BY number LIMIT 1)
                            FROM meta
                            """))
                return Filling(
                    waiting: row?[0] ?? 0, oldest: row?[1], bytes: try usedBytes(database), quota: quota)
            }
        } catch {
            throw SpoolError(error, "read")
        }
    }

    /// Counts of the whole spool.
    package func counts() throws(SpoolError) -> SpoolCounts {
        try counts("SELECT head, stored, duplicate, rejected, conflict, damaged FROM meta", [])
    }

    /// Counts of the entries of one file.
    package func counts(of source: Int64) throws(SpoolError) -> SpoolCounts {
        try counts(
            "SELECT accepted, stored, duplicate, rejected, conflict, damaged FROM source WHERE id = ?", [source])
    }

    private func counts(_ sql: String, _ arguments: StatementArguments) throws(SpoolError) -> SpoolCounts {
        do {
            return try queue.readOnce { database in
                guard let row = try Row.fetchOne(database, sql: sql, arguments: arguments) else { return SpoolCounts() }
                return SpoolCounts(
                    accepted: row[0], stored: row[1], duplicate: row[2], rejected: row[3], conflict: row[4],
                    damaged: row[5])
            }
        } catch {
            throw SpoolError(error, "count")
        }
    }

    /// How much of a commit is forced to disk: 2 means all of it (SQLite's `synchronous=FULL`).
    package func synchronous() throws(SpoolError) -> Int {
        do {
            return try queue.readOnce { try Int.fetchOne($0, sql: "PRAGMA synchronous") } ?? 0
        } catch {
            throw SpoolError(error, "read")
        }
    }

    /// Entries that the centre quarantined, in order; of one file, or all.
    /// - Parameter isOpen: only those for which no correction has been sent.
    package func rejected(
        source: Int64? = nil, isOpen: Bool = false, limit: Int = 10_000
    ) throws(SpoolError) -> [RejectedEntry] {
        do {
            return try queue.readOnce { database in
                try Row.fetchAll(
                    database,
                    sql: """
                        \(Self.rejectedColumns)
                        WHERE (? IS NULL OR r.source = ?) AND NOT (? AND r.corrected_by IS NOT NULL)
                        ORDER BY r.number LIMIT ?
                        """, arguments: [source, source, isOpen, limit]
                ).map(Self.rejected)
            }
        } catch {
            throw SpoolError(error, "list rejected entries")
        }
    }

    /// The entry of a number that the centre quarantined.
    package func rejected(number: UInt64) throws(SpoolError) -> RejectedEntry? {
        do {
            return try queue.readOnce { database in
                try Row.fetchOne(
                    database, sql: "\(Self.rejectedColumns) WHERE r.number = ?",
                    arguments: [Int64(bitPattern: number)]
                ).map(Self.rejected)
            }
        } catch {
            throw SpoolError(error, "read a rejected entry")
        }
    }

    private static let rejectedColumns = """
        SELECT r.number, s.path, r.line, r.outcome, r.reasons, r.content_type, r.body, r.corrected_by
        FROM rejected r LEFT JOIN source s ON s.id = r.source
        """

    private static func rejected(_ row: Row) -> RejectedEntry {
        RejectedEntry(
            number: UInt64(bitPattern: row[0] as Int64), path: row[1], line: row[2],
            outcome: SpoolReceipt.Outcome(rawValue: row[3]) ?? .rejected, reasons: [UInt8](row[4] as Data),
            contentType: UInt8(truncatingIfNeeded: row[5] as Int64), body: [UInt8](row[6] as Data),
            correctedBy: (row[7] as Int64?).map { UInt64(bitPattern: $0) })
    }

    /// What became of a number; `nil` while it waits for its receipt, or was never assigned.
    package func outcome(of number: UInt64) throws(SpoolError) -> SpoolReceipt.Outcome? {
        do {
            return try queue.readOnce { database in
                try Int.fetchOne(
                    database,
                    sql: "SELECT outcome FROM receipt WHERE first <= ?1 AND last >= ?1 ORDER BY first DESC LIMIT 1",
                    arguments: [Int64(bitPattern: number)])
            }.flatMap(SpoolReceipt.Outcome.init(rawValue:))
        } catch {
            throw SpoolError(error, "read a receipt")
        }
    }

    /// Rows of a file that are no records.
    package func unreadable(source: Int64) throws(SpoolError) -> [UnreadableRow] {
        do {
            return try queue.readOnce { database in
                try Row.fetchAll(
                    database, sql: "SELECT line, reasons FROM unreadable WHERE source = ? ORDER BY line",
                    arguments: [source]
                ).map { UnreadableRow(line: $0[0], reasons: [UInt8]($0[1] as Data)) }
            }
        } catch {
            throw SpoolError(error, "list unreadable rows")
        }
    }

    /// Entries that were found damaged, in order; of one file, or all.
    package func damaged(source: Int64? = nil) throws(SpoolError) -> [(number: UInt64, line: Int?)] {
        do {
            return try queue.readOnce { database in
                try Row.fetchAll(
                    database,
                    sql: "SELECT number, line FROM damaged WHERE ? IS NULL OR source = ? ORDER BY number",
                    arguments: [source, source]
                ).map { (UInt64(bitPattern: $0[0] as Int64), $0[1]) }
            }
        } catch {
            throw SpoolError(error, "list damaged entries")
        }
    }
}
