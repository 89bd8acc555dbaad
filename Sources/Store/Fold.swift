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
    package static var largestStep: Int64 { 50_000 }

    /// Folds ledger rows until there are `limit` of them and their last transaction is whole.
    package func step(limit: Int64 = largestStep) async throws(PostgresError) -> Step {
        var parameters = Parameters()
        parameters.append(limit)
        let results = try await connection.commit(
            [
                Statement("SELECT 1 FROM hoso.fold WHERE name = 'adoption' FOR UPDATE"),
                Statement(Self.sql, parameters),
            ], as: "fold", within: .seconds(30))
        return Step(rows: results[1].int64(0, 0))
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

    /// Ledger rows that are committed and not yet folded.
    package func backlog() async throws(PostgresError) -> Int64 {
        let result = try await connection.run(
            """
            SELECT count(*) FROM hoso.intake i, hoso.fold f
            WHERE f.name = 'adoption' AND (i.xid, i.id) > (f.xid, f.id)
            """, as: "count the fold's backlog")
        return result.int64(0, 0)
    }

    private static let sql = """
        WITH mark AS (
            SELECT xid, id FROM hoso.fold WHERE name = 'adoption'
        ), due AS MATERIALIZED (
            SELECT i.xid, i.id FROM hoso.intake i
            WHERE (i.xid, i.id) > ((SELECT xid FROM mark), (SELECT id FROM mark))
              AND i.xid < pg_snapshot_xmin(pg_current_snapshot())
            ORDER BY i.xid, i.id LIMIT $1
        ), taken AS MATERIALIZED (
            SELECT i.* FROM hoso.intake i
            WHERE (i.xid, i.id) > ((SELECT xid FROM mark), (SELECT id FROM mark))
              AND i.xid <= (SELECT xid FROM due ORDER BY xid DESC, id DESC LIMIT 1)
            ORDER BY i.xid, i.id
        ), added AS (
            INSERT INTO hoso.adoption AS a
            SELECT received_on, channel, coalesce(unit, ''), coalesce(procedure, ''), coalesce(sector, ''),
                   coalesce(operator, ''), \(Measures.sums)
            FROM taken WHERE delta <> 0 GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
            ON CONFLICT (day, channel, unit, procedure, sector, operator) DO UPDATE SET
                dossiers = a.dossiers + excluded.dossiers, offered = a.offered + excluded.offered,
                returned = a.returned + excluded.returned,
                returned_by_post = a.returned_by_post + excluded.returned_by_post,
                finished = a.finished + excluded.finished, early = a.early + excluded.early,
                on_the_day = a.on_the_day + excluded.on_the_day, late = a.late + excluded.late
        ), touched AS MATERIALIZED (
            SELECT DISTINCT sender, epoch FROM taken WHERE part = 0
        ), known AS MATERIALIZED (
            -- Behind a hole that stays, there is nothing to count, however much.
            SELECT t.sender, t.epoch, coalesce(e.contiguous, 0) AS base, EXISTS (
                SELECT FROM hoso.intake n
                WHERE n.sender = t.sender AND n.epoch = t.epoch AND n.sequence = coalesce(e.contiguous, 0) + 1
                  AND n.part = 0
            ) AS moves
            FROM touched t LEFT JOIN hoso.sender_epoch e USING (sender, epoch)
        ), counted AS (
            SELECT k.sender, k.epoch, k.base, i.sequence,
                   row_number() OVER (PARTITION BY k.sender, k.epoch ORDER BY i.sequence) AS place
            FROM known k
            JOIN hoso.intake i ON i.sender = k.sender AND i.epoch = k.epoch AND i.sequence > k.base AND i.part = 0
            WHERE k.moves
        ), advanced AS (
            SELECT sender, epoch, max(sequence) FILTER (WHERE sequence = base + place) AS contiguous
            FROM counted GROUP BY sender, epoch
        ), marked AS (
            INSERT INTO hoso.sender_epoch AS e (sender, epoch, contiguous)
            SELECT k.sender, k.epoch, coalesce(a.contiguous, k.base)
            FROM known k LEFT JOIN advanced a USING (sender, epoch) ORDER BY k.sender, k.epoch
            ON CONFLICT (sender, epoch) DO UPDATE SET
                contiguous = greatest(e.contiguous, excluded.contiguous)
        ), last AS (
            SELECT xid, id FROM taken ORDER BY xid DESC, id DESC LIMIT 1
        ), moved AS (
            UPDATE hoso.fold f SET xid = last.xid, id = last.id, folded_at = now()
            FROM last WHERE f.name = 'adoption'
        ), noted AS (
            INSERT INTO hoso.fold_second AS s (at, xid, id)
            SELECT date_trunc('second', clock_timestamp()) + interval '1 second', xid, id FROM last
            ON CONFLICT (at) DO UPDATE SET xid = excluded.xid, id = excluded.id
        )
        SELECT count(*) FROM taken
        """
}

/// The measures of the roll-up, computed from ledger rows.
enum Measures {
    /// Columns of the roll-up, in order.
    static let names = [
        "dossiers", "offered", "returned", "returned_by_post", "finished", "early", "on_the_day", "late",
    ]

    /// Sums over ledger rows.
    static let sums = """
        sum(delta), sum(delta * offered_online::int), sum(delta * returned::int),
        sum(delta * (returned AND return_channel IS NOT DISTINCT FROM 3::smallint)::int),
        sum(delta * (timeliness >= 1)::int), sum(delta * (timeliness = 2)::int), sum(delta * (timeliness = 3)::int),
        sum(delta * (timeliness = 4)::int)
        """

    /// Counts over dossiers, for a recount that uses no figure of the ledger.
    static let recountParts = [
        "count(*)", "count(*) FILTER (WHERE offered_online)", "count(*) FILTER (WHERE returned_on IS NOT NULL)",
        "count(*) FILTER (WHERE returned_on IS NOT NULL AND return_channel = 3)",
        "count(*) FILTER (WHERE finished_on IS NOT NULL)", "count(*) FILTER (WHERE finished_on < due_on)",
        "count(*) FILTER (WHERE finished_on = due_on)", "count(*) FILTER (WHERE finished_on > due_on)",
    ]
}
