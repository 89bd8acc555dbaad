public import Polling

/// What became of the handshakes of a connecting socket, which it must not outlive.
public struct Handshakes: ~Copyable {
    /// The outcome of a handshake.
    public enum Outcome: Sendable, Equatable {
        /// The peer has let us in.
        case admitted
        /// The peer does not know our key, or no longer; libzmq does not try again on this socket.
        case denied
        /// The peer has another key than the one that was expected, or none; libzmq tries again.
        case mismatched
    }

    private let monitor: ConnectionMonitor

    /// Watches a socket from before it connects.
    public init(of socket: borrowing Socket, in context: Context) throws(ZeroMQError) {
        monitor = try ConnectionMonitor(socket, in: context, events: ConnectionMonitor.connecting)
    }

    /// An interest in outcomes; the socket must stay open while it is waited for.
    public var interest: Interest { monitor.interest }

    /// The next outcome, or `nil` when there is none.
    public func next() -> Outcome? {
        while let event = monitor.next() {
            switch event {
            case .admitted: return .admitted
            case .denied: return .denied
            case .mismatched: return .mismatched
            case .accepted, .lost: continue
            }
        }
        return nil
    }
}
