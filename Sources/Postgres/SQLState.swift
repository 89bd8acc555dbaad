/// A five-character SQLSTATE of PostgreSQL (appendix A of its manual).
public struct SQLState: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// The five characters, for example `40001`.
    public let rawValue: String

    /// A state by its five characters.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// What an error of this state asks its reader to do.
    public enum Remedy: Sendable, Equatable {
        /// The server or the moment is at fault: keep the work, wait, try again.
        case tryAgain
        /// One of the values sent is at fault: find it.
        case findTheValue
        /// The program or its installation is at fault: stop.
        case stop
    }

    /// The remedy, by the class of the state.
    public var remedy: Remedy {
        switch rawValue.prefix(2) {
        case "22", "23", "54": .findTheValue
        case "08", "53", "57", "40", "55", "58", "25", "XX": .tryAgain
        default: .stop
        }
    }

    /// The five characters.
    public var description: String { rawValue }

    /// `40001`, also raised by our own statements when a batch must be run again on a fresh snapshot.
    public static let serializationFailure = SQLState(rawValue: "40001")
    /// `25006`: the server is a standby or set read-only.
    public static let readOnlyTransaction = SQLState(rawValue: "25006")
}
