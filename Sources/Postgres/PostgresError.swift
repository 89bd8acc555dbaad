/// A call of libpq or a statement failed.
///
/// The texts of the server may hold values of rows, so none of them is kept: only the state and the constraint's name.
public struct PostgresError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it was.
    public enum Code: Sendable, Equatable {
        /// No connection could be made.
        case unreachable
        /// The connection broke; what the last statement did is unknown.
        case connectionLost
        /// The server did not answer before the deadline; the connection is closed and the outcome unknown.
        case deadlineExceeded
        /// The server refused a statement; the transaction is rolled back.
        case refused(SQLState)
        /// COMMIT was answered with something other than an unconditional COMMIT.
        case notCommitted
        /// The task was cancelled.
        case cancelled
    }

    /// What kind of failure it was.
    public let code: Code
    /// What was being done, for example `connect` or a statement's name.
    public let operation: String
    /// The violated constraint or, for a connection that could not be made, libpq's reason.
    public let detail: String?

    /// An error of a kind.
    public init(code: Code, operation: String, detail: String? = nil) {
        self.code = code
        self.operation = operation
        self.detail = detail
    }

    /// Whether the same work may succeed later without anybody's help.
    public var isRetriable: Bool {
        switch code {
        case .unreachable, .connectionLost, .deadlineExceeded, .notCommitted: true
        case .refused(let state): state.remedy == .tryAgain
        case .cancelled: false
        }
    }

    /// Whether the connection is of no more use.
    public var isConnectionLost: Bool {
        switch code {
        case .unreachable, .connectionLost, .deadlineExceeded, .cancelled: true
        case .refused(let state): state.rawValue.hasPrefix("57P") || state == .readOnlyTransaction
        case .notCommitted: false
        }
    }

    /// What failed, without values of rows.
    public var description: String {
        let reason =
            switch code {
            case .unreachable: "no connection"
            case .connectionLost: "connection lost"
            case .deadlineExceeded: "no answer before the deadline"
            case .refused(let state): "SQLSTATE \(state)"
            case .notCommitted: "not committed"
            case .cancelled: "cancelled"
            }
        return [operation, reason, detail].compactMap { $0 }.joined(separator: ": ")
    }
}
