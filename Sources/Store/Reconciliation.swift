package import Postgres

/// Balances what senders numbered with what the ledger has.
package struct Reconciliation {
    /// The balance of a sender over all its epochs.
    package struct Balance: Sendable, Equatable {
        /// The sender's name.
        package let sender: String
        /// Numbers that it assigned, as far as the centre has heard.
        package let assigned: Int64
        /// Entries whose dossier is stored.
        package let stored: Int64
        /// Entries that repeat a stored dossier.
        package let duplicate: Int64
        /// Entries in the quarantine.
        package let quarantined: Int64
        /// Numbers that have no ledger row, as ranges per epoch.
        package let missing: [ClosedRange<Int64>]

        /// Whether every assigned number has an outcome.
        package var isBalanced: Bool {
            missing.isEmpty && assigned == stored + duplicate + quarantined
        }

        /// How many numbers are missing.
        package var missingCount: Int64 {
            // A sender may claim any head; the sum of several stays a number.
            missing.reduce(0) { sum, range in
                let (value, isTooLarge) = sum.addingReportingOverflow(range.upperBound - range.lowerBound + 1)
                return isTooLarge ? .max : value
            }
        }
    }

    private let connection: Connection

    /// Reconciliation on a connection.
    package init(_ connection: Connection) { self.connection = connection }

    /// Balances of all senders, or of one.
    package func balances(of sender: String? = nil) async throws(PostgresError) -> [Balance] {
        var parameters = Parameters()
        parameters.append(sender)
        let results = try await connection.commit(
            [
                Statement("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"),
                Statement(Self.sums, parameters), Statement(Self.gaps, parameters),
            ], as: "reconcile", within: .seconds(60))
        let (sums, gaps) = (results[1], results[2])
        var missing: [String: [ClosedRange<Int64>]] = [:]
        for row in 0..<gaps.count {
            missing[gaps.string(row, 0), default: []].append(gaps.int64(row, 1)...gaps.int64(row, 2))
        }
        return (0..<sums.count).map { row in
            let name = sums.string(row, 0)
            return Balance(
                sender: name, assigned: sums.int64(row, 1), stored: sums.int64(row, 2), duplicate: sums.int64(row, 3),
                quarantined: sums.int64(row, 4), missing: missing[name] ?? [])
        }
    }

    private static let sums = """
        WITH counted AS (
            -- A later part that is no withdrawal is a replay, and takes its entry out of the quarantine.
            SELECT sender, epoch, max(sequence) AS highest,
                   count(*) FILTER (WHERE outcome = 1 AND delta >= 0) AS stored,
                   count(*) FILTER (WHERE outcome = 2) AS duplicate,
                   count(*) FILTER (WHERE outcome >= 3) - count(*) FILTER (WHERE part > 0 AND delta >= 0) AS quarantined
            FROM hoso.intake GROUP BY sender, epoch
            UNION ALL
            SELECT s.sender, s.epoch, s.highest, s.stored, s.duplicate, s.quarantined FROM hoso.period_sum s
            JOIN hoso.period p ON p.number = s.period AND p.dropped_at IS NOT NULL
        ), epochs AS (
            SELECT sender, epoch, greatest(coalesce(c.highest, 0), coalesce(e.head, 0)) AS assigned,
                   coalesce(stored, 0) AS stored, coalesce(duplicate, 0) AS duplicate,
                   coalesce(quarantined, 0) AS quarantined
            FROM (SELECT sender, epoch, max(highest) AS highest, sum(stored) AS stored, sum(duplicate) AS duplicate,
                         sum(quarantined) AS quarantined FROM counted GROUP BY sender, epoch) c
            FULL JOIN hoso.sender_epoch e USING (sender, epoch)
        )
        SELECT s.name, least(coalesce(sum(assigned), 0), 9223372036854775807)::bigint, coalesce(sum(stored), 0)::bigint,
               coalesce(sum(duplicate), 0)::bigint, coalesce(sum(quarantined), 0)::bigint
        FROM hoso.sender s LEFT JOIN epochs p ON p.sender = s.id
        WHERE $1::text IS NULL OR s.name = $1 GROUP BY s.name ORDER BY s.name
        """

    /// Gaps between neighbouring rows above the watermark, or runs of rows that are gone, after the watermark itself, and
    /// between the last row and the announced head.
    private static let gaps = """
        WITH epochs AS (
            SELECT sender, epoch, coalesce(e.head, 0) AS head, coalesce(e.contiguous, 0) AS contiguous
            FROM hoso.sender_epoch e FULL JOIN (SELECT DISTINCT sender, epoch FROM hoso.intake) i USING (sender, epoch)
        ), run AS (
            SELECT p.sender, p.epoch, p.contiguous, i.sequence AS first, i.sequence AS last
            FROM epochs p
            JOIN hoso.intake i ON i.sender = p.sender AND i.epoch = p.epoch AND i.sequence > p.contiguous
             AND i.part = 0
            UNION ALL
            SELECT p.sender, p.epoch, p.contiguous, f.first, f.last
            FROM epochs p
            JOIN hoso.forgotten f ON f.sender = p.sender AND f.epoch = p.epoch AND f.last > p.contiguous
        ), numbered AS (
            SELECT sender, epoch, first,
                   coalesce(max(last) OVER (PARTITION BY sender, epoch ORDER BY first, last
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), contiguous) AS previous
            FROM run
        ), gaps AS (
            SELECT sender, epoch, previous + 1 AS first, first - 1 AS last FROM numbered WHERE first > previous + 1
            UNION ALL
            SELECT p.sender, p.epoch, greatest(l.last, m.last, p.contiguous) + 1, p.head
            FROM epochs p CROSS JOIN LATERAL (
                SELECT max(sequence) AS last FROM hoso.intake i WHERE i.sender = p.sender AND i.epoch = p.epoch) l
            CROSS JOIN LATERAL (
                SELECT max(f.last) AS last FROM hoso.forgotten f WHERE f.sender = p.sender AND f.epoch = p.epoch) m
            WHERE p.head > greatest(l.last, m.last, p.contiguous)
        )
        SELECT s.name, first, last FROM gaps g JOIN hoso.sender s ON s.id = g.sender
        WHERE $1::text IS NULL OR s.name = $1 ORDER BY s.name, epoch, first
        """
}
