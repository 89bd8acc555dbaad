package import Postgres

/// The tokens by which programs and people ask over HTTP; the database has their digests only.
package struct AccessTokens {
    /// What a token allows.
    package enum Role: String, Sendable, CaseIterable {
        /// Figures, their dossiers by codes, and how far surveys are.
        case read
        /// Also senders, balances and the quarantine.
        case operations
    }

    /// A token that counts.
    package struct Token: Sendable, Equatable {
        /// Its number.
        package let number: Int32
        /// Its name.
        package let name: String
        /// What it allows.
        package let role: Role
        /// The units that it is for, each with those below it; `nil`: all.
        package let units: [String]?
    }

    /// A token on record.
    package struct Record: Sendable, Equatable {
        /// The token.
        package let token: Token
        /// When it was made, in microseconds since 1970.
        package let madeAt: Int64
        /// Who made it.
        package let madeBy: String
        /// When it ceases to count, in microseconds since 1970; `nil`: never.
        package let validTo: Int64?
        /// When it was revoked, in microseconds since 1970.
        package let revokedAt: Int64?
        /// Who revoked it.
        package let revokedBy: String?
        /// Whether it counts.
        package let isValid: Bool
    }

    private let connection: Connection

    /// The tokens on a connection.
    package init(_ connection: Connection) { self.connection = connection }

    /// The token of a digest, if it counts now.
    package func find(_ digest: [UInt8]) async throws(PostgresError) -> Token? {
        var parameters = Parameters()
        parameters.append(digest)
        let result = try await connection.run(
            """
            SELECT \(Self.columns) FROM hoso.api_token
            WHERE digest = $1 AND revoked_at IS NULL AND valid_to > now()
            """, parameters, as: "find a token")
        return result.count == 0 ? nil : Self.token(result, 0)
    }

    /// Puts a token on record.
    /// - Parameters:
    ///   - units: what it is for; `nil`: all.
    ///   - validTo: when it ceases to count, in microseconds since 1970; `nil`: never.
    /// - Returns: whether there was none of that name.
    package func create(
        _ name: String, digest: [UInt8], role: Role, units: [String]?, validTo: Int64?, by whom: String
    ) async throws(PostgresError) -> Bool {
        var parameters = Parameters()
        parameters.append(name)
        parameters.append(digest)
        parameters.append(role.rawValue)
        parameters.append(units?.joined(separator: "\n"))
        parameters.append(microseconds: validTo)
        parameters.append(whom)
        let result = try await connection.run(
            """
            INSERT INTO hoso.api_token (name, digest, role, units, valid_to, made_by)
            VALUES ($1, $2, $3, string_to_array($4, chr(10)), coalesce($5, 'infinity'), $6)
            ON CONFLICT (name) WHERE revoked_at IS NULL DO NOTHING RETURNING id
            """, parameters, as: "make a token")
        return result.count == 1
    }

    /// Revokes the token of a name.
    /// - Returns: whether there was one.
    package func revoke(_ name: String, by whom: String) async throws(PostgresError) -> Bool {
        var parameters = Parameters()
        parameters.append(name)
        parameters.append(whom)
        let result = try await connection.run(
            """
            UPDATE hoso.api_token SET revoked_at = now(), revoked_by = $2 WHERE name = $1 AND revoked_at IS NULL
            RETURNING id
            """, parameters, as: "revoke a token")
        return result.count == 1
    }

    /// All that there ever were, the newest last.
    package func list() async throws(PostgresError) -> [Record] {
        let result = try await connection.run(
            """
            SELECT \(Self.columns), made_at, made_by, NULLIF(valid_to, 'infinity'), revoked_at, revoked_by,
                   revoked_at IS NULL AND valid_to > now()
            FROM hoso.api_token ORDER BY id
            """, as: "list tokens")
        return (0..<result.count).compactMap { row in
            Self.token(result, row).map { token in
                Record(
                    token: token, madeAt: result.microseconds(row, 4), madeBy: result.string(row, 5),
                    validTo: result.isNull(row, 6) ? nil : result.microseconds(row, 6),
                    revokedAt: result.isNull(row, 7) ? nil : result.microseconds(row, 7),
                    revokedBy: result.optionalString(row, 8), isValid: result.bool(row, 9))
            }
        }
    }

    private static let columns = "id, name, role, array_to_string(units, chr(10))"

    private static func token(_ result: QueryResult, _ row: Int) -> Token? {
        guard let role = Role(rawValue: result.string(row, 2)) else { return nil }
        return Token(
            number: result.int32(row, 0), name: result.string(row, 1), role: role,
            units: result.optionalString(row, 3).map { $0.split(separator: "\n").map(String.init) })
    }
}
