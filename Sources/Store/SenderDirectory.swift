package import Postgres

/// Numbers of senders, and what the ledger has of them.
package struct SenderDirectory {
    /// What the ledger has of a sender's epoch.
    package struct Progress: Sendable, Equatable {
        /// Every number up to here has an outcome.
        package var contiguous: UInt64
        /// The highest number that has an outcome.
        package var highest: UInt64
        /// Numbers between the two that have none; at most 64 ranges.
        package var holes: [ClosedRange<UInt64>]
    }

    private let connection: Connection

    /// A directory on a connection.
    package init(_ connection: Connection) { self.connection = connection }

    /// The number of a sender, which is registered when it is new.
    package func register(_ name: String) async throws(PostgresError) -> Int32 {
        var parameters = Parameters()
        parameters.append(name)
        let known = try await connection.run(
            "SELECT id FROM hoso.sender WHERE name = $1", parameters, as: "find a sender")
        if known.count == 1 { return known.int32(0, 0) }
        let made = try await connection.run(
            """
            INSERT INTO hoso.sender (name) VALUES ($1)
            ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id
            """, parameters, as: "register a sender")
        return made.int32(0, 0)
    }

    /// Records how far a sender says it has numbered.
    package func announce(sender: Int32, epoch: UInt64, head: UInt64) async throws(PostgresError) {
        var parameters = Parameters()
        parameters.append(sender)
        parameters.append(Int64(bitPattern: epoch))
        parameters.append(Int64(bitPattern: head))
        _ = try await connection.run(
            """
            INSERT INTO hoso.sender_epoch AS e (sender, epoch, head) VALUES ($1, $2, $3)
            ON CONFLICT (sender, epoch) DO UPDATE SET head = excluded.head, announced_at = now()
            WHERE e.head < excluded.head
            """, parameters, as: "announce a head")
    }

    /// What the ledger has of an epoch.
    package func progress(sender: Int32, epoch: UInt64) async throws(PostgresError) -> Progress {
        var parameters = Parameters()
        parameters.append(sender)
        parameters.append(Int64(bitPattern: epoch))
        let result = try await connection.run(Self.islands, parameters, as: "read a sender's progress")
        var progress = Progress(contiguous: 0, highest: 0, holes: [])
        for row in 0..<result.count {
            let first = UInt64(bitPattern: result.int64(row, 0))
            let last = UInt64(bitPattern: result.int64(row, 1))
            if first <= progress.contiguous + 1, progress.holes.isEmpty {
                progress.contiguous = max(progress.contiguous, last)
            } else if progress.holes.count < 64, first > progress.highest + 1 {
                progress.holes.append((max(progress.highest, progress.contiguous) + 1)...(first - 1))
            }
            progress.highest = max(progress.highest, last)
        }
        return progress
    }

    /// Runs of consecutive numbers: the watermark, then what lies above it.
    private static let islands = """
        WITH mark AS (
            SELECT coalesce(max(contiguous), 0) AS contiguous FROM hoso.sender_epoch WHERE sender = $1 AND epoch = $2
        ), numbered AS (
            SELECT sequence, sequence - row_number() OVER (ORDER BY sequence) AS island
            FROM hoso.intake, mark WHERE sender = $1 AND epoch = $2 AND sequence > mark.contiguous
        )
        SELECT 1::bigint AS first, contiguous AS last FROM mark WHERE contiguous > 0
        UNION ALL
        (SELECT min(sequence), max(sequence) FROM numbered GROUP BY island)
        ORDER BY first
        """
}
