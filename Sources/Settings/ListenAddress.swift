/// How log lines are written.
package enum LogFormat: Sendable {
    /// A JSON object a line.
    case json
    /// For people.
    case text
}

/// How callers of the HTTP API show who they are.
package enum OperationsAccess: String, Sendable, CaseIterable {
    /// Whoever is on this machine may ask; others need a token.
    case loopback
    /// Everybody needs a token.
    case token
    /// A proxy on this machine names its user.
    case proxy
}

/// Where a server listens.
package struct ListenAddress: Sendable, Equatable {
    /// A name or address of this machine.
    package let host: String
    /// The port; 0: one that the system chooses.
    package let port: Int

    /// An address written as `HOST:PORT`; an IPv6 address stands in brackets.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let number = text[text.index(after: colon)...]
        guard (1...5).contains(number.count), number.allSatisfy({ $0.isASCII && $0.isNumber }), let port = Int(number),
            port <= 65_535
        else { return nil }
        var host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = host.dropFirst().dropLast() }
        // An IPv6 address without brackets could be read in two ways.
        guard isBracketed || !host.contains(":") else { return nil }
        guard !host.isEmpty, !host.contains(where: \.isWhitespace) else { return nil }
        self.host = String(host)
        self.port = port
    }

    private init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// The standard address of operations.
    static let standard = ListenAddress(host: "127.0.0.1", port: 8_610)

    /// Whether only this machine reaches it.
    package var isLoopback: Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return host == "localhost" || host == "::1" || parts.count == 4 && !parts.contains(nil) && parts[0] == 127
    }
}
