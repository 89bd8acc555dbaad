import CZeroMQ
public import Polling

/// A ROUTER or DEALER socket: non-blocking, owned by one value and used on one thread.
///
/// Wait for it with `PollingExecutor.wait(for:until:)` and ``interest(_:)``; after any call, receive until `nil`.
@safe public struct Socket: ~Copyable {
    /// The patterns that this wrapper offers.
    public enum Kind: Sendable {
        /// Talks to many peers and names the peer in a first frame.
        case router
        /// Talks to the peers it is connected to, in turn.
        case dealer
    }

    /// What became of a message given to ``send(_:)``.
    public enum Delivery: Sendable, Equatable {
        /// libzmq took it; that says nothing about the peer.
        case queued
        /// The peer's queue is full, or (DEALER) no peer is connected. Nothing was taken.
        case wouldBlock
        /// The peer named by the first frame is not connected (ROUTER). Nothing was taken.
        case unreachable
    }

    let handle: UnsafeMutableRawPointer
    // Keeps the context alive until the socket is closed.
    private let context: Context
    private let claims = EndpointClaims()

    /// Opens a socket.
    /// - Throws: ``ZeroMQError`` when the process is out of descriptors or an option is refused.
    public init(_ kind: Kind, in context: Context, options: SocketOptions = SocketOptions()) throws(ZeroMQError) {
        let type = kind == .router ? ZMQ_ROUTER : ZMQ_DEALER
        guard let handle = unsafe zmq_socket(context.handle, type) else { throw .last("zmq_socket") }
        do {
            try unsafe options.apply(to: handle, of: kind)
        } catch {
            _ = unsafe zmq_close(handle)
            throw error
        }
        unsafe self.handle = handle
        self.context = context
    }

    deinit { _ = unsafe zmq_close(handle) }

    /// Listens on an endpoint such as `ipc:///run/hoso/intake` or `tcp://127.0.0.1:*`; several may differ in their keys.
    /// - Parameter descriptor: a socket that listens there already, opened by whoever started this process.
    /// - Throws: ``ZeroMQError``, also when another process listens there, and for a network without CURVE.
    public func bind(
        _ endpoint: String, as security: Security = .local(domain: nil), adopting descriptor: Int32? = nil
    ) throws(ZeroMQError) {
        try apply(security, to: endpoint, "zmq_bind")
        // The file of a socket that was handed over is its owner's, and stays.
        if descriptor == nil { try claims.add(endpoint) }
        try unsafe SocketTarget(handle: handle).set(ZMQ_USE_FD, descriptor ?? -1)
        guard unsafe zmq_bind(handle, endpoint) == 0 else { throw .last("zmq_bind", subject: endpoint) }
    }

    /// Connects to an endpoint; libzmq reconnects for as long as the socket is open.
    /// - Throws: ``ZeroMQError``, also for a network without CURVE.
    public func connect(_ endpoint: String, as security: Security = .local(domain: nil)) throws(ZeroMQError) {
        try apply(security, to: endpoint, "zmq_connect")
        guard unsafe zmq_connect(handle, endpoint) == 0 else { throw .last("zmq_connect", subject: endpoint) }
    }

    private func apply(_ security: Security, to endpoint: String, _ operation: String) throws(ZeroMQError) {
        guard security.allows(endpoint) else {
            throw ZeroMQError(code: accessCode, operation: operation, subject: endpoint)
        }
        try unsafe security.apply(to: SocketTarget(handle: handle))
    }

    /// Where it listens: the endpoint that was bound last, with the number of the port that the system chose.
    public var lastEndpoint: String {
        var text = [CChar](repeating: 0, count: 1_024)
        var length = text.count
        guard unsafe zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, &text, &length) == 0 else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Stops listening on an endpoint; connections that have come through it go on.
    public func unbind(_ endpoint: String) throws(ZeroMQError) {
        guard unsafe zmq_unbind(handle, endpoint) == 0 else { throw .last("zmq_unbind", subject: endpoint) }
    }

    /// An interest in this socket; the socket must stay open while it is waited for.
    public func interest(_ events: Interest.Events) -> Interest { unsafe Interest.socket(handle, events) }

    /// Takes the next message, or `nil` when there is none.
    /// - Throws: ``ZeroMQError``, with ``ZeroMQError/isTermination`` when the context is shut down.
    public func receive() throws(ZeroMQError) -> [Frame]? {
        guard let first = try receiveFrame() else { return nil }
        var frames = [first]
        while frames[frames.count - 1].hasMore {
            guard let next = try receiveFrame() else { break }
            // A peer that sends thousands of frames is cut short here: what is kept stays small and is refused above.
            if frames.count < Self.mostFrames { frames.append(next) } else { frames[Self.mostFrames - 1] = next }
        }
        return frames
    }

    /// Hands a message to libzmq, whole or not at all.
    public func send(_ frames: [Frame]) throws(ZeroMQError) -> Delivery {
        frames: for (index, frame) in frames.enumerated() {
            let flags = index + 1 < frames.count ? ZMQ_DONTWAIT | ZMQ_SNDMORE : ZMQ_DONTWAIT
            while unsafe zmq_msg_send(frame.message, handle, flags) < 0 {
                let error = ZeroMQError.last("zmq_msg_send")
                switch error.code {
                case interruptedCode: continue
                case againCode where index == 0: return .wouldBlock
                case unreachableCode where index == 0: return .unreachable
                // The peer was lost in the middle of the message: libzmq rolls back what it had and drops the rest of
                // the message, which it has to be given. As with a peer that is lost later, nothing has arrived.
                case againCode, unreachableCode: continue frames
                default: throw error
                }
            }
        }
        return .queued
    }

    private static var mostFrames: Int { 8 }

    private func receiveFrame() throws(ZeroMQError) -> Frame? {
        let frame = Frame()
        while unsafe zmq_msg_recv(frame.message, handle, ZMQ_DONTWAIT) < 0 {
            let error = ZeroMQError.last("zmq_msg_recv")
            if error.code == interruptedCode { continue }
            if error.code == againCode { return nil }
            throw error
        }
        return frame
    }
}

private let interruptedCode: Int32 = 4
private let againCode: Int32 = 11
/// `EACCES`.
private let accessCode: Int32 = 13
