import Crypto
import Foundation
import IntakeProtocol

/// A password that nobody has to remember, for a role of the database.
package struct DatabasePassword: Sendable {
    /// The password, 192 bits of chance.
    package let text: String

    /// A new password.
    package init() {
        var numbers = SystemRandomNumberGenerator()
        text = Hexadecimal.text((0..<24).map { _ in UInt8.random(in: 0...255, using: &numbers) })
    }

    /// A password that somebody has chosen.
    package init(_ text: String) { self.text = text }

    /// What PostgreSQL stores of it, so that the password itself never stands in a statement, which a log may keep:
    /// `SCRAM-SHA-256$ROUNDS:SALT$STORED-KEY:SERVER-KEY` (RFC 5802, RFC 7677).
    package func verifier(salt: [UInt8] = (0..<16).map { _ in UInt8.random(in: 0...255) }, rounds: Int = 4_096)
        -> String
    {
        let salted = SymmetricKey(data: salted(salt, rounds: rounds))
        let client = HMAC<SHA256>.authenticationCode(for: Array("Client Key".utf8), using: salted)
        let stored = Array(SHA256.hash(data: Array(client)))
        let server = Array(HMAC<SHA256>.authenticationCode(for: Array("Server Key".utf8), using: salted))
        let (salt, first, second) = (Data(salt), Data(stored), Data(server))
        return
            "SCRAM-SHA-256$\(rounds):\(salt.base64EncodedString())$\(first.base64EncodedString()):\(second.base64EncodedString())"
    }

    /// PBKDF2 with HMAC-SHA-256, one block (RFC 8018, section 5.2).
    private func salted(_ salt: [UInt8], rounds: Int) -> [UInt8] {
        let key = SymmetricKey(data: Array(text.utf8))
        var block = Array(HMAC<SHA256>.authenticationCode(for: salt + [0, 0, 0, 1], using: key))
        var result = block
        for _ in 1..<rounds {
            block = Array(HMAC<SHA256>.authenticationCode(for: block, using: key))
            for index in result.indices { result[index] ^= block[index] }
        }
        return result
    }
}
