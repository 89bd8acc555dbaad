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

        /// A member.
        package init(number: UInt32, name: String, key: [UInt8], validity: Range<Int64>) {
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
            members.map { (UserID.sender($0.name, key: $0.number), $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The members, in order of their numbers.
    package var members: [Member] { byKey.values.sorted { $0.number < $1.number } }

    /// Whom a key belongs to at a moment; `nil` when it is not known or does not count then.
    package func user(of key: [UInt8], at moment: Int64) -> UserID? {
        guard let member = byKey[key], member.validity.contains(moment) else { return nil }
        return .sender(member.name, key: member.number)
    }

    /// Whether the key that somebody came in with still counts.
    package func admits(_ user: UserID, at moment: Int64) -> Bool {
        byUser[user]?.validity.contains(moment) ?? false
    }
}

/// The name that a peer goes by once it has been let in: `NAME#KEY`, or `~local` for a process of the machine.
///
/// It names the key too: of two keys of a sender one may be revoked.
package enum UserID: Sendable, Hashable, CustomStringConvertible {
    /// A sender that has proved a key.
    case sender(String, key: UInt32)
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
        self = .sender(String(text[..<sign]), key: key)
    }

    /// The name as it stands on messages.
    package var description: String {
        switch self {
        case .sender(let name, let key): "\(name)#\(key)"
        case .local: Self.localText
        }
    }

    private static var localText: String { "~local" }
}
