import Foundation
import GRDB

extension SpoolDatabase {
    /// The first run of consecutive, healthy entries after a number that have no receipt; `nil` when there is none.
    ///
    /// Every digest is checked; a damaged entry is set aside and named, its neighbours go on.
    /// - Parameters:
    ///   - limit: entries of the run.
    ///   - bytes: of the run, counting 36 bytes beside each body; at least one entry is returned.
    package func nextRun(after number: UInt64, limit: Int, bytes: Int) throws(SpoolError) -> SpoolRun? {
        do {
            var number = number
            while true {
                let (run, damaged) = try queue.readOnce { try read($0, after: number, limit: limit, bytes: bytes) }
                guard let damaged else { return run }
                try setAside(damaged)
                number = max(number, damaged - 1)
                if let run { return run }
            }
        } catch {
            throw SpoolError(error, "read")
        }
    }

    private func read(
        _ database: Database, after number: UInt64, limit: Int, bytes: Int
    ) throws -> (run: SpoolRun?, damaged: UInt64?) {
        let statement = try database.cachedStatement(
            sql: """
                SELECT \(EntryRow.columns) FROM entry
                WHERE number > ? AND (waits = 0 OR number = (SELECT min(number) FROM entry)) ORDER BY number LIMIT ?
                """)
        let rows = try Row.fetchCursor(statement, arguments: [Int64(bitPattern: number), limit])
        // It resets the statement when it goes, and what its row showed goes with it.
        defer { withExtendedLifetime(rows) {} }
        var run: SpoolRun?
        while try rows.next() != nil {
            let current = EntryRow.number(statement)
            // A damaged tree leads anywhere, also back.
            guard current > number else { throw SpoolError(.corrupt, "read") }
            guard let row = try EntryRow(statement, number: current) else { return (run, current) }
            if let run {
                let isNeighbour = current == run.first + UInt64(run.count) && row.kind == run.contentType
                guard isNeighbour, run.size + row.size <= bytes else { break }
            }
            guard row.isWhole(epoch: epoch) else { return (run, current) }
            if run == nil { run = SpoolRun(before: row, room: min(bytes / row.size, limit) * row.size) }
            run?.append(row)
        }
        return (run, nil)
    }

    private func setAside(_ number: UInt64) throws {
        try queue.writeImmediately { database in
            let key = Int64(bitPattern: number)
            try database.execute(
                sql:
                    "INSERT OR REPLACE INTO damaged SELECT number, coalesce(body, x''), source, line FROM entry WHERE number = ?",
                arguments: [key])
            try database.execute(
                sql: """
                    UPDATE source SET damaged = damaged + 1 WHERE id = (SELECT source FROM entry WHERE number = ?)
                    """, arguments: [key])
            try database.execute(sql: "DELETE FROM entry WHERE number = ?", arguments: [key])
            // Read under a number by which it cannot be found: the tree itself is damaged.
            guard database.changesCount > 0 else { throw SpoolError(.corrupt, "read") }
            try database.execute(sql: "UPDATE meta SET damaged = damaged + ?", arguments: [database.changesCount])
        }
    }

    /// Records receipts, all or none.
    ///
    /// A receipt may come twice, late, or for numbers that were never assigned. One that a failing power supply takes back
    /// is given again when its entries are sent again, so nobody waits for the disk here.
    /// - Parameter proofs: what the centre has signed of them.
    package func apply(_ receipts: [SpoolReceipt], proofs: [SpoolProof] = []) throws(SpoolError) {
        guard !receipts.isEmpty else { return }
        do {
            try queue.writeImmediately(isSynchronised: false) { database in
                for receipt in receipts { try apply(receipt, database) }
                try keep(proofs, database)
            }
        } catch {
            throw SpoolError(error, "record receipts")
        }
    }

    private func apply(_ receipt: SpoolReceipt, _ database: Database) throws {
        let range: [any DatabaseValueConvertible] = [
            Int64(bitPattern: receipt.numbers.lowerBound), Int64(bitPattern: receipt.numbers.upperBound),
        ]
        let column = receipt.outcome.column
        let counting = try database.cachedStatement(
            sql: "SELECT source, count(*) FROM entry WHERE number BETWEEN ? AND ? GROUP BY source")
        let sources = try Row.fetchAll(counting, arguments: StatementArguments(range) ?? [])
        let total = sources.reduce(Int64(0)) { $0 + ($1[1] as Int64) }
        guard total > 0 else { return }
        for row in sources {
            guard let source = row[0] as Int64? else { continue }
            try database.executePrepared(
                sql: "UPDATE source SET \(column) = \(column) + ? WHERE id = ?", arguments: [row[1] as Int64, source])
        }
        if receipt.outcome == .rejected || receipt.outcome == .conflict {
            try database.executePrepared(
                sql: """
                    INSERT OR REPLACE INTO rejected
                    SELECT number, ?, ?, content_type, body, source, line, NULL FROM entry WHERE number BETWEEN ? AND ?
                    """,
                arguments: [receipt.outcome.rawValue, Data(receipt.reasons)] + (StatementArguments(range) ?? []))
        }
        try database.executePrepared(
            sql: "UPDATE manifest SET outcome = ?, reasons = ? WHERE number BETWEEN ? AND ?",
            arguments: [receipt.outcome.rawValue, Data(receipt.reasons)] + (StatementArguments(range) ?? []))
        try database.executePrepared(
            sql: "DELETE FROM entry WHERE number BETWEEN ? AND ?", arguments: StatementArguments(range) ?? [])
        try database.executePrepared(sql: "UPDATE meta SET \(column) = \(column) + ?", arguments: [total])
        try note(receipt, database)
    }

    /// Keeps which numbers have which receipt, as ranges.
    private func note(_ receipt: SpoolReceipt, _ database: Database) throws {
        let first = Int64(bitPattern: receipt.numbers.lowerBound), last = Int64(bitPattern: receipt.numbers.upperBound)
        try database.executePrepared(
            sql:
                "UPDATE receipt SET last = ? WHERE last = ? AND outcome = ? AND first = (SELECT max(first) FROM receipt WHERE first < ?)",
            arguments: [last, first - 1, receipt.outcome.rawValue, first])
        guard database.changesCount == 0 else { return }
        try database.executePrepared(
            sql: """
                INSERT INTO receipt VALUES (?, ?, ?)
                ON CONFLICT (first) DO UPDATE SET last = max(last, excluded.last)
                """,
            arguments: [first, last, receipt.outcome.rawValue])
    }
}

extension SpoolReceipt.Outcome {
    fileprivate var column: String {
        switch self {
        case .stored: "stored"
        case .duplicate: "duplicate"
        case .rejected: "rejected"
        case .conflict: "conflict"
        }
    }
}
