package import Postgres

/// How far survey tasks have been carried out.
package struct SurveyState: Sendable, Equatable {
    /// Tasks that are due and not acknowledged, at most ``CentreState/mostTasks``.
    package let waiting: Int64
    /// Tasks that are not due yet, at most as many.
    package let scheduled: Int64
    /// When the oldest task that waits became due, in microseconds since 1970; `nil`: none waits.
    package let oldest: Int64?

    /// Reads it.
    package init(_ connection: Connection) async throws(PostgresError) {
        let result = try await connection.run(Self.sql, as: "look how surveys fare", within: .seconds(30))
        waiting = result.int64(0, 0)
        scheduled = result.int64(0, 1)
        oldest = result.isNull(0, 2) ? nil : result.microseconds(0, 2)
    }

    /// Tasks that wait, those that are not due yet, when the oldest that waits became due, and for how many seconds it has been.
    ///
    /// A task that was due before it was there has waited since its dossier was stored; that of the first one only is looked up.
    static let sql = """
        WITH pending AS NOT MATERIALIZED (
            SELECT t.xid, t.id, t.dossier, t.not_before FROM hoso.survey_task t, hoso.survey_floor f
            WHERE (t.xid, t.id) > (f.xid, f.task)
              AND NOT EXISTS (SELECT FROM hoso.survey_acknowledgement a WHERE a.task = t.id)
        ), waiting AS MATERIALIZED (
            SELECT * FROM pending WHERE not_before <= now() ORDER BY xid, id LIMIT \(CentreState.mostTasks)
        ), oldest AS (
            SELECT greatest((SELECT min(not_before) FROM waiting), (
                SELECT i.recorded_at
                FROM (SELECT dossier FROM waiting ORDER BY xid, id LIMIT 1) w JOIN hoso.dossier d ON d.code = w.dossier
                JOIN hoso.intake i ON i.sender = d.sender AND i.epoch = d.epoch AND i.sequence = d.sequence
                ORDER BY i.part LIMIT 1)) AS due
        )
        SELECT (SELECT count(*) FROM waiting),
               (SELECT count(*) FROM (
                   SELECT FROM pending WHERE not_before > now() LIMIT \(CentreState.mostTasks)) scheduled),
               due, coalesce(extract(epoch FROM clock_timestamp() - due), 0)::float8
        FROM oldest
        """
}
