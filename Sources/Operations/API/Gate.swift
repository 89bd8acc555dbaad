import Dossiers
import HTTPTypes
import Hummingbird
import Observability
import Postgres
import Store

/// Who may ask over HTTP.
package struct AccessPolicy: Sendable, Equatable {
    /// How callers show who they are.
    package enum Mode: String, Sendable, CaseIterable {
        /// Whoever is on this machine may ask everything; others need a token.
        case loopback
        /// Everybody needs a token.
        case token
        /// A proxy on this machine names its user; others need a token.
        case proxy
    }

    /// How callers show who they are.
    package var mode = Mode.loopback
    /// The field by which the proxy names its user.
    package var proxyHeader = "X-Remote-User"
    /// Questions a minute of each caller; 0: as many as they like.
    package var requestsPerMinute = 600

    /// The policy of a machine that nobody has configured.
    package init() {}
}

/// Lets callers in or turns them away.
actor Gate {
    private let policy: AccessPolicy
    private let pool: QueryPool
    private var limit: RateLimit
    private var tokens: [String: (token: AccessTokens.Token, until: ContinuousClock.Instant)] = [:]

    /// For how long a token counts before the database is asked again whether it still does.
    static let trust = Duration.seconds(10)

    init(_ policy: AccessPolicy, _ pool: QueryPool) {
        self.policy = policy
        self.pool = pool
        limit = RateLimit(perMinute: policy.requestsPerMinute)
    }

    /// Finds out who asks.
    /// - Throws: `Problem` for whoever may not, `PostgresError` while nobody can tell.
    func admit(_ request: Request) async throws -> Caller {
        let peer = request.headers[values: Peer.field].first ?? Peer.local
        if let authorization = request.headers[.authorization] {
            return try await holder(of: authorization, peer)
        }
        try count("address \(peer)")
        guard Peer.isHere(peer) else { throw Self.stranger }
        switch policy.mode {
        case .token: throw Self.stranger
        case .proxy:
            guard let name = HTTPField.Name(policy.proxyHeader), request.headers[values: name].count == 1,
                let user = request.headers[name], !user.isEmpty
            else { throw Self.stranger }
            try count("user \(user)")
            return Caller(name: "user \(user)", role: .operations, units: nil)
        case .loopback:
            guard !Self.comesFromElsewhere(request) else { throw Self.stranger }
            return Caller(name: "address \(peer)", role: .operations, units: nil)
        }
    }

    private func holder(of authorization: String, _ peer: String) async throws -> Caller {
        let words = authorization.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].lowercased() == "bearer",
            let digest = AccessSecret(text: String(words[1]))?.digest
        else {
            try count("address \(peer)")
            throw Self.stranger
        }
        let key = digest.map { String($0, radix: 16) }.joined(separator: " ")
        let now = ContinuousClock.now
        if let known = tokens[key], known.until > now {
            try count("token \(known.token.number)")
            return Caller(name: known.token.name, role: known.token.role, units: known.token.units)
        }
        // Whoever guesses is counted by where they are.
        try count("address \(peer)")
        tokens[key] = nil
        let found = try await pool.perform { connection in try await AccessTokens(connection).find(digest) }
        guard let found else { throw Self.stranger }
        if tokens.count >= RateLimit.mostCallers { tokens.removeAll() }
        tokens[key] = (found, now.advanced(by: Self.trust))
        return Caller(name: found.name, role: found.role, units: found.units)
    }

    private func count(_ caller: String) throws {
        guard let seconds = limit.take(caller, at: .now) else { return }
        throw Problem(
            .tooMany, "Hãy thử lại sau \(seconds) giây.", "Try again in \(seconds) seconds.",
            headers: [.retryAfter: "\(seconds)"])
    }

    private static let stranger = Problem(
        .unauthorized, "Hãy gửi mã truy cập: Authorization: Bearer … (tạo bằng hoso token create).",
        "Send a token: Authorization: Bearer … (made by hoso token create).",
        headers: [.wwwAuthenticate: "Bearer realm=\"hoso\""])

    /// Whether a request over the loopback was made by somebody else: a proxy that passes it on, or a page of another host whose
    /// name leads here.
    private static func comesFromElsewhere(_ request: Request) -> Bool {
        let forwarded = ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"].compactMap { HTTPField.Name($0) }
        if forwarded.contains(where: { request.headers[$0] != nil }) { return true }
        guard var host = request.head.authority?.lowercased() else { return false }
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
            host = String(host[host.index(after: host.startIndex)..<end])
        } else if let colon = host.lastIndex(of: ":") {
            host = String(host[..<colon])
        }
        return !(host.isEmpty || host == "localhost" || Peer.isHere(host))
    }
}
