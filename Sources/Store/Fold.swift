package import Postgres

/// Folds the ledger into the roll-up, exactly once.
///
/// Rows are taken in order of `(xid, id)` and only below the snapshot's horizon: above it a transaction may still
/// commit a row that sorts before one already taken. A transaction is folded whole, so that no figure shows a
/// correction by half. The cursor moves in the transaction that adds to the roll-up.
package struct Fold {
    private let connection: Connection

    /// A fold on a connection.
    package init(_ connection: Connection) { self.connection = connection }

    /// What one step did.
    package struct Step: Sendable, Equatable {
        /// Ledger rows that were folded.
        package let rows: Int64
    }

    /// Ledger rows that a step folds, and the rest of a transaction.
    package static var largestStep: Int64 { 10_000 }

    /// Folds ledger rows until there are `limit` of them and their last transaction is whole.
    package func step(limit: Int64 = largestStep) async throws(PostgresError) -> Step {
        if let step = try await step(limit, of: .open) { return step }
        return try await step(limit, of: .all) ?? Step(rows: 0)
    }

    /// One step; `nil` when closed periods are to be read and were not.
    private func step(_ limit: Int64, of ledger: LedgerText) async throws(PostgresError) -> Step? {
        var parameters = Parameters()
        parameters.append(limit)
        let results = try await connection.commit(
            [
                Statement("SELECT 1 FROM hoso.fold WHERE name = 'adoption' FOR UPDATE"),
                // The ledger is only ever looked into by an index, also while its statistics say that it is small.
                Statement("SET LOCAL enable_seqscan = off"),
                // The rows of a step are grouped in memory; and what a crash takes back of the figures, cursor and all, is
                // folded again, so nobody waits for the disk here.
                Statement("SET LOCAL work_mem = '32MB'"),
                Statement("SET LOCAL synchronous_commit = off"),
                // The end of the step is counted off in the index; by the statistics of a fresh ledger all that waits would be
                // gathered and sorted for it.
                Statement("SET LOCAL enable_bitmapscan = off"),
                Statement(ledger.bound, parameters),
                Statement("SET LOCAL enable_bitmapscan = on"),
                Statement(ledger.sql),
            ], as: "fold", within: .seconds(30))
        let last = results[results.count - 1]
        return last.bool(0, 1) ? Step(rows: last.int64(0, 0)) : nil
    }

    /// Whether the cursor belongs to this cluster; transaction numbers of another one mean nothing here.
    package func isAtHome() async throws(PostgresError) -> Bool {
        let result = try await connection.run(
            """
            SELECT f.system_identifier = c.system_identifier FROM hoso.fold f, pg_control_system() c
            WHERE f.name = 'adoption'
            """, as: "check the fold's home")
        return result.count == 1 && result.bool(0, 0)
    }

    /// Up to where the ledger is in the figures: they are the same while it is.
    package func cursor() async throws(PostgresError) -> String {
        let result = try await connection.run(
            "SELECT xid::text || '-' || id FROM hoso.fold WHERE name = 'adoption'", as: "read the fold's cursor")
        return result.count == 0 ? "" : result.string(0, 0)
    }

    /// Ledger rows that are committed and not yet folded.
    package func backlog() async throws(PostgresError) -> Int64 {
        let result = try await connection.run(
            """
            SELECT count(*) FROM hoso.intake i, hoso.fold f
            WHERE f.name = 'adoption' AND (i.xid, i.id) > (f.xid, f.id)
            """, as: "count the fold's backlog")
        return result.int64(0, 0)
    }
}

/// The statements of a step, for the whole ledger or only for the period that is open.
private struct LedgerText {
    /// Notes the transaction with which there are enough rows; nothing when so many have not been numbered since.
    let bound: String
    /// Folds up to there: the number of rows, and whether the cursor was found where these statements may go on from.
    let sql: String

    /// Of every period.
    static let all = LedgerText(table: "hoso.intake", mark: "SELECT xid, id FROM hoso.fold WHERE name = 'adoption'")
    /// Of the open period alone, so that the planner need not look at the closed ones ten times a second.
    ///
    /// It finds no cursor, and so does nothing, while a closed period has rows that were not folded. None is closed between
    /// that look and the end of the step, since whoever closes one locks the cursor first.
    static let open = LedgerText(
        table: "ONLY hoso.intake",
        mark: """
            SELECT xid, id FROM hoso.fold f WHERE name = 'adoption' AND NOT EXISTS (
                SELECT FROM hoso.period p
                WHERE p.closed_at IS NOT NULL AND p.dropped_at IS NULL AND (p.xid, p.id) > (f.xid, f.id))
            """)

