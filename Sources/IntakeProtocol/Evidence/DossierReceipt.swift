public import Dossiers

/// The receipt of one entry, small enough for a QR code on a citizen's slip, that anybody with the centre's public key can
/// check without asking anybody.
///
/// It holds no code, name or number of a person: the entry is known by its digest.
public struct DossierReceipt: Sendable, Equatable {
    /// Names the key of the signature.
    public let key: [UInt8]
    /// Name of the sender.
    public let sender: String
    /// Epoch of the sender's spool.
    public let epoch: UInt64
    /// The entry.
    public let leaf: MerkleTree.Leaf
    /// First sequence number of the batch that it was in.
    public let first: UInt64
    /// Entries of the batch.
    public let count: Int
    /// When it was known to be committed, in microseconds since 1970.
    public let committedAt: Int64
    /// The centre's signature of the ``ReceiptHead``.
    public let signature: [UInt8]
    /// The nodes from the leaf to the root.
    public let path: [Digest]

    /// A receipt out of the parts of its batch; `nil` when the entry was not in it.
    public init?(
        of sequence: UInt64, sender: String, epoch: UInt64, first: UInt64, outcomes: [UInt8], digests: [Digest],
        committedAt: Int64, key: [UInt8], signature: [UInt8]
    ) {
        guard sequence >= first, sequence - first < UInt64(digests.count), outcomes.count == digests.count,
            EntryContent.plausible(committedAt) != nil
        else { return nil }
        let index = Int(sequence - first)
        self.key = key
        self.sender = sender
        self.epoch = epoch
        leaf = MerkleTree.Leaf(sequence: sequence, outcome: outcomes[index], digest: digests[index])
        self.first = first
        count = digests.count
        self.committedAt = committedAt
        self.signature = signature
        path = MerkleTree.path(to: index, first: first, outcomes: outcomes, digests: digests)
    }

    /// What the centre has signed, if the receipt is genuine.
    public var head: ReceiptHead? {
        guard leaf.sequence >= first, leaf.sequence - first < UInt64(count),
            let root = MerkleTree.root(of: leaf, at: Int(leaf.sequence - first), count: count, path: path)
        else { return nil }
        return ReceiptHead(
            key: key, sender: sender, epoch: epoch, first: first, count: count, committedAt: committedAt, root: root)
    }

    /// What a check of a receipt comes to.
    public enum Verdict: Sendable, Equatable {
        /// The centre has signed exactly this.
        case genuine(VerificationKey)
        /// It is signed by a key that is none of the known ones.
        case unknownKey
        /// The key that it names has not signed this: it was changed, or made up.
        case forged
    }

    /// Checks the receipt against the keys of a centre.
    public func verdict(_ keys: some Sequence<VerificationKey>) -> Verdict {
        guard let key = keys.first(where: { $0.id == self.key }) else { return .unknownKey }
        guard let head, key.verifies(signature, of: head.statement) else { return .forged }
        return .genuine(key)
    }
}

// MARK: - As bytes and as text

extension DossierReceipt {
    /// The receipt as bytes.
    ///
    /// | bytes | field |
    /// |---|---|
    /// | 1 | version: 1 |
    /// | 8 | id of the key |
    /// | 1, n | length of the sender's name, and the name |
    /// | 8 | epoch |
    /// | 8 | first sequence number of the batch |
    /// | 2 | entries of the batch |
    /// | 2 | place of the entry in it, from 0 |
    /// | 1 | outcome |
    /// | 32 | digest of the entry |
    /// | 8 | commit time, microseconds since 1970 |
    /// | 64 | signature |
    /// | 32 each | path, as long as the place in the tree asks for |
    public var bytes: [UInt8] {
        var bytes: [UInt8] = [Self.version]
        bytes.append(contentsOf: key)
        bytes.append(UInt8(truncatingIfNeeded: sender.utf8.count))
        bytes.append(contentsOf: sender.utf8)
        bytes.append(bigEndian: epoch)
        bytes.append(bigEndian: first)
        bytes.append(bigEndian: UInt16(truncatingIfNeeded: count))
        bytes.append(bigEndian: UInt16(truncatingIfNeeded: leaf.sequence &- first))
        bytes.append(leaf.outcome)
        bytes.append(contentsOf: leaf.digest.bytes)
        bytes.append(bigEndian: committedAt)
        bytes.append(contentsOf: signature)
        for node in path { bytes.append(contentsOf: node.bytes) }
        return bytes
    }

    /// Reads bytes; `nil` when they are not exactly one receipt.
    public init?(_ bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard reader.integer(UInt8.self) == Self.version, let key = reader.take(VerificationKey.idSize),
            let length = reader.integer(UInt8.self),
            let sender = reader.take(Int(length)).flatMap({ String(validating: $0, as: UTF8.self) }),
            Limits.isSenderName(sender), let epoch = reader.integer(UInt64.self),
            let first = reader.integer(UInt64.self), (1...Limits.highestNumber).contains(first),
            let count = reader.integer(UInt16.self), (1...Limits.batchEntries).contains(Int(count)),
            let place = reader.integer(UInt16.self), place < count, let outcome = reader.integer(UInt8.self),
            (1...4).contains(outcome), let digest = reader.digest(), let committedAt = reader.integer(Int64.self),
            EntryContent.plausible(committedAt) != nil, let signature = reader.take(64)
        else { return nil }
        var path: [Digest] = []
        for _ in 0..<MerkleTree.pathLength(to: Int(place), count: Int(count)) {
            guard let node = reader.digest() else { return nil }
            path.append(node)
        }
        guard reader.isAtEnd else { return nil }
        self.key = key
        self.sender = sender
        self.epoch = epoch
        leaf = MerkleTree.Leaf(sequence: first + UInt64(place), outcome: outcome, digest: digest)
        self.first = first
        self.count = Int(count)
        self.committedAt = committedAt
        self.signature = signature
        self.path = path
    }

    /// The receipt as a text for the alphanumeric mode of a QR code: `HOSO1:` and the bytes in base45.
    ///
    /// At most 737 characters, which a code of version 15 holds at the error correction level L.
    public var text: String { Self.title + Base45.text(bytes) }

    /// Reads a text, which may end with one line break; `nil` when it is no receipt.
    public init?(text: some Sequence<UInt8>) {
        var text = Array(text)
        if text.last == UInt8(ascii: "\n") { text.removeLast() }
        if text.last == UInt8(ascii: "\r") { text.removeLast() }
        guard text.count <= 1_024, text.starts(with: Self.title.utf8),
            let bytes = Base45.bytes(text.dropFirst(Self.title.utf8.count))
        else { return nil }
        self.init(bytes)
    }

    private static var version: UInt8 { 1 }
    private static var title: String { "HOSO1:" }

    /// The id of the key as 16 hexadecimal digits.
    public var keyText: String { Hexadecimal.text(key) }
    /// The digest of the entry as 64 hexadecimal digits.
    public var digestText: String { Hexadecimal.text(leaf.digest.bytes) }
}

/// Reads bytes one part after the other.
private struct ByteReader {
    private let bytes: [UInt8]
    private var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { offset == bytes.count }

    mutating func take(_ count: Int) -> [UInt8]? {
        guard count <= bytes.count - offset else { return nil }
        defer { offset += count }
        return Array(bytes[offset..<(offset + count)])
    }

    mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type) -> Value? {
        guard Value.bitWidth / 8 <= bytes.count - offset else { return nil }
        defer { offset += Value.bitWidth / 8 }
        return bytes.integer(at: offset)
    }

    mutating func digest() -> Digest? { take(Digest.size).flatMap { Digest($0) } }
}
