import struct Crypto.SHA256
import struct Crypto.SymmetricKey
package import Dossiers
import IntakeProtocol

/// A hash that nobody can guess back: SHA-256 of a secret of the centre and a digest.
///
/// Personal ids have so few digits that whoever has their SHA-256 finds them by trying all. Secret and digest have 32 bytes each,
/// always, so there is nothing that could be appended to what is hashed. The secret stays for ever, because hashes of
/// different years are compared; in the database it lies sealed.
package struct KeyedHash: Sendable {
    /// A hash that has begun with the secret.
    private let begun: SHA256

    /// Hashes under a secret of 32 bytes.
    package init?(secret: [UInt8]) {
        guard secret.count == 32 else { return nil }
        var hash = SHA256()
        hash.update(data: secret)
        begun = hash
    }

    /// A new secret.
    package static func makeSecret() -> [UInt8] {
        let key = SymmetricKey(size: .bits256)
        return unsafe key.withUnsafeBytes { bytes in unsafe Array(bytes) }
    }

    /// The hash of a digest.
    package func callAsFunction(_ digest: Digest) -> Digest {
        var hash = begun
        digest.withSpan { span in unsafe span.withUnsafeBytes { bytes in unsafe hash.update(bufferPointer: bytes) } }
        return unsafe hash.finalize().withUnsafeBytes { bytes in unsafe Digest(Span(_unsafeBytes: bytes)) } ?? .zero
    }
}
