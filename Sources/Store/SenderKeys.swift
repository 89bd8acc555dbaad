package import Dossiers
package import Postgres

/// The keys of senders, as operators enrol and revoke them.
package struct SenderKeys {
    /// A key.
    package struct Key: Sendable, Equatable {
        /// Its number.
        package let number: Int32
        /// Name of its sender.
        package let sender: String
        /// The public key, 32 bytes.
        package let curve: [UInt8]
        /// The public key by which it signs its batches; `nil` when it does not.
        package let signing: [UInt8]?
        /// From when it counts, in microseconds since 1970.
        package let validFrom: Int64
        /// The end of that; `nil` for never.
        package let validTo: Int64?
        /// Who enrolled it.
        package let enrolledBy: String
        /// When it was revoked.
        package let revokedAt: Int64?
        /// Who revoked it.
        package let revokedBy: String?
        /// Why.
        package let because: String?
    }

    private let connection: Connection

    /// The keys on a connection.
    package init(_ connection: Connection) { self.connection = connection }

    /// A number that is another one after every change of the keys, or of what senders may hand in.
    package func version() async throws(PostgresError) -> UInt64 {
        let result = try await connection.run("SELECT version FROM hoso.roster", as: "look for new keys")
        return UInt64(bitPattern: result.int64(0, 0))
    }

    /// The keys that count now or later, and the version that they are of.
    package func roster() async throws(PostgresError) -> (version: UInt64, keys: [Key]) {
        let result = try await connection.run(
            """
            SELECT r.version, k.* FROM hoso.roster r LEFT JOIN (
                \(Self.selection) WHERE k.revoked_at IS NULL AND k.valid_to > now()) k ON true
            ORDER BY k.id
            """, as: "read the keys")
        let version = UInt64(bitPattern: result.int64(0, 0))
        return (version, (0..<result.count).filter { !result.isNull($0, 1) }.map { Self.key(result, $0, from: 1) })
    }

    /// All keys, of one sender or of all, in order of names and numbers.
    package func list(_ sender: String? = nil) async throws(PostgresError) -> [Key] {
        var parameters = Parameters()
        parameters.append(sender)
        let result = try await connection.run(
            "\(Self.selection) WHERE $1::text IS NULL OR s.name = $1 ORDER BY s.name, k.id", parameters,
            as: "list the keys")
        return (0..<result.count).map { Self.key(result, $0, from: 0) }
    }

    /// Enrols a key; the sender is registered when it is new.
    /// - Parameters:
    ///   - signing: the key by which the sender signs its batches from now on, if it does.
    ///   - authority: what it may hand in from now on; `nil` leaves that as it is.
    /// - Returns: its number; `nil` when the key has been enrolled before, for whomever, and nothing was changed.
    package func enrol(
        _ curve: [UInt8], signing: [UInt8]? = nil, of sender: String, granting authority: Authority? = nil,
        from: Int64?, to: Int64?, by whom: String
    ) async throws(PostgresError) -> Int32? {
        try await inTransaction { () async throws(PostgresError) -> Int32? in
            let number = try await SenderDirectory(connection).register(sender)
            let key = try await insert(curve, signing: signing, of: number, from: from, to: to, by: whom)
            if key != nil, let authority {
                _ = try await SenderGrants(connection).grant(authority, to: sender, by: whom)
            }
            return key
        }
    }

    /// All or nothing: nothing where there is no result.
    private func inTransaction<Value>(
        _ body: () async throws(PostgresError) -> Value?
    ) async throws(PostgresError) -> Value? {
        _ = try await connection.run("BEGIN", as: "begin")
        do throws(PostgresError) {
            let value = try await body()
            _ = try await connection.run(value == nil ? "ROLLBACK" : "COMMIT", as: "change the keys")
            return value
        } catch {
            try? await connection.rollBack()
            throw error
        }
    }

    private func insert(
        _ curve: [UInt8], signing: [UInt8]?, of number: Int32, from: Int64?, to: Int64?, by whom: String
    ) async throws(PostgresError) -> Int32? {
        var parameters = Parameters()
        parameters.append(number)
        parameters.append(curve)
        parameters.append(microseconds: from)
        parameters.append(microseconds: to)
        parameters.append(whom)
        parameters.append(signing)
        let result = try await connection.run(
            """
            INSERT INTO hoso.sender_key (sender, curve, valid_from, valid_to, enrolled_by, signing)
            VALUES ($1, $2, coalesce($3, now()), coalesce($4, 'infinity'), $5, $6)
            ON CONFLICT (curve) DO NOTHING RETURNING id
            """, parameters, as: "enrol a key")
        return result.count == 1 ? result.int32(0, 0) : nil
    }

    /// Enrols a key, and has the others of its sender end after some days.
    /// - Returns: its number; `nil` when the key has been enrolled before, or there is no such sender, and nothing was changed.
    package func rotate(
        _ curve: [UInt8], signing: [UInt8]? = nil, of sender: String, overlapDays: Int32, by whom: String
    ) async throws(PostgresError) -> Int32? {
        try await inTransaction { () async throws(PostgresError) -> Int32? in
            guard let known = try await SenderDirectory(connection).find(sender) else { return nil }
            let key = try await insert(curve, signing: signing, of: known, from: nil, to: nil, by: whom)
            if let key { try await endOthers(of: sender, than: key, overlapDays) }
            return key
        }
    }

    private func endOthers(of sender: String, than number: Int32, _ overlapDays: Int32) async throws(PostgresError) {
        var parameters = Parameters()
        parameters.append(sender)
        parameters.append(number)
        parameters.append(overlapDays)
        // An end in the future only: one that has ended, or ends sooner, is not brought back.
        _ = try await connection.run(
            """
            UPDATE hoso.sender_key k SET valid_to = now() + make_interval(days => $3)
            FROM hoso.sender s
            WHERE s.id = k.sender AND s.name = $1 AND k.id <> $2 AND k.revoked_at IS NULL
              AND k.valid_to > now() + make_interval(days => $3) AND k.valid_from < now() + make_interval(days => $3)
            """, parameters, as: "have older keys end")
    }

    /// Revokes the keys of a sender, or one of them, for good.
    /// - Returns: the numbers of the keys that counted until now.
    package func revoke(
        _ sender: String, key: Int32?, by whom: String, because reason: String
    ) async throws(PostgresError) -> [Int32] {
        var parameters = Parameters()
        parameters.append(sender)
        parameters.append(key)
        parameters.append(whom)
        parameters.append(reason)
        let result = try await connection.run(
            """
            UPDATE hoso.sender_key k SET revoked_at = now(), revoked_by = $3, because = $4
            FROM hoso.sender s
            WHERE s.id = k.sender AND s.name = $1 AND k.id = coalesce($2, k.id) AND k.revoked_at IS NULL RETURNING k.id
            """, parameters, as: "revoke a key")
        return (0..<result.count).map { result.int32($0, 0) }.sorted()
    }

    private static let selection = """
        SELECT k.id, s.name, k.curve, k.valid_from, nullif(k.valid_to, 'infinity') AS valid_to, k.enrolled_by,
               k.revoked_at, k.revoked_by, k.because, k.signing
        FROM hoso.sender_key k JOIN hoso.sender s ON s.id = k.sender
        """

    private static func key(_ result: QueryResult, _ row: Int, from first: Int) -> Key {
        let moment: (Int) -> Int64? = { result.isNull(row, first + $0) ? nil : result.microseconds(row, first + $0) }
        let text: (Int) -> String? = { result.isNull(row, first + $0) ? nil : result.string(row, first + $0) }
        return Key(
            number: result.int32(row, first), sender: result.string(row, first + 1),
            curve: result.bytes(row, first + 2),
            signing: result.isNull(row, first + 9) ? nil : result.bytes(row, first + 9), validFrom: moment(3) ?? 0,
            validTo: moment(4),
            enrolledBy: text(5) ?? "", revokedAt: moment(6), revokedBy: text(7), because: text(8))
    }
}
