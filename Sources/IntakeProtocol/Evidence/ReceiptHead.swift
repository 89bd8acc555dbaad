public import Dossiers

/// What a centre signs of a batch after COMMIT: which entries of whom, when, and the root over what became of each.
public struct ReceiptHead: Sendable, Equatable {
    /// Names the key, see ``VerificationKey/id``.
    public let key: [UInt8]
    /// Name of the sender.
    public let sender: String
    /// Epoch of the sender's spool.
    public let epoch: UInt64
    /// Sequence number of the first entry.
    public let first: UInt64
    /// Number of entries.
    public let count: Int
    /// When the entries were known to be committed, in microseconds since 1970.
    public let committedAt: Int64
    /// The root of the ``MerkleTree``.
    public let root: Digest

    /// A head.
    public init(
        key: [UInt8], sender: String, epoch: UInt64, first: UInt64, count: Int, committedAt: Int64, root: Digest
    ) {
        self.key = key
        self.sender = sender
        self.epoch = epoch
        self.first = first
        self.count = count
        self.committedAt = committedAt
        self.root = root
    }

    /// The bytes that are signed.
    ///
    /// | bytes | field |
    /// |---|---|
    /// | 15 | `hoso receipt/1` and a zero |
    /// | 8 | id of the key |
    /// | 1, n | length of the sender's name, and the name |
    /// | 8 | epoch |
    /// | 8 | first sequence number |
    /// | 4 | count of entries |
    /// | 8 | commit time, microseconds since 1970 |
    /// | 32 | root |
    public var statement: [UInt8] {
        var bytes = Array("hoso receipt/1\0".utf8)
        bytes.reserveCapacity(84 + sender.utf8.count)
        bytes.append(contentsOf: key)
        bytes.append(UInt8(truncatingIfNeeded: sender.utf8.count))
        bytes.append(contentsOf: sender.utf8)
        bytes.append(bigEndian: epoch)
        bytes.append(bigEndian: first)
        bytes.append(bigEndian: UInt32(truncatingIfNeeded: count))
        bytes.append(bigEndian: committedAt)
        bytes.append(contentsOf: root.bytes)
        return bytes
    }
}
