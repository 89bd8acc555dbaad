import Crypto

/// The SHA-256 chain over a sender's entries.
public enum Chain {
    /// The digest before the first entry of an epoch.
    public static let start = [UInt8](repeating: 0, count: 32)

    /// SHA-256 of the previous digest, the epoch, the sequence number (both 8 bytes, network byte order) and the body.
    public static func digest(
        previous: [UInt8], epoch: UInt64, sequence: UInt64, body: [UInt8]
    ) -> [UInt8] {
        Array(hash(previous, epoch, sequence, body))
    }

    /// Whether a digest is the one that follows from what it is about.
    public static func proves(
        _ digest: [UInt8], previous: [UInt8], epoch: UInt64, sequence: UInt64, body: [UInt8]
    ) -> Bool {
        Array(hash(previous, epoch, sequence, body)) == digest
    }

    private static func hash(
        _ previous: [UInt8], _ epoch: UInt64, _ sequence: UInt64, _ body: [UInt8]
    ) -> SHA256Digest {
        var prefix: [UInt8] = []
        prefix.reserveCapacity(48)
        prefix.append(contentsOf: previous)
        prefix.append(bigEndian: epoch)
        prefix.append(bigEndian: sequence)
        var hash = SHA256()
        hash.update(data: prefix)
        hash.update(data: body)
        return hash.finalize()
    }

    /// SHA-256 of some bytes.
    public static func digest(of bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }
}
