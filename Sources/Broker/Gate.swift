import Machines
import Glibc
import ZeroMQ

/// Who may come in to a broker, and who may stay.
struct Gate {
    /// What is to be done about somebody who knocks.
    enum Decision: Equatable {
        case admit(UserID)
        case turnAway
        /// Nobody has told yet who is known: a denial would be for good, so the answer has to wait.
        case wait
    }

    /// The domain of the listeners for senders.
    static let senders = "hoso.senders"
    /// The domain of the listener for workers.
    static let workers = "hoso.workers"

    private(set) var roster: Roster?
    /// The public keys of workers on other machines, with their places in the configuration.
    private let workers: [[UInt8]: UInt32]
    private let workerUser: UInt32?
    private let users: Set<UInt32> = [geteuid(), 0]

    /// A gate that knows nobody yet but the workers with these keys, and those that run as a user of this machine.
    init(workers keys: [CurvePublicKey] = [], user workerUser: UInt32? = nil) {
        self.workerUser = workerUser
        workers = Dictionary(
            keys.enumerated().map { ($1.bytes, UInt32($0)) }, uniquingKeysWith: { first, _ in first })
    }

    /// Decides about a visitor at a moment, in microseconds since 1970.
    func decide(_ visitor: Visitor?, at moment: Int64) -> Decision {
        guard let visitor else { return .turnAway }
        switch visitor.proof {
        // Who runs as this user, or as root, can read keys and spools anyway.
        case .user(let user) where users.contains(user): return .admit(.local)
        case .user(let user): return user == workerUser && visitor.domain == Self.workers ? .admit(.local) : .turnAway
        case .key(let key):
            if visitor.domain == Self.workers {
                return workers[key.bytes].map { .admit(.worker($0)) } ?? .turnAway
            }
            guard visitor.domain == Self.senders else { return .turnAway }
            guard let roster else { return .wait }
            return roster.user(of: key.bytes, at: moment).map { .admit($0) } ?? .turnAway
        }
    }

    /// Whether somebody who was let in may stay.
    func admits(_ user: UserID, at moment: Int64) -> Bool {
        user == .local || roster?.admits(user, at: moment) == true
    }

    /// Takes a roster over; false when it is the one that is known.
    ///
    /// The last one that a worker has read counts, whatever came before: a database may have been restored. A worker that
    /// was held up for a while reads again within a second.
    mutating func use(_ fresh: Roster) -> Bool {
        if roster?.version == fresh.version { return false }
        roster = fresh
        return true
    }
}
