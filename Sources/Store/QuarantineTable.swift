package import Postgres

/// What is in the quarantine.
package struct QuarantineTable {
    /// A count per sender and reason.
    package struct Count: Sendable, Equatable {
        /// Name of the sender.
        package let sender: String
        /// Code of the reason.
        package let reason: String
        /// Path of the field, or empty.
        package let field: String
        /// Entries with this reason.
        package let entries: Int64
    }

    private let connection: Connection

    /// The quarantine on a connection.
    package init(_ connection: Connection) { self.connection = connection }

    /// Entries per sender, reason and field.
    package func counts() async throws(PostgresError) -> [Count] {
        let result = try await connection.run(
            """
            SELECT s.name, r ->> 'code', coalesce(r ->> 'field', ''), count(*)
            FROM hoso.quarantine q JOIN hoso.sender s ON s.id = q.sender, jsonb_array_elements(q.reasons) AS r
            GROUP BY 1, 2, 3 ORDER BY 1, 4 DESC, 2, 3
            """, as: "count the quarantine", within: .seconds(30))
        return (0..<result.count).map { row in
            Count(
                sender: result.string(row, 0), reason: result.string(row, 1), field: result.string(row, 2),
                entries: result.int64(row, 3))
        }
    }
}
