package import Dossiers
package import Postgres

/// What senders may hand in, as operators have granted it.
package struct SenderGrants {
    private let connection: Connection

    /// The grants on a connection.
    package init(_ connection: Connection) { self.connection = connection }

    /// What each sender may hand in that has been granted something in particular, by name.
    package func all() async throws(PostgresError) -> [String: Authority] {
        let result = try await connection.run(
            """
            SELECT s.name, coalesce(array_to_string(g.channels, ','), ''), g.units IS NULL,
                   coalesce(array_to_string(g.units, chr(10)), ''), g.procedures IS NULL,
                   coalesce(array_to_string(g.procedures, chr(10)), ''), coalesce(g.code_grammar, '')
            FROM (SELECT DISTINCT ON (sender) * FROM hoso.sender_grant ORDER BY sender, id DESC) g
            JOIN hoso.sender s ON s.id = g.sender
            """, as: "read what senders may hand in")
        var grants: [String: Authority] = [:]
        for row in 0..<result.count {
            let channels = result.string(row, 1).split(separator: ",").compactMap { Channel(code: String($0)) }
            let list: (Int) -> [String]? = { column in
                result.bool(row, column) ? nil : result.string(row, column + 1).split(separator: "\n").map(String.init)
            }
            let grammar = result.string(row, 6)
            grants[result.string(row, 0)] = Authority(
                channels: channels.isEmpty ? nil : Set(channels), units: list(2), procedures: list(4).map { Set($0) },
                grammar: grammar.isEmpty ? nil : CodeGrammar(code: grammar))
        }
        return grants
    }

    /// Grants a sender this, and nothing else, from now on; false when there is no sender of the name.
    package func grant(_ authority: Authority, to sender: String, by whom: String) async throws(PostgresError) -> Bool {
        guard let number = try await SenderDirectory(connection).find(sender) else { return false }
        var parameters = Parameters()
        parameters.append(number)
        parameters.append(authority.channels?.map { String($0.rawValue) }.sorted().joined(separator: ","))
        parameters.append(authority.units?.joined(separator: "\n"))
        parameters.append(authority.procedures?.sorted().joined(separator: "\n"))
        parameters.append(authority.grammar?.code)
        parameters.append(whom)
        _ = try await connection.run(
            """
            INSERT INTO hoso.sender_grant (sender, channels, units, procedures, code_grammar, by_whom)
            VALUES ($1, string_to_array($2, ',')::smallint[], string_to_array($3, chr(10)), string_to_array($4, chr(10)), $5, $6)
            """, parameters, as: "grant")
        return true
    }
}
