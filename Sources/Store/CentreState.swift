package import Postgres

/// How the centre fares at a moment, by what the database says.
package struct CentreState: Sendable {
    /// A sender.
    package struct Sender: Sendable {
        /// Its name.
        package let name: String
        /// Seconds since it was heard of; `nil` for one that never was.
        package let silentSeconds: Double?
        /// Entries that it has announced and that are not recorded.
        package let waiting: Int64
        /// Numbers without outcome below a number that has one.
        package let missing: Int64
        /// The number up to which everything is recorded, over all its epochs: it grows as entries arrive.
        package let recorded: Int64
        /// The numbers that it has assigned, over all its epochs.
        package let announced: Int64
        /// Kinds of alarms about its spool in the last day: one that goes on shows with every greeting.
        package let alarms: [String]
    }

    /// In order of their names.
    package let senders: [Sender]
    /// Open entries of the quarantine by the code of a reason, of the last ``mostQuarantined``; an entry may have several.
    package let quarantine: [(reason: String, entries: Int64)]
    /// Open entries of the quarantine.
    package let quarantined: Int64
    /// Seconds since the oldest ledger row was recorded that is not in the figures; 0 when all are.
    package let foldLag: Double
    /// The oldest transaction in the cluster that is not over, and the next one: the fold waits for the first.
    package let horizon: (oldest: UInt64, next: UInt64)
    /// Survey tasks that are due and not acknowledged, at most ``mostTasks``.
    package let waitingTasks: Int64
    /// Seconds for which the oldest of them has been due.
    package let oldestTask: Double
    /// Size of the database in bytes.
    package let databaseBytes: Int64

    /// Open entries of the quarantine whose reasons are counted, the last ones.
    package static var mostQuarantined: Int64 { 20_000 }
    /// Tasks that are counted.
    package static var mostTasks: Int64 { 20_000 }

    /// Reads it.
    package init(_ connection: Connection) async throws(PostgresError) {
        let results = try await connection.commit(
            [
                Statement("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"), Statement(Self.senderSQL),
                Statement(Self.quarantineSQL), Statement(Self.quarantinedSQL), Statement(Self.foldSQL),
                Statement(SurveyState.sql),
            ], as: "look how the centre fares", within: .seconds(30))
        let (names, reasons, fold, tasks) = (results[1], results[2], results[4], results[5])
        senders = Self.senders(in: names)
        quarantine = (0..<reasons.count).map { (reasons.string($0, 0), reasons.int64($0, 1)) }
        quarantined = results[3].int64(0, 0)
        foldLag = fold.double(0, 0)
        horizon = (UInt64(bitPattern: fold.int64(0, 1)), UInt64(bitPattern: fold.int64(0, 2)))
        databaseBytes = fold.int64(0, 3)
        waitingTasks = tasks.int64(0, 0)
        oldestTask = tasks.double(0, 3)
    }

    /// Reads of the senders only, in order of their names.
    package static func senders(_ connection: Connection) async throws(PostgresError) -> [Sender] {
        senders(in: try await connection.run(senderSQL, as: "look how senders fare", within: .seconds(30)))
    }

    private static func senders(in names: QueryResult) -> [Sender] {
        (0..<names.count).map { row in
            Sender(
                name: names.string(row, 0), silentSeconds: names.isNull(row, 1) ? nil : names.double(row, 1),
                waiting: names.int64(row, 2), missing: names.int64(row, 3), recorded: names.int64(row, 4),
                announced: names.int64(row, 5),
                alarms: names.string(row, 6).split(separator: ",").map(String.init))
        }
    }

    /// Only what lies above the watermark of an epoch is counted, which the fold keeps moving.
    private static let senderSQL = """
        WITH above AS (
            SELECT e.sender, e.epoch, e.head, e.contiguous,
                   greatest(e.announced_at, e.heard_at) AS heard_at, coalesce(i.rows, 0) + coalesce(g.rows, 0) AS rows,
                   greatest(i.highest, g.highest, e.contiguous) AS highest
            FROM hoso.sender_epoch e LEFT JOIN LATERAL (
                SELECT count(*) AS rows, max(i.sequence) AS highest FROM hoso.intake i
                WHERE i.sender = e.sender AND i.epoch = e.epoch AND i.sequence > e.contiguous AND i.part = 0) i ON true
            LEFT JOIN LATERAL (
                SELECT sum(f.last - greatest(f.first, e.contiguous + 1) + 1)::bigint AS rows, max(f.last) AS highest
                FROM hoso.forgotten f JOIN hoso.period p ON p.number = f.period AND p.dropped_at IS NOT NULL
                WHERE f.sender = e.sender AND f.epoch = e.epoch AND f.last > e.contiguous) g ON true
        )
        SELECT s.name, extract(epoch FROM clock_timestamp() - max(a.heard_at))::float8,
               \(sum("greatest(a.head, a.highest) - a.contiguous - a.rows")),
               \(sum("a.highest - a.contiguous - a.rows")),
               \(sum("a.contiguous + a.rows")), \(sum("greatest(a.head, a.highest)")),
               coalesce((SELECT string_agg(DISTINCT kind, ',') FROM hoso.sender_alarm l
                         WHERE l.sender = s.id AND l.last_at > now() - interval '1 day'), '')
        FROM hoso.sender s LEFT JOIN above a ON a.sender = s.id GROUP BY s.id, s.name ORDER BY s.name
        """

    /// A sum that stays a number, whatever a sender claims.
    private static func sum(_ terms: String) -> String {
        "least(coalesce(sum(\(terms)), 0), 9223372036854775807)::int8"
    }

    private static let quarantineSQL = """
        SELECT r ->> 'code', count(DISTINCT q.id) FROM (
            SELECT q.id, q.reasons FROM hoso.quarantine q
            WHERE NOT EXISTS (SELECT FROM hoso.quarantine_closure c WHERE c.quarantine = q.id)
            ORDER BY q.id DESC LIMIT \(mostQuarantined)) q, jsonb_array_elements(q.reasons) AS r
        GROUP BY 1 ORDER BY 2 DESC, 1
        """

    private static let quarantinedSQL = """
        SELECT count(*) FROM hoso.quarantine q
        WHERE NOT EXISTS (SELECT FROM hoso.quarantine_closure c WHERE c.quarantine = q.id)
        """

    private static let foldSQL = """
        SELECT coalesce((
                   SELECT extract(epoch FROM clock_timestamp() - i.recorded_at) FROM hoso.intake i, hoso.fold f
                   WHERE f.name = 'adoption' AND (i.xid, i.id) > (f.xid, f.id) ORDER BY i.xid, i.id LIMIT 1), 0)::float8,
               pg_snapshot_xmin(pg_current_snapshot())::text::int8, pg_snapshot_xmax(pg_current_snapshot())::text::int8,
               pg_database_size(current_database())
        """
}