    private init(table: String, mark: String) {
        bound = Self.bound(table, mark)
        sql = Self.sql(table, mark)
    }

    private static func bound(_ table: String, _ mark: String) -> String {
        """
        WITH mark AS MATERIALIZED (
            \(mark)
        )
        SELECT set_config('hoso.bound', coalesce(
            CASE WHEN (SELECT last_value FROM hoso.intake_id_seq) - (SELECT id FROM mark) >= $1 THEN (
                SELECT i.xid FROM \(table) i
                WHERE (i.xid, i.id) > ((SELECT xid FROM mark), (SELECT id FROM mark))
                  AND i.xid < pg_snapshot_xmin(pg_current_snapshot())
                ORDER BY i.xid, i.id OFFSET $1 - 1 LIMIT 1) END::text, ''), true)
        """
    }

    private static func sql(_ table: String, _ mark: String) -> String {
        """
        WITH mark AS (
            \(mark)
        ), bound AS MATERIALIZED (
            SELECT nullif(current_setting('hoso.bound'), '')::xid8 AS xid
        ), taken AS MATERIALIZED (
            SELECT i.xid, i.id, i.sender, i.epoch, i.sequence, i.part, i.delta, i.received_on, i.channel,
                   i.return_channel, i.timeliness, i.offered_online, i.returned, coalesce(i.unit, '') AS unit,
                   coalesce(i.procedure, '') AS procedure, coalesce(i.sector, '') AS sector,
                   coalesce(i.operator, '') AS operator
            FROM \(table) i
            WHERE (i.xid, i.id) > ((SELECT xid FROM mark), (SELECT id FROM mark))
              AND i.xid < pg_snapshot_xmin(pg_current_snapshot())
              AND i.xid <= coalesce((SELECT xid FROM bound), pg_snapshot_xmin(pg_current_snapshot()))
        ), cell (day, channel, unit, procedure, sector, operator, \(Measures.names.joined(separator: ", "))) AS MATERIALIZED (
            SELECT received_on, channel, unit, procedure, sector, operator, \(Measures.sums)
            FROM taken WHERE delta <> 0 GROUP BY 1, 2, 3, 4, 5, 6
        ), added AS (
            INSERT INTO hoso.adoption AS a SELECT * FROM cell
            ON CONFLICT (day, channel, unit, procedure, sector, operator) DO UPDATE SET \(Measures.addition)
        ), added_by_month AS (
            INSERT INTO hoso.adoption_month AS a
            SELECT date_trunc('month', day::timestamp)::date, channel, unit, \(Measures.added)
            FROM cell GROUP BY 1, 2, 3
            ON CONFLICT (unit, month, channel) DO UPDATE SET \(Measures.addition)
        ), \(contiguous), last AS (
            SELECT i.xid, i.id FROM \(table) i
            WHERE (i.xid, i.id) > ((SELECT xid FROM mark), (SELECT id FROM mark))
              AND i.xid < pg_snapshot_xmin(pg_current_snapshot())
              AND i.xid <= coalesce((SELECT xid FROM bound), pg_snapshot_xmin(pg_current_snapshot()))
            ORDER BY i.xid DESC, i.id DESC LIMIT 1
        ), moved AS (
            UPDATE hoso.fold f SET xid = last.xid, id = last.id, folded_at = now()
            FROM last WHERE f.name = 'adoption'
        ), noted AS (
            INSERT INTO hoso.fold_second AS s (at, xid, id)
            SELECT date_trunc('second', clock_timestamp()) + interval '1 second', xid, id FROM last
            ON CONFLICT (at) DO UPDATE SET xid = excluded.xid, id = excluded.id
        )
        SELECT count(*), EXISTS (SELECT FROM mark) FROM taken
        """
    }

