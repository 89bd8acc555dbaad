public import Dossiers

/// The body of BATCH: the digest before the first entry, then per entry its digest, its length and its bytes.
///
/// | bytes | field |
/// |---|---|
/// | 32 | digest of the entry before the first one (zeros before number 1) |
/// | 32 | digest of the entry |
/// | 4 | length of the entry |
/// | length | the entry: an `Entry` in protobuf or JSON, as the header's content type says |
///
/// The last three repeat `count` times. A sender that has a signing key ends the body by its signature, 64 bytes, see
/// ``BatchSignature``.
public struct BatchBody: Sendable, Equatable {
    /// An entry with its digest.
    public struct Item: Sendable, Equatable {
        /// SHA-256, 32 bytes, see ``Chain``.
        public let digest: Digest
        /// The entry as its sender wrote it.
        ///
        /// A part of the frame that it was read from.
        public let bytes: ArraySlice<UInt8>

        /// An entry.
        public init(digest: Digest, bytes: ArraySlice<UInt8>) {
            self.digest = digest
            self.bytes = bytes
        }

        /// An entry in an array of its own.
        public init(digest: Digest, bytes: [UInt8]) { self.init(digest: digest, bytes: bytes[...]) }
    }

    /// Digest of the entry before the first one.
    public let previous: Digest
    /// The entries, in order of their numbers.
    public let items: [Item]
    /// The sender's signature, or `nil`.
    public let signature: [UInt8]?

    /// A body.
    public init(previous: Digest, items: [Item], signature: [UInt8]? = nil) {
        self.previous = previous
        self.items = items
        self.signature = signature
    }

    /// Bytes that an entry of a length takes up.
    public static func size(ofEntry length: Int) -> Int { 36 + length }

    /// The frame.
    public var bytes: [UInt8] {
        var bytes = previous.bytes
        bytes.reserveCapacity(items.reduce(32) { $0 + Self.size(ofEntry: $1.bytes.count) })
        for item in items {
            bytes.append(contentsOf: item.digest.bytes)
            bytes.append(bigEndian: UInt32(item.bytes.count))
            bytes.append(contentsOf: item.bytes)
        }
        if let signature { bytes.append(contentsOf: signature) }
        return bytes
    }

    /// Reads a frame that must hold exactly `count` entries.
    ///
    /// An entry above ``Limits/entryBytes`` is read too: it is quarantined, and its neighbours are stored.
    public init(_ bytes: [UInt8], count: Int) throws(ProtocolError) {
        guard count >= 1, count <= Limits.batchEntries else { throw ProtocolError(.limitExceeded) }
        guard bytes.count >= 32 else { throw ProtocolError(.malformedBody) }
        var items: [Item] = []
        items.reserveCapacity(count)
        var offset = 32
        for _ in 0..<count {
            guard bytes.count - offset >= 36 else { throw ProtocolError(.malformedBody) }
            let length = Int(bytes.integer(at: offset + 32, as: UInt32.self))
            guard bytes.count - offset - 36 >= length else { throw ProtocolError(.malformedBody) }
            let body = offset + 36
            guard let digest = Digest(bytes.span.extracting(offset..<(offset + 32))) else {
                throw ProtocolError(.malformedBody)
            }
            items.append(Item(digest: digest, bytes: bytes[body..<(body + length)]))
            offset = body + length
        }
        let rest = bytes.count - offset
        guard rest == 0 || rest == BatchSignature.size, let previous = Digest(bytes.span.extracting(..<32)) else {
            throw ProtocolError(.malformedBody)
        }
        self.init(previous: previous, items: items, signature: rest == 0 ? nil : Array(bytes[offset...]))
    }
}
