import CZeroMQ

/// Options of a ``Socket``, to be chosen before it binds or connects.
///
/// The defaults suit a peer that keeps everything undelivered elsewhere: nothing lingers, queues are short, messages
/// are bounded, and a dead link is noticed within seconds.
public struct SocketOptions: Sendable {
    /// Messages that wait per peer and direction before sending would block.
    public var highWaterMark: Int32 = 64
    /// Whether what a peer sends waits with the peer when that many of its messages have not been received yet.
    ///
    /// In libzmq 4.3 a connection that waits so, and is then lost, ends the whole process with its next heartbeat or with a
    /// heartbeat that had come before. Where others than our own processes connect, it is not to wait: who sends faster than
    /// is read is cut, see ``MemoryGuard``.
    public var holdsBackPeers = true
    /// Largest frame in bytes; a peer that sends a larger one is disconnected.
    public var largestFrame: Int64 = 262_144
    /// How long unsent messages outlive their socket, in milliseconds.
    public var lingerMilliseconds: Int32 = 0
    /// Whether a send to a peer that is not connected is refused instead of queued (DEALER).
    public var sendsOnlyWhenConnected = true
    /// First pause before reconnecting, in milliseconds.
    public var reconnectMilliseconds: Int32 = 200
    /// Longest pause before reconnecting, in milliseconds.
    public var longestReconnectMilliseconds: Int32 = 15_000
    /// Interval of ZMTP heartbeats in milliseconds; they see dead links, not hung programs.
    public var heartbeatMilliseconds: Int32 = 2_000
    /// Silence after which a link counts as dead, in milliseconds.
    public var heartbeatTimeoutMilliseconds: Int32 = 6_000
    /// How long a peer may take to complete the handshake, in milliseconds.
    public var handshakeMilliseconds: Int32 = 3_000
    /// Connections that the kernel holds for a listening socket.
    public var backlog: Int32 = 1_024

    /// The defaults.
    public init() {}

    /// Those of a listener that others than our own processes connect to.
    public static var exposed: SocketOptions {
        var options = SocketOptions()
        options.holdsBackPeers = false
        return options
    }
}

extension SocketOptions {
    /// Sets the options on a socket that is neither bound nor connected.
    func apply(to handle: UnsafeMutableRawPointer, of kind: Socket.Kind) throws(ZeroMQError) {
        let target = unsafe SocketTarget(handle: handle)
        try unsafe target.set(ZMQ_LINGER, lingerMilliseconds)
        try unsafe target.set(ZMQ_SNDHWM, highWaterMark)
        try unsafe target.set(ZMQ_RCVHWM, holdsBackPeers ? highWaterMark : 0)
        try unsafe target.set(ZMQ_MAXMSGSIZE, largestFrame)
        try unsafe target.set(ZMQ_RECONNECT_IVL, reconnectMilliseconds)
        try unsafe target.set(ZMQ_RECONNECT_IVL_MAX, longestReconnectMilliseconds)
        try unsafe target.set(ZMQ_HEARTBEAT_IVL, heartbeatMilliseconds)
        try unsafe target.set(ZMQ_HEARTBEAT_TIMEOUT, heartbeatTimeoutMilliseconds)
        try unsafe target.set(ZMQ_HEARTBEAT_TTL, Int32(10_000))
        try unsafe target.set(ZMQ_HANDSHAKE_IVL, handshakeMilliseconds)
        try unsafe target.set(ZMQ_BACKLOG, backlog)
        // Over TCP: a server that does not answer at all is given up, and a link that carries nothing is looked after.
        try unsafe target.set(ZMQ_CONNECT_TIMEOUT, Int32(5_000))
        try unsafe target.set(ZMQ_TCP_KEEPALIVE, Int32(1))
        try unsafe target.set(ZMQ_TCP_KEEPALIVE_IDLE, Int32(60))
        try unsafe target.set(ZMQ_TCP_KEEPALIVE_INTVL, Int32(10))
        try unsafe target.set(ZMQ_TCP_KEEPALIVE_CNT, Int32(3))
        switch kind {
        case .router:
            // Without it a ROUTER drops what it cannot deliver and calls that success.
            try unsafe target.set(ZMQ_ROUTER_MANDATORY, Int32(1))
        case .dealer:
            try unsafe target.set(ZMQ_IMMEDIATE, sendsOnlyWhenConnected ? Int32(1) : 0)
        }
    }
}

/// A socket whose options are being set.
@unsafe struct SocketTarget {
    let handle: UnsafeMutableRawPointer

    func set(_ option: Int32, text: String) throws(ZeroMQError) {
        guard unsafe zmq_setsockopt(handle, option, text, text.utf8.count) == 0 else {
            throw .last("zmq_setsockopt", subject: String(option))
        }
    }

    /// Sets a key in Z85, of which libzmq wants the zero behind it too.
    func set(_ option: Int32, key: String) throws(ZeroMQError) {
        guard unsafe zmq_setsockopt(handle, option, key, key.utf8.count + 1) == 0 else {
            throw .last("zmq_setsockopt", subject: String(option))
        }
    }

    func set<Value: BitwiseCopyable>(_ option: Int32, _ value: Value) throws(ZeroMQError) {
        var value = value
        let result = unsafe withUnsafeBytes(of: &value) { bytes in
            unsafe zmq_setsockopt(handle, option, bytes.baseAddress, bytes.count)
        }
        guard result == 0 else { throw .last("zmq_setsockopt", subject: String(option)) }
    }
}
