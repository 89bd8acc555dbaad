import CZeroMQ
import Glibc
import Polling

/// Who is connected to a listening socket, by the descriptors that libzmq tells of.
///
/// Used on the thread of the socket, which it must not outlive.
@safe struct ConnectionMonitor: ~Copyable {
    private let handle: UnsafeMutableRawPointer
    private let watched: UnsafeMutableRawPointer
    // Keeps the context alive until the socket is closed.
    private let context: Context

    /// What has happened to a connection.
    enum Event: Equatable {
        case accepted(Int32)
        case lost(Int32)
        /// The peer has let us in.
        case admitted
        /// The peer's gatekeeper has sent us away, for as long as the socket lives.
        case denied
        /// There was no handshake: another key than the one that was expected, or no CURVE at all.
        case mismatched
    }

    /// What a listening socket is watched for.
    static var listening: Int32 { ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED }
    /// What a connecting socket is watched for.
    static var connecting: Int32 {
        ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
            | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
    }

    init(
        _ socket: borrowing Socket, in context: Context, events: Int32 = ConnectionMonitor.listening
    ) throws(ZeroMQError) {
        guard let handle = unsafe zmq_socket(context.handle, ZMQ_PAIR) else { throw .last("zmq_socket") }
        // The address of a socket is its name as long as it is open.
        let endpoint = unsafe "inproc://monitor-\(UInt(bitPattern: socket.handle))"
        guard unsafe zmq_socket_monitor(socket.handle, endpoint, events) == 0,
            unsafe zmq_connect(handle, endpoint) == 0
        else {
            let error = ZeroMQError.last("zmq_socket_monitor")
            _ = unsafe zmq_close(handle)
            throw error
        }
        unsafe self.handle = handle
        unsafe watched = socket.handle
        self.context = context
    }

    deinit {
        _ = unsafe zmq_socket_monitor(watched, nil, 0)
        _ = unsafe zmq_close(handle)
    }

    /// An interest in events; the socket must stay open while it is waited for.
    var interest: Interest { unsafe Interest.socket(handle, .readable) }

    /// The next event, or `nil` when there is none.
    func next() -> Event? {
        // A frame with the event in 16 bits and its value in 32, and one with the endpoint.
        let frame = Frame(), endpoint = Frame()
        guard unsafe zmq_msg_recv(frame.message, handle, ZMQ_DONTWAIT) == 6,
            unsafe zmq_msg_recv(endpoint.message, handle, ZMQ_DONTWAIT) >= 0
        else { return nil }
        let (event, value) = unsafe (
            zmq_msg_data(frame.message).loadUnaligned(as: UInt16.self),
            zmq_msg_data(frame.message).loadUnaligned(fromByteOffset: 2, as: Int32.self)
        )
        switch Int32(event) {
        case ZMQ_EVENT_ACCEPTED: return .accepted(value)
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: return .admitted
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: return .denied
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: return .mismatched
        default: return .lost(value)
        }
    }

    /// Ends a connection: libzmq reads its end, and frees what it has kept of an unfinished message.
    func cut(_ connection: Int32) { _ = shutdown(connection, Int32(SHUT_RDWR)) }
}

extension Frame {
    /// The connection that a received frame came through; `nil` for the frame that names the peer.
    var connection: Int32? {
        let descriptor = unsafe zmq_msg_get(message, ZMQ_SRCFD)
        return descriptor < 0 ? nil : descriptor
    }
}
