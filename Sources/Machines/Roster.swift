/// The keys by which senders are known to a centre.
package struct Roster: Sendable, Equatable {
    /// A sender's key.
    package struct Member: Sendable, Equatable {
        /// Number of the key.
        package let number: UInt32
        /// Name of the sender.
        package let name: String
        /// The public key, 32 bytes.
        package let key: [UInt8]
        /// The times at which it counts, in microseconds since 1970.
        package let validity: Range<Int64>
        /// Whether it is the key of an enrolment code, with which nothing can be handed in.
        package let isCode: Bool

        fileprivate var user: UserID { isCode ? .code(number) : .sender(name, key: number) }

        /// A member.
        package init(number: UInt32, name: String, key: [UInt8], validity: Range<Int64>, isCode: Bool = false) {
            self.isCode = isCode
            self.number = number
            self.name = name
            self.key = key
            self.validity = validity
        }
    }

    /// Another one with every change.
    package let version: UInt64
    private let byKey: [[UInt8]: Member]
    private let byUser: [UserID: Member]

    /// A roster; keys that have been revoked are not in it.
    package init(version: UInt64, members: [Member]) {
        self.version = version
        byKey = Dictionary(members.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        byUser = Dictionary(
            members.map { ($0.user, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The members, in order of their numbers.
    package var members: [Member] { byKey.values.sorted { $0.number < $1.number } }

    /// Whom a key belongs to at a moment; `nil` when it is not known or does not count then.
    package func user(of key: [UInt8], at moment: Int64) -> UserID? {
        guard let member = byKey[key], member.validity.contains(moment) else { return nil }
        return member.user
    }

    /// Whether the key that somebody came in with still counts.
    package func admits(_ user: UserID, at moment: Int64) -> Bool {
        byUser[user]?.validity.contains(moment) ?? false
    }
}

/// The name that a peer goes by once it has been let in: `NAME#KEY`, `~code#NUMBER` for the holder of an enrolment code,
/// `~worker#PLACE` and `~survey#PLACE` for services on other machines, or `~local` for a process of the machine.
///
/// It names the key too: of two keys of a sender one may be revoked.
package enum UserID: Sendable, Hashable, CustomStringConvertible {
    /// A sender that has proved a key.
    case sender(String, key: UInt32)
    /// Who holds an enrolment code of this number.
    case code(UInt32)
    /// A worker that has proved the key at this place in the broker's list.
    case worker(UInt32)
    /// A survey sender that has proved the key at this place in the relay's list.
    case survey(UInt32)
    /// A process of this machine, of a user who may read the sender's files anyway; it says itself which sender it is.
    case local

    /// A name as it stands on messages.
    package init?(_ text: String) {
        if text == Self.localText {
            self = .local
            return
        }
        // No name has the sign in it.
        guard let sign = text.lastIndex(of: "#"), let key = UInt32(text[text.index(after: sign)...]) else { return nil }
        switch String(text[..<sign]) {
        case Self.codeText: self = .code(key)
        case Self.workerText: self = .worker(key)
        case Self.surveyText: self = .survey(key)
        case let name: self = .sender(name, key: key)
        }
    }

    /// The name as it stands on messages.
    package var description: String {
        switch self {
        case .sender(let name, let key): "\(name)#\(key)"
        case .code(let number): "\(Self.codeText)#\(number)"
        case .worker(let place): "\(Self.workerText)#\(place)"
        case .survey(let place): "\(Self.surveyText)#\(place)"
        case .local: Self.localText
        }
    }

    // No sender has a name with this sign.
    private static var localText: String { "~local" }
    private static var codeText: String { "~code" }
    private static var workerText: String { "~worker" }
    private static var surveyText: String { "~survey" }
}
