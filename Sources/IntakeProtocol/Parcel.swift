/// A message of DIP/1 as its frames, without routing ids: header, delivery tag on the way to and from workers, body.
public struct Parcel: Sendable, Equatable {
    /// The first frame.
    public let header: Header
    /// The last frame; empty when there is none.
    public let body: [UInt8]

    /// A message with its header sealed.
    public init(_ header: Header, body: [UInt8] = []) {
        var header = header
        header.seal(body)
        self.header = header
        self.body = body
    }

    /// Reads a message of two frames (or one, without body) and checks its checksums.
    public init(frames: [[UInt8]]) throws(ProtocolError) {
        guard frames.count == 1 || frames.count == 2 else { throw ProtocolError(.frameCount) }
        header = try Header(frames[0])
        body = frames.count == 2 ? frames[1] : []
        try header.verify(body)
    }

    /// The frames to send.
    public var frames: [[UInt8]] { [header.bytes, body] }
}
