import Glibc
import Machines
import ZeroMQ

/// Who may come in to a relay: survey senders whose keys are listed, and processes of this machine whose user could read the
/// relay's files anyway.
struct Door {
    /// The domain of the listener.
    static let domain = "hoso.surveys"

    private let senders: [[UInt8]: UInt32]
    private let users: Set<UInt32> = [geteuid(), 0]

    /// A door for survey senders with these keys.
    init(senders keys: [CurvePublicKey]) {
        senders = Dictionary(
            keys.enumerated().map { ($1.bytes, UInt32($0)) }, uniquingKeysWith: { first, _ in first })
    }

    /// The name that a visitor goes by; `nil` sends it away.
    func user(for visitor: Visitor?) -> UserID? {
        guard let visitor, visitor.domain == Self.domain else { return nil }
        return switch visitor.proof {
        case .user(let user): users.contains(user) ? .local : nil
        case .key(let key): senders[key.bytes].map { .survey($0) }
        }
    }
}

extension RelayService.Configuration {
    /// How the relay and survey senders know each other; without a key the socket refuses to listen to a network.
    var security: Security {
        guard !endpoint.hasPrefix("ipc://"), let serverKey else { return .local(domain: Door.domain) }
        return .server(serverKey, domain: Door.domain)
    }
}
