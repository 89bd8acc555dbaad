import Crypto

/// The SHA-256 chain over a sender's entries.
public enum Chain {
    /// The digest before the first entry of an epoch.
    public static let start = [UInt8](repeating: 0, count: 32)

    /// SHA-256 of the previous digest, the epoch, the sequence number (both 8 bytes, network byte order) and the body.
    public static func digest(
        previous: [UInt8], epoch: UInt64, sequence: UInt64, body: [UInt8]
    ) -> [UInt8] {
        var prefix: [UInt8] = []
        prefix.reserveCapacity(48)
        prefix.append(contentsOf: previous)
        prefix.append(bigEndian: epoch)
        prefix.append(bigEndian: sequence)
        var hash = SHA256()
        hash.update(data: prefix)
        hash.update(data: body)
        return Array(hash.finalize())
    }

    /// SHA-256 of some bytes.
    public static func digest(of bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }
}
