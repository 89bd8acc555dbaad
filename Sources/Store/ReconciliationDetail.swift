package import Postgres

/// What stands behind a balance: which numbers have which outcome, whether the chains agree, and what looks wrong.
package struct ReconciliationDetail: Sendable, Equatable {
    /// Numbers with one outcome, within one epoch of a sender.
    package struct Range: Sendable, Equatable {
        /// The sender's name.
        package let sender: String
        /// Epoch of its spool.
        package let epoch: UInt64
        /// `stored`, `duplicate` or `quarantined`.
        package let term: String
        /// The numbers.
        package let numbers: ClosedRange<Int64>
    }

    /// Whether the centre's chain of an epoch is the sender's.
    package struct Chain: Sendable, Equatable {
        /// The sender's name.
        package let sender: String
        /// Epoch of its spool.
        package let epoch: UInt64
        /// `agrees` up to the sender's head, `differs` there, or `open`: the head has not arrived, or was never told.
        package let state: String
    }

    /// Something about a sender's spool that a person has to look into.
    package struct Alarm: Sendable, Equatable {
        /// The sender's name.
        package let sender: String
        /// Epoch of its spool.
        package let epoch: UInt64
        /// `regression` or `fork`.
        ///
        /// The first is an old copy of a spool, or one that has lost entries; the second means that two spools go by
        /// one name and epoch.
        package let kind: String
        /// The lowest number at which it showed.
        package let sequence: Int64
        /// How often it showed.
        package let times: Int64
        /// When last, in microseconds since 1970.
        package let lastAt: Int64
    }

    /// In order of sender, epoch and number, at most ``mostRanges`` of a term.
    package let ranges: [Range]
    /// In order of sender and epoch.
    package let chains: [Chain]
    /// In order of sender and epoch.
    package let alarms: [Alarm]

    /// Ranges that are listed of a term of an epoch.
    package static var mostRanges: Int { 1_000 }

    /// Reads the details of all senders, or of one.
    package init(_ connection: Connection, of sender: String? = nil) async throws(PostgresError) {
        var parameters = Parameters()
        parameters.append(sender)
        let results = try await connection.commit(
            [
                Statement("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"),
                Statement(Self.islands, parameters), Statement(Self.heads, parameters),
                Statement(Self.alarmed, parameters),
            ], as: "reconcile in detail", within: .seconds(300))
        ranges = (0..<results[1].count).map { row in
            Range(
                sender: results[1].string(row, 0), epoch: UInt64(bitPattern: results[1].int64(row, 1)),
                term: results[1].string(row, 2), numbers: results[1].int64(row, 3)...results[1].int64(row, 4))
        }
        chains = (0..<results[2].count).map { row in
            Chain(
                sender: results[2].string(row, 0), epoch: UInt64(bitPattern: results[2].int64(row, 1)),
                state: results[2].string(row, 2))
        }
        alarms = (0..<results[3].count).map { row in
            Alarm(
                sender: results[3].string(row, 0), epoch: UInt64(bitPattern: results[3].int64(row, 1)),
                kind: results[3].string(row, 2), sequence: results[3].int64(row, 3), times: results[3].int64(row, 4),
                lastAt: results[3].microseconds(row, 5))
        }
    }

    private static let islands = """
        WITH termed AS (
            SELECT DISTINCT ON (i.sender, i.epoch, i.sequence) s.name, i.epoch, i.sequence,
                   CASE i.outcome WHEN 1 THEN 'stored' WHEN 2 THEN 'duplicate' ELSE 'quarantined' END AS term
            FROM hoso.intake i JOIN hoso.sender s ON s.id = i.sender WHERE $1::text IS NULL OR s.name = $1
            ORDER BY i.sender, i.epoch, i.sequence, i.part DESC
        ), numbered AS (
            SELECT *, sequence - row_number() OVER (PARTITION BY name, epoch, term ORDER BY sequence) AS island
            FROM termed
        ), runs AS (
            SELECT name, epoch, term, min(sequence) AS first, max(sequence) AS last
            FROM numbered GROUP BY name, epoch, term, island
            UNION ALL
            SELECT s.name, f.epoch, (ARRAY['stored', 'duplicate', 'quarantined'])[f.term], f.first, f.last
            FROM hoso.forgotten f JOIN hoso.period p ON p.number = f.period AND p.dropped_at IS NOT NULL
            JOIN hoso.sender s ON s.id = f.sender WHERE $1::text IS NULL OR s.name = $1
        ), following AS (
            SELECT *, max(last) OVER (PARTITION BY name, epoch, term ORDER BY first, last
                                      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM runs
        ), joined AS (
            -- Runs of neighbouring periods are one.
            SELECT *, count(*) FILTER (WHERE before IS NULL OR first > before + 1)
                          OVER (PARTITION BY name, epoch, term ORDER BY first, last) AS island FROM following
        ), islands AS (
            SELECT name, epoch, term, min(first) AS first, max(last) AS last,
                   row_number() OVER (PARTITION BY name, epoch, term ORDER BY min(first)) AS place
            FROM joined GROUP BY name, epoch, term, island
        )
        SELECT name, epoch, term, first, last FROM islands WHERE place <= \(mostRanges) ORDER BY name, epoch, first
        """

    private static let heads = """
        SELECT s.name, e.epoch, CASE WHEN i.digest IS NULL OR e.head_digest IS NULL THEN 'open'
                                     WHEN i.digest = e.head_digest THEN 'agrees' ELSE 'differs' END
        FROM hoso.sender_epoch e JOIN hoso.sender s ON s.id = e.sender
        LEFT JOIN hoso.intake i ON i.sender = e.sender AND i.epoch = e.epoch AND i.sequence = e.head AND i.part = 0
        WHERE $1::text IS NULL OR s.name = $1 ORDER BY s.name, e.epoch
        """

    private static let alarmed = """
        SELECT s.name, a.epoch, a.kind, a.sequence, a.times, a.last_at
        FROM hoso.sender_alarm a JOIN hoso.sender s ON s.id = a.sender
        WHERE $1::text IS NULL OR s.name = $1 ORDER BY s.name, a.epoch, a.kind
        """
}