    /// Moves the numbers up to which senders' entries have arrived without a gap.
    ///
    /// Entries that were taken now are counted as runs of consecutive numbers, without a look at the ledger; only what had
    /// arrived behind a gap that is closed now is walked through, in whatever period, and each such entry once.
    private static let contiguous = """
        share AS MATERIALIZED (
            -- Of 512 numbers that stand side by side those that were taken: one run, nearly always, whatever workers took them.
            SELECT sender, epoch, sequence >> 9 AS place, min(sequence) AS first, max(sequence) AS last,
                   count(*) = max(sequence) - min(sequence) + 1 AS is_run
            FROM taken WHERE part = 0 GROUP BY sender, epoch, sequence >> 9
        ), piece AS MATERIALIZED (
            SELECT sender, epoch, first, last FROM share WHERE is_run
            UNION ALL
            SELECT sender, epoch, min(sequence), max(sequence) FROM (
                SELECT t.sender, t.epoch, t.sequence,
                       t.sequence - row_number() OVER (PARTITION BY t.sender, t.epoch ORDER BY t.sequence) AS gap
                FROM taken t JOIN share s ON s.sender = t.sender AND s.epoch = t.epoch AND s.place = t.sequence >> 9
                WHERE t.part = 0 AND NOT s.is_run AND (SELECT bool_or(NOT is_run) FROM share)) n
            GROUP BY sender, epoch, gap
        ), run AS MATERIALIZED (
            SELECT sender, epoch, min(first) AS first, max(last) AS last FROM (
                SELECT sender, epoch, first, last,
                       count(*) FILTER (WHERE first IS DISTINCT FROM before + 1)
                           OVER (PARTITION BY sender, epoch ORDER BY first) AS place
                FROM (
                    SELECT sender, epoch, first, last,
                           lag(last) OVER (PARTITION BY sender, epoch ORDER BY first) AS before
                    FROM piece) p) q
            GROUP BY sender, epoch, place
        ), reached AS MATERIALIZED (
            SELECT r.sender, r.epoch, coalesce(e.contiguous, 0) AS base,
                   coalesce(max(r.last) FILTER (WHERE r.first <= coalesce(e.contiguous, 0) + 1), e.contiguous, 0) AS last
            FROM run r LEFT JOIN hoso.sender_epoch e USING (sender, epoch)
            GROUP BY r.sender, r.epoch, e.contiguous
        ), advanced AS MATERIALIZED (
            SELECT r.sender, r.epoch, w.contiguous
            FROM reached r CROSS JOIN LATERAL (
                WITH RECURSIVE walk AS (
                    SELECT greatest(r.base, r.last) AS contiguous
                    UNION ALL
                    SELECT n.sequence FROM walk CROSS JOIN LATERAL (
                        SELECT i.sequence FROM hoso.intake i
                        WHERE i.sender = r.sender AND i.epoch = r.epoch AND i.sequence = walk.contiguous + 1
                          AND i.part = 0
                        UNION ALL
                        SELECT g.last FROM (\(gone)) g LIMIT 1) n
                    -- So many in one step; the sender's next entries have it go on from there.
                    WHERE contiguous < greatest(r.base, r.last) + 200000
                )
                SELECT max(contiguous) AS contiguous FROM walk) w
        ), marked AS (
            INSERT INTO hoso.sender_epoch AS e (sender, epoch, contiguous)
            SELECT sender, epoch, contiguous FROM advanced ORDER BY sender, epoch
            ON CONFLICT (sender, epoch) DO UPDATE SET contiguous = greatest(e.contiguous, excluded.contiguous)
        )
        """

    private static let gone = BatchSQL.forgotten(
        sender: "r.sender", epoch: "r.epoch", sequence: "walk.contiguous + 1")
}

/// The measures of the roll-up, computed from ledger rows.
enum Measures {
    /// Columns of the roll-up, in order.
    static let names = [
        "dossiers", "offered", "returned", "returned_by_post", "finished", "early", "on_the_day", "late",
    ]

    /// Sums over ledger rows.
    static let sums = sumParts.joined(separator: ", ")

    /// The same, one by one.
    static let sumParts = [
        "sum(delta)", "sum(delta * offered_online::int)", "sum(delta * returned::int)",
        "sum(delta * (returned AND return_channel IS NOT DISTINCT FROM 3::smallint)::int)",
        "sum(delta * (timeliness >= 1)::int)", "sum(delta * (timeliness = 2)::int)",
        "sum(delta * (timeliness = 3)::int)", "sum(delta * (timeliness = 4)::int)",
    ]

    /// Adds new sums to a row that is there.
    static let addition = names.map { "\($0) = a.\($0) + excluded.\($0)" }.joined(separator: ", ")

    /// Counts over dossiers, for a recount that uses no figure of the ledger.
    static let recountParts = [
        "count(*)", "count(*) FILTER (WHERE offered_online)", "count(*) FILTER (WHERE returned_on IS NOT NULL)",
        "count(*) FILTER (WHERE returned_on IS NOT NULL AND return_channel = 3)",
        "count(*) FILTER (WHERE finished_on IS NOT NULL)", "count(*) FILTER (WHERE finished_on < due_on)",
        "count(*) FILTER (WHERE finished_on = due_on)", "count(*) FILTER (WHERE finished_on > due_on)",
    ]
}
