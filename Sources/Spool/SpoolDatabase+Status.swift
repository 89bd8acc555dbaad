import Foundation
import GRDB

extension SpoolDatabase {
    /// The highest number that has been assigned, and the digest of that entry, which stands for the whole chain.
    package func chainHead() throws(SpoolError) -> (number: UInt64, digest: [UInt8]) {
        do {
            return try queue.read { database in
                guard let row = try Row.fetchOne(database, sql: "SELECT head, head_digest FROM meta") else {
                    throw SpoolError(.corrupt, "read")
                }
                return (UInt64(bitPattern: row[0] as Int64), [UInt8](row[1] as Data))
            }
        } catch {
            throw SpoolError(error, "read")
        }
    }

    /// Numbers that have a receipt with an outcome, as ranges.
    package func receipted(_ outcome: SpoolReceipt.Outcome) throws(SpoolError) -> [ClosedRange<UInt64>] {
        do {
            return try queue.read { database in
                try Row.fetchAll(
                    database, sql: "SELECT first, last FROM receipt WHERE outcome = ? ORDER BY first",
                    arguments: [outcome.rawValue]
                ).map { UInt64(bitPattern: $0[0] as Int64)...UInt64(bitPattern: $0[1] as Int64) }
            }
        } catch {
            throw SpoolError(error, "list receipts")
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
            return try queue.read { database in
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
            return try queue.read { try Int.fetchOne($0, sql: "PRAGMA synchronous") } ?? 0
        } catch {
            throw SpoolError(error, "read")
        }
    }

    /// Entries that the centre quarantined, in order; of one file, or all.
    package func rejected(source: Int64? = nil, limit: Int = 10_000) throws(SpoolError) -> [RejectedEntry] {
        do {
            return try queue.read { database in
                try Row.fetchAll(
                    database,
                    sql: """
                        SELECT r.number, s.path, r.line, r.outcome, r.reasons
                        FROM rejected r LEFT JOIN source s ON s.id = r.source
                        WHERE ? IS NULL OR r.source = ? ORDER BY r.number LIMIT ?
                        """, arguments: [source, source, limit]
                ).map { row in
                    RejectedEntry(
                        number: UInt64(bitPattern: row[0] as Int64), path: row[1], line: row[2],
                        outcome: SpoolReceipt.Outcome(rawValue: row[3]) ?? .rejected,
                        reasons: [UInt8](row[4] as Data))
                }
            }
        } catch {
            throw SpoolError(error, "list rejected entries")
        }
    }

    /// Rows of a file that are no records.
    package func unreadable(source: Int64) throws(SpoolError) -> [UnreadableRow] {
        do {
            return try queue.read { database in
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
            return try queue.read { database in
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
