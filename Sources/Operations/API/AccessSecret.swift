import Crypto
import Foundation

/// The secret text of a token: 256 random bits, which only its holder has.
package struct AccessSecret: Sendable {
    private let bytes: [UInt8]

    /// A new one.
    package init() {
        var generator = SystemRandomNumberGenerator()
        bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    /// The one that somebody shows; `nil` for what is none.
    init?(text: String) {
        guard text.hasPrefix(Self.prefix), let data = Data(base64URL: String(text.dropFirst(Self.prefix.count))),
            data.count == 32
        else { return nil }
        bytes = Array(data)
    }

    /// By which programs that look for secrets in files know it.
    private static let prefix = "hoso_"

    /// The text, for its holder's eyes.
    package var revealed: String { Self.prefix + Data(bytes).base64URL }

    /// What the database has of it: of so many random bits, one round of SHA-256 is enough.
    package var digest: [UInt8] { Array(SHA256.hash(data: bytes)) }
}
