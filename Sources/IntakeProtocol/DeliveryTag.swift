/// The frame between header and body on the way between broker and worker: which delivery, of which sender.
public struct DeliveryTag: Sendable, Equatable {
    /// Number of the delivery, chosen by the broker and repeated in the answer.
    public let delivery: UInt64
    /// Version of the roster that the broker went by when it handed the delivery over; 0 before there is one.
    ///
    /// A worker that goes by another one looks at the database once more before it judges what the sender may do.
    public let roster: UInt64
    /// The sender's name, as the broker has established it.
    public let sender: String

    /// A tag.
    public init(delivery: UInt64, roster: UInt64, sender: String) {
        self.delivery = delivery
        self.roster = roster
        self.sender = sender
    }

    /// The frame: twice 8 bytes in network byte order, then the name in UTF-8.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16 + sender.utf8.count)
        bytes.append(bigEndian: delivery)
        bytes.append(bigEndian: roster)
        bytes.append(contentsOf: sender.utf8)
        return bytes
    }

    /// Reads a frame.
    public init(_ bytes: [UInt8]) throws(ProtocolError) {
        guard bytes.count >= 16, bytes.count <= 16 + Limits.senderName,
            let name = String(validating: bytes[16...], as: UTF8.self)
        else { throw ProtocolError(.malformedBody) }
        self.init(delivery: bytes.integer(at: 0), roster: bytes.integer(at: 8), sender: name)
    }
}
