package import Dossiers
import Foundation
import GRDB

/// What a manifest says of the entries since the one before it.
package struct SpoolTally: Sendable {
    /// Numbers that it covers.
    package let numbers: ClosedRange<UInt64>
    /// Digest of the last of them.
    package let lastDigest: [UInt8]
    /// Dossiers per cell.
    package let cells: [TallyCell: Int]
}

/// A manifest that this spool has sent, or will send.
package struct SpoolManifest: Sendable {
    /// Its number.
    package let number: UInt64
    /// The local day that it closes.
    package let day: String
    /// Numbers that it covers.
    package let numbers: ClosedRange<UInt64>
    /// Dossiers that it counts.
    package let dossiers: Int
    /// What the centre said; `nil` while it has said nothing.
    package let outcome: SpoolReceipt.Outcome?
    /// The differences that the centre named, as the receipt wrote them; empty when both counts are equal.
    package let reasons: [UInt8]
}

extension SpoolDatabase {
    /// When the first entry was accepted that no manifest covers, in microseconds since 1970; `nil` when there is none.
    package func openSince() throws(SpoolError) -> Int64? {
        do {
            return try queue.readOnce { try Int64.fetchOne($0, sql: "SELECT since FROM closing") }
        } catch {
            throw SpoolError(error, "read")
        }
    }

    /// Dossiers that no manifest covers yet.
    package func openCount() throws(SpoolError) -> Int {
        do {
            return try queue.readOnce { try Int.fetchOne($0, sql: "SELECT coalesce(sum(dossiers), 0) FROM tally") ?? 0 }
        } catch {
            throw SpoolError(error, "count")
        }
    }

    /// Closes a day: accepts a manifest of what has been accepted since the last one, and begins to count anew.
    ///
    /// The manifest is sent once everything before it has its receipt.
    /// - Parameter body: writes the manifest, as protobuf.
    /// - Returns: the manifest; `nil` when there is nothing that it could cover.
    @discardableResult
    package func closeDay(
        _ day: String, body: (SpoolTally) throws -> [UInt8]
    ) throws(SpoolError) -> SpoolManifest? {
        do {
            return try queue.writeImmediately { database in
                guard let tally = try tally(database) else { return nil }
                var draft = SpoolDraft(body: try body(tally), contentType: 1)
                draft.waits = true
                let number = try append([draft], database).lowerBound
                let manifest = SpoolManifest(
                    number: number, day: day, numbers: tally.numbers, dossiers: tally.cells.values.reduce(0, +),
                    outcome: nil, reasons: [])
                try database.execute(sql: "DELETE FROM tally")
                try database.execute(
                    sql: "UPDATE closing SET covered = ?, since = NULL", arguments: [Int64(bitPattern: number)])
                try database.execute(
                    sql: "INSERT INTO manifest VALUES (?, ?, ?, ?, ?, NULL, NULL)",
                    arguments: [
                        Int64(bitPattern: number), day, Int64(bitPattern: tally.numbers.lowerBound),
                        Int64(bitPattern: tally.numbers.upperBound), manifest.dossiers,
                    ])
                return manifest
            }
        } catch {
            throw SpoolError(error, "close a day")
        }
    }

    private func tally(_ database: Database) throws -> SpoolTally? {
        let row = try Row.fetchOne(
            database, sql: "SELECT closing.covered, meta.head, meta.head_digest FROM closing, meta")
        guard let row else { throw SpoolError(.corrupt, "close a day") }
        let (covered, head) = (row[0] as Int64, row[1] as Int64)
        let cells = try Row.fetchAll(database, sql: "SELECT channel, procedure, dossiers FROM tally")
        guard covered < head, !cells.isEmpty else { return nil }
        return SpoolTally(
            numbers: UInt64(bitPattern: covered + 1)...UInt64(bitPattern: head), lastDigest: [UInt8](row[2] as Data),
            cells: cells.reduce(into: [:]) { $0[TallyCell(channel: $1[0], procedure: $1[1])] = $1[2] })
    }

    /// Whether a manifest is all that keeps entries after it from being the first without receipt.
    package func hasManifestDue() throws(SpoolError) -> Bool {
        do {
            return try queue.readOnce { database in
                try Bool.fetchOne(
                    database.cachedStatement(sql: "SELECT waits FROM entry ORDER BY number LIMIT 1")) ?? false
            }
        } catch {
            throw SpoolError(error, "read")
        }
    }

    /// The newest manifests, the newest first.
    package func manifests(limit: Int = 31) throws(SpoolError) -> [SpoolManifest] {
        do {
            return try queue.readOnce { database in
                try Row.fetchAll(
                    database,
                    sql: """
                        SELECT number, day, first, last, dossiers, outcome, reasons FROM manifest
                        ORDER BY number DESC LIMIT ?
                        """, arguments: [limit]
                ).map { row in
                    SpoolManifest(
                        number: UInt64(bitPattern: row[0] as Int64), day: row[1],
                        numbers: UInt64(bitPattern: row[2] as Int64)...UInt64(bitPattern: row[3] as Int64),
                        dossiers: row[4], outcome: (row[5] as Int?).flatMap(SpoolReceipt.Outcome.init(rawValue:)),
                        reasons: [UInt8]((row[6] as Data?) ?? Data()))
                }
            }
        } catch {
            throw SpoolError(error, "list manifests")
        }
    }
}
