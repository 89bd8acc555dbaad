import CZeroMQ
public import Polling

/// Where libzmq asks who may come in: the handler of ZAP (RFC 27).
///
/// There is one per ``Context``, and it is made before a socket of the context listens. Who has no answer waits outside, and
/// asks again when that takes too long, so an answer must need neither disk nor network. It is used on one thread.
@safe public struct Gatekeeper: ~Copyable {
    /// A question: who knocks.
    public struct Question: Sendable {
        /// Who it is; `nil` when it shows nothing that counts here, and is sent away.
        public let visitor: Visitor?
        /// What stands before the answer: whom it goes to, the version, and the number of the question.
        fileprivate let envelope: [[UInt8]]
    }

    private let handle: UnsafeMutableRawPointer
    // Keeps the context alive until the socket is closed.
    private let context: Context

    /// Opens the gate of a context.
    /// - Throws: ``ZeroMQError``, also when the context has one.
    public init(in context: Context) throws(ZeroMQError) {
        guard let handle = unsafe zmq_socket(context.handle, ZMQ_ROUTER) else { throw .last("zmq_socket") }
        var linger: Int32 = 0
        guard unsafe zmq_setsockopt(handle, ZMQ_LINGER, &linger, MemoryLayout<Int32>.size) == 0,
            unsafe zmq_bind(handle, Self.endpoint) == 0
        else {
            let error = ZeroMQError.last("zmq_bind", subject: Self.endpoint)
            _ = unsafe zmq_close(handle)
            throw error
        }
        unsafe self.handle = handle
        self.context = context
    }

    deinit { _ = unsafe zmq_close(handle) }

    /// An interest in questions; the gatekeeper must stay open while it is waited for.
    public var interest: Interest { unsafe Interest.socket(handle, .readable) }

    /// The next question, or `nil` when there is none.
    public func next() throws(ZeroMQError) -> Question? {
        while let frames = try receive() {
            // Whom it is from, an empty frame, and the question: version, number, domain, address, identity, mechanism, and
            // what the mechanism shows.
            guard frames.count >= 4, frames[1].isEmpty else { continue }
            return Question(visitor: Visitor(frames.dropFirst(2).map(\.self)), envelope: [frames[0], [], frames[3]])
        }
        return nil
    }

    /// Answers a question; where the visitor has gone meanwhile, nothing happens.
    ///
    /// - Parameter userID: the name that it goes by from now on, which stands on each of its messages as
    ///   ``Frame/userID``; `nil` sends it away, for as long as its socket lives.
    public func answer(_ question: Question, userID: String?) throws(ZeroMQError) {
        let isAdmitted = userID != nil && question.visitor != nil
        let status = isAdmitted ? "200" : "400", name = isAdmitted ? userID ?? "" : ""
        let (peer, number) = (question.envelope[0], question.envelope[2])
        try send([peer, [], Array("1.0".utf8), number, Array(status.utf8), [], Array(name.utf8), []])
    }

    private func receive() throws(ZeroMQError) -> [[UInt8]]? {
        var frames: [[UInt8]] = []
        while true {
            let frame = Frame()
            guard unsafe zmq_msg_recv(frame.message, handle, ZMQ_DONTWAIT) >= 0 else {
                let error = ZeroMQError.last("zmq_msg_recv")
                if error.code == Self.again, frames.isEmpty { return nil }
                if error.code == Self.interrupted { continue }
                throw error
            }
            frames.append(frame.bytes)
            if !frame.hasMore { return frames }
        }
    }

    private func send(_ frames: [[UInt8]]) throws(ZeroMQError) {
        for (index, bytes) in frames.enumerated() {
            let flags = index + 1 < frames.count ? ZMQ_DONTWAIT | ZMQ_SNDMORE : ZMQ_DONTWAIT
            let frame = Frame(bytes)
            while unsafe zmq_msg_send(frame.message, handle, flags) < 0 {
                let error = ZeroMQError.last("zmq_msg_send")
                if error.code != Self.interrupted { throw error }
            }
        }
    }

    private static var endpoint: String { "inproc://zeromq.zap.01" }
    private static var again: Int32 { 11 }
    private static var interrupted: Int32 { 4 }
}

/// A peer that wants to come in.
public struct Visitor: Sendable, Hashable {
    /// What it shows.
    public enum Proof: Sendable, Hashable {
        /// A CURVE key, whose secret half it has.
        case key(CurvePublicKey)
        /// The number of the user that its process runs as, by word of the kernel.
        case user(UInt32)
    }

    /// The domain of the listener that it knocks at.
    public let domain: String
    /// Where it comes from: an IP address, or for a local process `localhost:UID:GID:PID`.
    public let address: String
    /// What it shows.
    public let proof: Proof

    /// The visitor of a question, `nil` when it shows nothing that counts here.
    init?(_ frames: [[UInt8]]) {
        // Version, number, domain, address, identity, mechanism, and for CURVE the key.
        guard frames.count >= 6, frames[0].elementsEqual("1.0".utf8) else { return nil }
        domain = String(decoding: frames[2], as: UTF8.self)
        address = String(decoding: frames[3], as: UTF8.self)
        switch String(decoding: frames[5], as: UTF8.self) {
        case "CURVE":
            guard frames.count == 7, let key = CurvePublicKey(frames[6]) else { return nil }
            proof = .key(key)
        case "NULL":
            let parts = address.split(separator: ":", omittingEmptySubsequences: false)
            guard frames.count == 6, parts.count == 4, parts[0] == "localhost", let user = UInt32(parts[1]) else {
                return nil
            }
            proof = .user(user)
        default: return nil
        }
    }
}
