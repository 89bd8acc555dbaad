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
            SELECT i.recorded_at AS at, (ARRAY['stored', 'duplicate', 'rejected', 'conflict'])[i.outcome] AS kind,
                   s.name AS sender, i.sequence AS number, coalesce(q.reasons::text, '') AS reasons
            FROM hoso.intake i JOIN hoso.sender s ON s.id = i.sender
            LEFT JOIN hoso.quarantine q
              ON q.sender = i.sender AND q.epoch = i.epoch AND q.sequence = i.sequence AND q.digest = i.digest
            WHERE i.dossier = $1
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
