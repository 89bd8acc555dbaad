import CZeroMQ

/// A call of libzmq failed.
public struct ZeroMQError: Error, Sendable, CustomStringConvertible {
    /// The `errno` that libzmq left.
    public let code: Int32
    /// The failed function, for example `zmq_bind`.
    public let operation: String
    /// The endpoint or option that the call was about, if any.
    public let subject: String?

    /// The error of the call that has just failed on this thread.
    static func last(_ operation: String, subject: String? = nil) -> ZeroMQError {
        ZeroMQError(code: zmq_errno(), operation: operation, subject: subject)
    }

    /// Whether the context has been shut down, so that the loop should end.
    public var isTermination: Bool { code == terminationCode }

    /// What failed and why, in libzmq's words.
    public var description: String {
        let reason = unsafe String(cString: zmq_strerror(code))
        return [operation, subject, reason].compactMap { $0 }.joined(separator: ": ")
    }
}

/// `ETERM` of zmq.h, whose macro Swift cannot import.
let terminationCode: Int32 = 156_384_712 + 53
/// `EHOSTUNREACH`: what a mandatory ROUTER answers for an unknown peer.
let unreachableCode: Int32 = 113
