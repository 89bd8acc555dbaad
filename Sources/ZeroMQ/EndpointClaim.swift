import Glibc

/// The sole right to listen on an `ipc://` endpoint, for as long as this object lives.
///
/// libzmq removes the file of a socket before it binds, also when another process listens there: a second broker would
/// take the endpoint from the first without a word, and leave nobody listening when it ends. So a lock is held on a
/// file beside the socket.
final class EndpointClaim: Sendable {
    private let descriptor: Int32

    /// `nil` when the endpoint is not a path, or its folder takes no file, about which the bind itself will complain.
    init?(_ endpoint: String) throws(ZeroMQError) {
        guard endpoint.hasPrefix("ipc:///") else { return nil }
        let descriptor = unsafe open(String(endpoint.dropFirst(6)) + ".lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw ZeroMQError(code: EADDRINUSE, operation: "zmq_bind", subject: endpoint)
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}

/// The claims of a socket.
final class EndpointClaims {
    private var claims: [EndpointClaim] = []

    /// Claims an endpoint until the socket is closed.
    func add(_ endpoint: String) throws(ZeroMQError) {
        if let claim = try EndpointClaim(endpoint) { claims.append(claim) }
    }
}
