/// The frame between header and body on the way between broker and worker: which delivery, of which sender.
public struct DeliveryTag: Sendable, Equatable {
    /// Number of the delivery, chosen by the broker and repeated in the answer.
    public let delivery: UInt64
    /// The sender's name, as the broker has established it.
    public let sender: String

    /// A tag.
    public init(delivery: UInt64, sender: String) {
        self.delivery = delivery
        self.sender = sender
    }

    /// The frame: 8 bytes in network byte order, then the name in UTF-8.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: delivery)
        bytes.append(contentsOf: sender.utf8)
        return bytes
    }

    /// Reads a frame.
    public init(_ bytes: [UInt8]) throws(ProtocolError) {
        guard bytes.count >= 8, bytes.count <= 8 + Limits.senderName,
            let name = String(validating: bytes[8...], as: UTF8.self)
        else { throw ProtocolError(.malformedBody) }
        self.init(delivery: bytes.integer(at: 0), sender: name)
    }
}
