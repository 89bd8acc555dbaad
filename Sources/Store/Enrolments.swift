package import Dossiers
package import Postgres

/// The codes by which new senders enrol keys that they have made themselves.
package struct Enrolments {
    /// A code that can be redeemed.
    package struct Code: Sendable, Equatable {
        /// Its number.
        package let number: Int32
        /// Name of the sender.
        package let sender: String
        /// The public key of CURVE that follows from it.
        package let curve: [UInt8]
        /// When it ends, in microseconds since 1970.
        package let validTo: Int64
        /// Who made it.
        package let madeBy: String
        /// Whether a key was enrolled by it.
        package let isRedeemed: Bool
    }

    /// What became of a code that was shown.
    package struct Redemption: Sendable, Equatable {
        /// Name of the sender.
        package let sender: String
        /// Number of the key that is enrolled.
        package let key: Int32
    }

    private let connection: Connection

    /// The codes on a connection.
    package init(_ connection: Connection) { self.connection = connection }

    /// Makes a code for a sender, which is registered when it is new.
    /// - Parameters:
    ///   - authority: what it may hand in from now on; `nil` leaves that as it is.
    ///   - curve: the public key of CURVE that follows from the code.
    ///   - signing: the public key that follows from it and signs.
    ///   - validTo: when it ends, in microseconds since 1970.
    ///   - keyEnds: when the key that is enrolled by it ceases to count; `nil` for never.
    package func make(
        curve: [UInt8], signing: [UInt8], of sender: String, granting authority: Authority? = nil, validTo: Int64,
        keyEnds: Int64?, by whom: String
    ) async throws(PostgresError) -> Int32 {
        _ = try await connection.run("BEGIN", as: "begin")
        do throws(PostgresError) {
            let number = try await SenderDirectory(connection).register(sender)
            var parameters = Parameters()
            parameters.append(number)
            parameters.append(curve)
            parameters.append(signing)
            parameters.append(microseconds: validTo)
            parameters.append(microseconds: keyEnds)
            parameters.append(whom)
            let code = try await connection.run(
                """
                INSERT INTO hoso.enrolment (sender, curve, signing, valid_to, key_ends, made_by)
                VALUES ($1, $2, $3, $4, coalesce($5, 'infinity'), $6) RETURNING id
                """, parameters, as: "make an enrolment code"
            ).int32(0, 0)
            if let authority { _ = try await SenderGrants(connection).grant(authority, to: sender, by: whom) }
            _ = try await connection.run("COMMIT", as: "make an enrolment code")
            return code
        } catch {
            try? await connection.rollBack()
            throw error
        }
    }

    /// Codes that have not ended: also those that were redeemed, since the answer may have been lost on its way.
    package func open() async throws(PostgresError) -> [Code] {
        let result = try await connection.run(
            """
            SELECT e.id, s.name, e.curve, e.valid_to, e.made_by, e.redeemed_at IS NOT NULL FROM hoso.enrolment e JOIN hoso.sender s ON s.id = e.sender
            WHERE e.valid_to > now() ORDER BY e.id
            """, as: "read enrolment codes")
        return (0..<result.count).map { row in
            Code(
                number: result.int32(row, 0), sender: result.string(row, 1), curve: result.bytes(row, 2),
                validTo: result.microseconds(row, 3), madeBy: result.string(row, 4), isRedeemed: result.bool(row, 5))
        }
    }

    /// The public key by which the holder of a code signs; `nil` when there is no such code.
    package func signingKey(of code: Int32) async throws(PostgresError) -> [UInt8]? {
        var parameters = Parameters()
        parameters.append(code)
        let result = try await connection.run(
            "SELECT signing FROM hoso.enrolment WHERE id = $1", parameters, as: "read an enrolment code")
        return result.count == 0 ? nil : result.bytes(0, 0)
    }

    /// Redeems a code: enrols the key that its holder has proved.
    /// - Returns: `nil` when the code has ended, or another key was enrolled by it, or the key had been enrolled before.
    package func redeem(
        _ code: Int32, curve: [UInt8], signing: [UInt8]?
    ) async throws(PostgresError) -> Redemption? {
        var parameters = Parameters()
        parameters.append(code)
        parameters.append(curve)
        parameters.append(signing)
        let result = try await connection.run(
            """
            SELECT r.key, s.name FROM hoso.redeem($1, $2, $3) AS r (key)
            JOIN hoso.enrolment e ON e.id = $1 JOIN hoso.sender s ON s.id = e.sender WHERE r.key IS NOT NULL
            """, parameters, as: "redeem an enrolment code")
        return result.count == 0 ? nil : Redemption(sender: result.string(0, 1), key: result.int32(0, 0))
    }

    /// Ends the codes of a sender that can still be redeemed.
    /// - Returns: how many they were.
    @discardableResult
    package func withdraw(of sender: String) async throws(PostgresError) -> Int {
        var parameters = Parameters()
        parameters.append(sender)
        let result = try await connection.run(
            """
            UPDATE hoso.enrolment e SET valid_to = now() FROM hoso.sender s
            WHERE s.id = e.sender AND s.name = $1 AND e.redeemed_at IS NULL AND e.valid_to > now() RETURNING e.id
            """, parameters, as: "withdraw enrolment codes")
        return result.count
    }
}
