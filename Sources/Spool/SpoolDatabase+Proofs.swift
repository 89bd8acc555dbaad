import Foundation
import GRDB

/// What the centre has signed of a batch, and what is needed to prove it of each of its entries.
package struct SpoolProof: Sendable, Equatable {
    /// Number of the first entry.
    package let first: UInt64
    /// When the entries were committed, in microseconds since 1970, as the centre has signed it.
    package let committedAt: Int64
    /// Names the centre's key.
    package let key: [UInt8]
    /// The centre's signature.
    package let signature: [UInt8]
    /// One byte per entry.
    package let outcomes: [UInt8]
    /// 32 bytes per entry.
    package let digests: [UInt8]
    /// 8 bytes per entry by which it is found again; zeros where there is nothing to find it by.
    package let tags: [UInt8]

    /// A proof.
    package init(
        first: UInt64, committedAt: Int64, key: [UInt8], signature: [UInt8], outcomes: [UInt8], digests: [UInt8],
        tags: [UInt8]
    ) {
        self.first = first
        self.committedAt = committedAt
        self.key = key
        self.signature = signature
        self.outcomes = outcomes
        self.digests = digests
        self.tags = tags
    }
}

extension SpoolDatabase {
    /// Most entries of a batch, as DIP/1 has it.
    private static let mostEntries: UInt64 = 512

    func keep(_ proofs: [SpoolProof], _ database: Database) throws {
        for proof in proofs {
            try database.executePrepared(
                sql: "INSERT OR REPLACE INTO proof VALUES (?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    Int64(bitPattern: proof.first), proof.committedAt, Data(proof.key), Data(proof.signature),
                    Data(proof.tags), Data(proof.outcomes), Data(proof.digests),
                ])
        }
    }

    /// The proof of an entry; `nil` where the centre has not signed, or it has been forgotten.
    package func proof(of number: UInt64) throws(SpoolError) -> SpoolProof? {
        do {
            return try queue.readOnce { database in
                let lowest = number > Self.mostEntries ? number - Self.mostEntries + 1 : 1
                return try Row.fetchOne(
                    database,
                    sql: """
                        SELECT first, committed_at, key, signature, tags, outcomes, digests FROM proof
                        WHERE first BETWEEN ?1 AND ?2 AND first + length(outcomes) > ?2 ORDER BY first DESC LIMIT 1
                        """, arguments: [Int64(bitPattern: lowest), Int64(bitPattern: number)]
                ).map { row in
                    SpoolProof(
                        first: UInt64(bitPattern: row[0] as Int64), committedAt: row[1], key: [UInt8](row[2] as Data),
                        signature: [UInt8](row[3] as Data), outcomes: [UInt8](row[5] as Data),
                        digests: [UInt8](row[6] as Data), tags: [UInt8](row[4] as Data))
                }
            }
        } catch {
            throw SpoolError(error, "read a proof")
        }
    }

    /// The numbers of entries with a tag, the newest first, with what became of each.
    ///
    /// It looks through all proofs: for a person who asks, not for what happens often.
    package func numbers(
        tagged tag: [UInt8], limit: Int = 100
    ) throws(SpoolError) -> [(number: UInt64, outcome: SpoolReceipt.Outcome)] {
        do {
            return try queue.readOnce { database in
                var found: [(number: UInt64, outcome: SpoolReceipt.Outcome)] = []
                let rows = try Row.fetchCursor(
                    database, sql: "SELECT first, tags, outcomes FROM proof ORDER BY first DESC")
                while found.count < limit, let row = try rows.next() {
                    let (first, tags, outcomes) = (row[0] as Int64, [UInt8](row[1] as Data), [UInt8](row[2] as Data))
                    for index in outcomes.indices.reversed() where index * 8 + 8 <= tags.count {
                        guard tags[(index * 8)..<(index * 8 + 8)].elementsEqual(tag),
                            let outcome = SpoolReceipt.Outcome(rawValue: Int(outcomes[index]))
                        else { continue }
                        found.append((UInt64(bitPattern: first) + UInt64(index), outcome))
                    }
                }
                return found
            }
        } catch {
            throw SpoolError(error, "look for proofs")
        }
    }

    /// Forgets proofs of what was committed before a moment, the oldest first.
    /// - Parameter moment: in microseconds since 1970.
    /// - Returns: whether there may be more of them.
    package func forgetProofs(before moment: Int64) throws(SpoolError) -> Bool {
        do {
            return try queue.writeImmediately(isSynchronised: false) { database in
                try database.execute(
                    sql: """
                        DELETE FROM proof WHERE first IN (
                            SELECT first FROM (SELECT first, committed_at FROM proof ORDER BY first LIMIT ?)
                            WHERE committed_at < ?)
                        """, arguments: [Self.proofChunk, moment])
                return database.changesCount == Self.proofChunk
            }
        } catch {
            throw SpoolError(error, "forget proofs")
        }
    }

    /// Forgets the oldest proofs for want of room; false when there are none.
    func forgetOldestProofs(_ database: Database) throws -> Bool {
        try database.execute(
            sql: "DELETE FROM proof WHERE first IN (SELECT first FROM proof ORDER BY first LIMIT ?)",
            arguments: [Self.proofChunk])
        return database.changesCount > 0
    }

    private static var proofChunk: Int { 200 }
}
