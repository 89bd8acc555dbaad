/// The first frame of every message: 56 bytes, integers in network byte order.
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 4 | `DIP1` |
/// | 4 | 1 | version, 1 |
/// | 5 | 1 | command |
/// | 6 | 1 | content type |
/// | 7 | 1 | BATCH: how often the sender has sent it, this time included, at most 254; 0 unknown, and in all others |
/// | 8 | 8 | epoch of the sender's spool |
/// | 16 | 8 | session: random, chosen with HELLO, repeated by both sides |
/// | 24 | 8 | first sequence number; HELLO and PING of a sender: the lowest number without receipt, 0 unknown |
/// | 32 | 8 | head: highest sequence number that the sender has assigned |
/// | 40 | 4 | count of entries |
/// | 44 | 4 | length of the body frame |
/// | 48 | 4 | CRC-32 of the body frame |
/// | 52 | 4 | CRC-32 of bytes 0 to 51 |
public struct Header: Sendable, Equatable {
    /// Length of a header.
    public static let length = 56

    /// What the message asks or tells.
    public var command: Command
    /// How the body is written.
    public var contentType: ContentType
    /// Epoch of the sender's spool, random and made with it.
    public var epoch: UInt64 = 0
    /// The session that HELLO began.
    public var session: UInt64 = 0
    /// How often a batch has been sent, this time included; 0 when the sender does not say.
    public var attempt: UInt8 = 0
    /// Sequence number of the first entry (BATCH, RECEIPT), or the lowest number without receipt (HELLO, PING).
    public var first: UInt64 = 0
    /// The highest sequence number that the sender has assigned.
    public var head: UInt64 = 0
    /// Number of entries (BATCH, RECEIPT) or capacity in entries (HELLO of a worker).
    public var count: UInt32 = 0
    /// Length of the body frame in bytes.
    public private(set) var bodyLength: UInt32 = 0
    private var bodyChecksum: UInt32 = 0

    /// A header without body.
    public init(_ command: Command, contentType: ContentType = .none) {
        self.command = command
        self.contentType = contentType
    }

    /// Records the length and checksum of the body.
    public mutating func seal(_ body: [UInt8]) {
        bodyLength = UInt32(body.count)
        bodyChecksum = Checksum.crc32(body)
    }

    /// The frame.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.length)
        bytes.append(contentsOf: Self.magic)
        bytes.append(contentsOf: [1, command.rawValue, contentType.rawValue, attempt])
        bytes.append(bigEndian: epoch)
        bytes.append(bigEndian: session)
        bytes.append(bigEndian: first)
        bytes.append(bigEndian: head)
        bytes.append(bigEndian: count)
        bytes.append(bigEndian: bodyLength)
        bytes.append(bigEndian: bodyChecksum)
        bytes.append(bigEndian: Checksum.crc32(bytes))
        return bytes
    }

    /// Reads a frame.
    public init(_ bytes: [UInt8]) throws(ProtocolError) {
        guard bytes.count == Self.length, bytes.starts(with: Self.magic) else { throw ProtocolError(.notDIP) }
        guard bytes[4] == 1 else { throw ProtocolError(.unsupportedVersion) }
        guard Checksum.crc32(bytes[..<52]) == bytes.integer(at: 52) else { throw ProtocolError(.damagedHeader) }
        guard let command = Command(rawValue: bytes[5]) else { throw ProtocolError(.unknownCommand) }
        guard let contentType = ContentType(rawValue: bytes[6]) else { throw ProtocolError(.unknownContentType) }
        self.init(command, contentType: contentType)
        attempt = bytes[7]
        epoch = bytes.integer(at: 8)
        session = bytes.integer(at: 16)
        first = bytes.integer(at: 24)
        head = bytes.integer(at: 32)
        count = bytes.integer(at: 40)
        bodyLength = bytes.integer(at: 44)
        bodyChecksum = bytes.integer(at: 48)
        guard max(first, head) <= Limits.highestNumber else { throw ProtocolError(.limitExceeded) }
    }

    /// What can be made out of a frame that is no valid header, to answer its sender in the way that it writes.
    public static func salvaged(_ bytes: [UInt8]) -> (contentType: ContentType?, session: UInt64) {
        guard bytes.count >= 24, bytes.starts(with: magic) else { return (nil, 0) }
        return (ContentType(rawValue: bytes[6]), bytes.integer(at: 16))
    }

    /// Checks that a body is the one that was sealed.
    public func verify(_ body: [UInt8]) throws(ProtocolError) {
        guard body.count == Int(bodyLength), Checksum.crc32(body) == bodyChecksum else {
            throw ProtocolError(.damagedBody)
        }
    }

    private static let magic: [UInt8] = Array("DIP1".utf8)
}
