import struct Crypto.SHA256
public import Dossiers

/// The SHA-256 chain over a sender's entries.
public enum Chain {
    /// The digest before the first entry of an epoch.
    public static let start = Digest.zero

    /// SHA-256 of the previous digest, the epoch, the sequence number (both 8 bytes, network byte order) and the body.
    public static func digest(previous: Digest, epoch: UInt64, sequence: UInt64, body: Span<UInt8>) -> Digest {
        var hash = SHA256()
        unsafe withUnsafeBytes(of: (previous, epoch.bigEndian, sequence.bigEndian)) { prefix in
            unsafe hash.update(bufferPointer: prefix)
        }
        unsafe body.withUnsafeBytes { bytes in unsafe hash.update(bufferPointer: bytes) }
        return Digest(hash.finalize())
    }

    /// The same of a body in an array.
    public static func digest(previous: Digest, epoch: UInt64, sequence: UInt64, body: [UInt8]) -> Digest {
        digest(previous: previous, epoch: epoch, sequence: sequence, body: body.span)
    }

    /// SHA-256 of some bytes.
    public static func digest(of bytes: [UInt8]) -> Digest {
        var hash = SHA256()
        unsafe bytes.withUnsafeBytes { bytes in unsafe hash.update(bufferPointer: bytes) }
        return Digest(hash.finalize())
    }
}

extension Digest {
    init(_ digest: SHA256.Digest) {
        // Both are 32 bytes without a gap; the library's closure over them costs a tenth of a short hash.
        self = unsafe unsafeBitCast(digest, to: Digest.self)
    }
}
