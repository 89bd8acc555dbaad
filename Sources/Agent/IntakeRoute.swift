package import ZeroMQ

/// A way to a broker.
package struct IntakeRoute: Sendable {
    /// Where it listens.
    package let endpoint: String
    /// How each side knows the other.
    package let security: Security

    /// A way to a broker.
    package init(endpoint: String, security: Security) {
        self.endpoint = endpoint
        self.security = security
    }

    /// A way to a broker on this machine.
    package init(local endpoint: String) { self.init(endpoint: endpoint, security: .local(domain: nil)) }
}
