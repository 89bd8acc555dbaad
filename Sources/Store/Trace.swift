package import Postgres

/// The way of one dossier through the centre.
package struct Trace {
    /// Something that happened to it.
    package struct Event: Sendable, Equatable {
        /// When, in microseconds since 1970.
        package let at: Int64
        /// What: `stored`, `duplicate`, `rejected`, `conflict`, `survey_task`, `survey_acknowledged`.
        package let kind: String
        /// The sender, or empty.
        package let sender: String
        /// Its number there, or 0; for survey tasks the task's id.
        package let number: Int64
        /// Reasons as a JSON array, or empty.
        package let reasons: String
    }

    private let connection: Connection

    /// Traces on a connection.
    package init(_ connection: Connection) { self.connection = connection }

    /// Events of the dossier with a code, in order of time.
    package func events(of code: String) async throws(PostgresError) -> [Event] {
        var parameters = Parameters()
        parameters.append(code)
        let result = try await connection.run(
            """
            SELECT i.recorded_at AS at, 'stored' AS kind, s.name AS sender, i.sequence AS number, '' AS reasons
            FROM hoso.dossier d JOIN hoso.intake i USING (sender, epoch, sequence) JOIN hoso.sender s ON s.id = i.sender
            WHERE d.code = $1
            UNION ALL
            SELECT i.recorded_at, 'duplicate', s.name, i.sequence, ''
            FROM hoso.intake i JOIN hoso.sender s ON s.id = i.sender
            WHERE i.dossier = $1 AND i.outcome = 2
            UNION ALL
            SELECT q.recorded_at, (ARRAY['rejected', 'conflict'])[q.outcome - 2], s.name, q.sequence, q.reasons::text
            FROM hoso.quarantine q JOIN hoso.sender s ON s.id = q.sender WHERE q.dossier = $1
            UNION ALL
            SELECT d.stored_at, 'survey_task', '', t.id, ''
            FROM hoso.survey_task t JOIN hoso.dossier d ON d.code = t.dossier WHERE t.dossier = $1
            UNION ALL
            SELECT a.acknowledged_at, 'survey_acknowledged', '', t.id, ''
            FROM hoso.survey_task t JOIN hoso.survey_acknowledgement a ON a.task = t.id WHERE t.dossier = $1
            ORDER BY 1, 2
            """, parameters, as: "trace a dossier", within: .seconds(30))
        return (0..<result.count).map { row in
            Event(
                at: result.microseconds(row, 0), kind: result.string(row, 1), sender: result.string(row, 2),
                number: result.int64(row, 3), reasons: result.string(row, 4))
        }
    }
}
