import CZeroMQ

/// One frame of a message; owns its bytes, which are shared by reference when it is forwarded.
///
/// A frame belongs to one thread at a time.
@safe public final class Frame {
    let message: UnsafeMutablePointer<zmq_msg_t>

    /// An empty frame.
    public init() {
        unsafe message = .allocate(capacity: 1)
        _ = unsafe zmq_msg_init(message)
    }

    /// A frame with a copy of `bytes`.
    public init(_ bytes: [UInt8]) {
        unsafe message = .allocate(capacity: 1)
        let isMade = unsafe zmq_msg_init_size(message, bytes.count) == 0
        precondition(isMade, "out of memory")
        guard !bytes.isEmpty else { return }
        unsafe bytes.withUnsafeBytes { source in
            unsafe zmq_msg_data(message).copyMemory(from: source.baseAddress.unsafelyUnwrapped, byteCount: source.count)
        }
    }

    deinit {
        _ = unsafe zmq_msg_close(message)
        unsafe message.deallocate()
    }

    /// Number of bytes.
    public var count: Int { unsafe zmq_msg_size(message) }

    /// A copy of the bytes.
    public var bytes: [UInt8] {
        unsafe [UInt8](UnsafeRawBufferPointer(start: zmq_msg_data(message), count: count))
    }

    /// Another frame on the same bytes, for sending a message that may have to be sent again.
    public func shared() -> Frame {
        let frame = Frame()
        let isShared = unsafe zmq_msg_copy(frame.message, message) == 0
        precondition(isShared, "an initialised frame can be shared")
        return frame
    }

    /// The name that the ``Gatekeeper`` gave to the peer that sent it; `nil` on the frame that names the peer to a ROUTER,
    /// and where nobody was asked.
    public var userID: String? {
        guard let text = unsafe zmq_msg_gets(message, "User-Id") else { return nil }
        // A copy: it belongs to the frame.
        return unsafe String(cString: text)
    }

    var hasMore: Bool { unsafe zmq_msg_more(message) != 0 }
}
