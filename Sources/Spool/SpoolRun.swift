/// Consecutive entries that have no receipt, as the body of BATCH.
package struct SpoolRun: Sendable {
    /// An entry and its place in the chain.
    package struct Entry: Sendable {
        /// SHA-256 over the previous digest, epoch, number and body.
        package let digest: [UInt8]
        /// The entry.
        package let body: [UInt8]
    }

    /// Number of the first entry.
    package let first: UInt64
    /// 1 protobuf, 2 JSON.
    package let contentType: UInt8
    /// How many entries these are.
    package private(set) var count = 0
    /// The digest before the first entry (32 bytes), then per entry its digest (32), its length (4, network byte order)
    /// and its bytes.
    package private(set) var body: [UInt8] = []

    /// A run without entries.
    /// - Parameters:
    ///   - row: the entry that is to be its first.
    ///   - room: bytes of entries that it will probably hold.
    init(before row: EntryRow, room: Int) {
        first = row.number
        contentType = row.kind
        body.reserveCapacity(32 + max(room, row.size) + 64)
        row.appendPrevious(to: &body)
    }

    /// Adds the entry that follows.
    mutating func append(_ row: EntryRow) {
        row.append(to: &body)
        count += 1
    }

    /// Ends the body by the sender's signature; nothing is added after it.
    package mutating func append(signature: [UInt8]) { body.append(contentsOf: signature) }

    /// Bytes of the entries, counting 36 beside each body.
    var size: Int { body.count - 32 }

    /// Digest of the entry before the first one.
    package var previous: [UInt8] { Array(body[..<32]) }

    /// The entries, each copied out of ``body``.
    package var entries: [Entry] {
        var rest = body[32...]
        return (0..<count).map { _ in
            let digest = Array(rest.prefix(32))
            let length = rest.dropFirst(32).prefix(4).reduce(0) { $0 << 8 | Int($1) }
            defer { rest = rest.dropFirst(36 + length) }
            return Entry(digest: digest, body: Array(rest.dropFirst(36).prefix(length)))
        }
    }
}
