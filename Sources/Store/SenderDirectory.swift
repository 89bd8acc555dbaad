package import Postgres

/// Numbers of senders, and what the ledger has of them.
package struct SenderDirectory {
    /// What the ledger has of a sender's epoch.
    package struct Progress: Sendable, Equatable {
        /// Every number up to here has an outcome.
        package var contiguous: UInt64
        /// The highest number that the ledger has or the sender has announced.
        package var highest: UInt64
        /// Numbers below the highest one that has an outcome which have none; at most 64 ranges.
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
            "INSERT INTO hoso.sender (name) VALUES ($1) ON CONFLICT (name) DO NOTHING RETURNING id", parameters,
            as: "register a sender")
        if made.count == 1 { return made.int32(0, 0) }
        // Somebody else has registered it in between; no service may change a sender's name, so it is there to stay.
        return try await connection.run(
            "SELECT id FROM hoso.sender WHERE name = $1", parameters, as: "find a sender"
        ).int32(0, 0)
    }

    /// The number of a sender; `nil` when there is none of the name.
    package func find(_ name: String) async throws(PostgresError) -> Int32? {
        var parameters = Parameters()
        parameters.append(name)
        let known = try await connection.run(
            "SELECT id FROM hoso.sender WHERE name = $1", parameters, as: "find a sender")
        return known.count == 1 ? known.int32(0, 0) : nil
    }

    /// Records how far a sender says it has numbered, and what that says about its spool.
    /// - Parameters:
    ///   - digest: of the entry with that number, as the sender has it.
    ///   - waitingFrom: every number below has its receipt at the sender; 0 where it does not say.
    ///   - isGreeting: whether a lower head than before means that the spool has gone back; a beat may be late.
    ///   - tolerance: seconds by which a greeting may be late too: one that a worker still had when its sender, killed
    ///     and started again, had long greeted through another worker.
    package func announce(
        sender: Int32, epoch: UInt64, head: UInt64, digest: [UInt8]? = nil, waitingFrom: UInt64 = 0,
        isGreeting: Bool = false, tolerance: Int32 = 20
    ) async throws(PostgresError) {
        var parameters = Parameters()
        parameters.append(sender)
        parameters.append(Int64(bitPattern: epoch))
        parameters.append(Int64(bitPattern: head))
        parameters.append(digest)
        var suspicion = parameters
        suspicion.append(isGreeting)
        suspicion.append(tolerance)
        var epochOnly = Parameters()
        epochOnly.append(sender)
        epochOnly.append(Int64(bitPattern: epoch))
        var statements = [
            Statement(Self.alarm, suspicion), Statement(Self.head, parameters), Statement(Self.heard, epochOnly),
        ]
        if waitingFrom > 0 {
            var receipted = Parameters()
            receipted.append(sender)
            receipted.append(Int64(bitPattern: epoch))
            receipted.append(Int64(bitPattern: waitingFrom))
            statements.append(Statement(Self.receipted, receipted))
        }
        _ = try await connection.commit(statements, as: "announce a head")
    }

    private static let receipted = """
        UPDATE hoso.delivery SET receipted_at = now()
        WHERE sender = $1 AND epoch = $2 AND last < $3 AND receipted_at IS NULL
        """

    private static let head = """
        INSERT INTO hoso.sender_epoch AS e (sender, epoch, head, head_digest) VALUES ($1, $2, $3, $4)
        ON CONFLICT (sender, epoch) DO UPDATE SET
            head = excluded.head, head_digest = excluded.head_digest, announced_at = now()
        WHERE e.head < excluded.head OR (e.head = excluded.head AND e.head_digest IS NULL)
        """

    private static let heard = """
        UPDATE hoso.sender_epoch SET heard_at = now()
        WHERE sender = $1 AND epoch = $2 AND (heard_at IS NULL OR heard_at < now() - interval '5 seconds')
        """

    /// Before the head is recorded: whether it lies below one that was heard, or its entry is another one than was heard.
    private static let alarm = """
        INSERT INTO hoso.sender_alarm AS a (sender, epoch, kind, sequence)
        SELECT $1, $2, 'regression', $3
        WHERE $5 AND (
            EXISTS (
                SELECT FROM hoso.sender_epoch
                WHERE sender = $1 AND epoch = $2 AND head > $3 AND announced_at <= now() - make_interval(secs => $6))
            OR EXISTS (
                SELECT FROM hoso.intake
                WHERE sender = $1 AND epoch = $2 AND sequence = $3 + 1 AND part = 0
                  AND recorded_at <= now() - make_interval(secs => $6)))
        UNION ALL
        SELECT $1, $2, 'fork', $3
        WHERE EXISTS (
                SELECT FROM hoso.sender_epoch
                WHERE sender = $1 AND epoch = $2 AND head = $3 AND head_digest <> $4)
           OR EXISTS (
                SELECT FROM hoso.intake WHERE sender = $1 AND epoch = $2 AND sequence = $3 AND part = 0 AND digest <> $4)
        ON CONFLICT (sender, epoch, kind) DO UPDATE SET
            sequence = least(a.sequence, excluded.sequence), times = a.times + 1, last_at = now()
        """

    /// What the ledger has of an epoch.
    package func progress(sender: Int32, epoch: UInt64) async throws(PostgresError) -> Progress {
        var parameters = Parameters()
        parameters.append(sender)
        parameters.append(Int64(bitPattern: epoch))
        let result = try await connection.run(Self.islands, parameters, as: "read a sender's progress")
        var progress = Progress(contiguous: 0, highest: 0, holes: [])
        var previous: UInt64 = 0
        for row in 0..<result.count {
            let first = UInt64(bitPattern: result.int64(row, 0))
            let last = UInt64(bitPattern: result.int64(row, 1))
            if first <= progress.contiguous + 1, progress.holes.isEmpty {
                progress.contiguous = max(progress.contiguous, last)
            } else if progress.holes.count < 64, first > previous + 1 {
                progress.holes.append((previous + 1)...(first - 1))
            }
            previous = max(previous, last)
            progress.highest = UInt64(bitPattern: result.int64(row, 2))
        }
        return progress
    }

    /// Runs of consecutive numbers: the watermark, then what lies above it, as far as ten thousand rows show; with each,
    /// the highest number of all.
    private static let islands = """
        WITH mark AS (
            SELECT coalesce(max(contiguous), 0) AS contiguous, coalesce(max(head), 0) AS head
            FROM hoso.sender_epoch WHERE sender = $1 AND epoch = $2
        ), above AS (
            SELECT sequence FROM hoso.intake
            WHERE sender = $1 AND epoch = $2 AND sequence > (SELECT contiguous FROM mark) AND part = 0
            ORDER BY sequence LIMIT 10000
        ), numbered AS (
            SELECT sequence, sequence - row_number() OVER (ORDER BY sequence) AS island FROM above
        ), islands AS (
            SELECT 1::bigint AS first, contiguous AS last FROM mark
            UNION ALL
            (SELECT min(sequence), max(sequence) FROM numbered GROUP BY island)
        )
        SELECT first, last, greatest(
            last, (SELECT head FROM mark),
            (SELECT max(sequence) FROM hoso.intake WHERE sender = $1 AND epoch = $2))
        FROM islands ORDER BY first
        """
}
