import CZeroMQ

/// How an endpoint knows who is at the other end.
public enum Security: Sendable {
    /// The kernel tells whose process it is; only for `ipc://` and `inproc://`.
    ///
    /// With a domain, each peer is asked about at the ``Gatekeeper``, by the number of its user.
    case local(domain: String?)
    /// A listener with a CURVE key: each peer is asked about at the ``Gatekeeper``, by its public key.
    case server(CurveSecretKey, domain: String)
    /// A connection with a CURVE key, to a server whose public key is known beforehand.
    case client(CurveSecretKey, server: CurvePublicKey)

    /// Whether an endpoint may be used with it: nothing without CURVE goes over a network.
    func allows(_ endpoint: String) -> Bool {
        guard case .local = self else { return true }
        return endpoint.hasPrefix("ipc://") || endpoint.hasPrefix("inproc://")
    }

    /// Sets the options of the endpoint that is bound or connected next.
    func apply(to target: borrowing SocketTarget) throws(ZeroMQError) {
        // A socket with a domain and without anybody at the gate lets nobody in, rather than everybody. The option is a
        // draft in the header of libzmq 4.3, and works.
        try unsafe target.set(Self.enforcesDomain, Int32(1))
        switch self {
        case .local(let domain):
            try unsafe target.set(ZMQ_CURVE_SERVER, Int32(0))
            if let domain { try unsafe target.set(ZMQ_ZAP_DOMAIN, text: domain) }
        case .server(let key, let domain):
            try unsafe target.set(ZMQ_ZAP_DOMAIN, text: domain)
            try unsafe target.set(ZMQ_CURVE_SERVER, Int32(1))
            try unsafe target.set(ZMQ_CURVE_SECRETKEY, key: key.revealed)
        case .client(let key, let server):
            try unsafe target.set(ZMQ_CURVE_SERVERKEY, key: server.z85)
            try unsafe target.set(ZMQ_CURVE_PUBLICKEY, key: key.publicKey.z85)
            try unsafe target.set(ZMQ_CURVE_SECRETKEY, key: key.revealed)
        }
    }

    /// `ZMQ_ZAP_ENFORCE_DOMAIN`.
    private static var enforcesDomain: Int32 { 93 }
}
