import struct Crypto.HMAC
import struct Crypto.SHA256
import struct Crypto.SymmetricKey
package import Dossiers
import IntakeProtocol

/// A hash that nobody can guess back: HMAC-SHA256 (RFC 2104) under a secret of the centre.
///
/// Personal ids have so few digits that whoever has their SHA-256 finds them by trying all. The secret stays for ever, because
/// hashes of different years are compared; in the database it lies sealed.
package struct KeyedHash: Sendable {
    private let key: SymmetricKey
    private let prepared: HMAC<SHA256>

    /// Hashes under a secret of 32 bytes.
    package init?(secret: [UInt8]) {
        guard secret.count == 32 else { return nil }
        key = SymmetricKey(data: secret)
        prepared = HMAC(key: key)
    }

    /// A new secret.
    package static func makeSecret() -> [UInt8] {
        let key = SymmetricKey(size: .bits256)
        return unsafe key.withUnsafeBytes { bytes in unsafe Array(bytes) }
    }

    /// The hash of a digest.
    package func callAsFunction(_ digest: Digest) -> Digest {
        var code = prepared
        digest.withSpan { span in unsafe span.withUnsafeBytes { bytes in unsafe code.update(data: bytes) } }
        // An authentication code by SHA-256 has as many bytes as a digest.
        return unsafe code.finalize().withUnsafeBytes { bytes in unsafe Digest(Span(_unsafeBytes: bytes)) } ?? .zero
    }
}
