import IntakeProtocol
import Polling
import WireMessages
import ZeroMQ

/// A sender that sends what it is told to, however wrong, and reads what comes back.
actor BareSender {
    private let executor: PollingExecutor
    private let socket: Socket

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    init(endpoint: String, security: Security = .local(domain: nil)) throws {
        executor = try PollingExecutor(name: "bare")
        socket = try Socket(.dealer, in: Context())
        try socket.connect(endpoint, as: security)
    }

    isolated deinit { executor.stop() }

    /// Sends a message.
    func send(_ header: Header, _ body: [UInt8] = []) async throws {
        try await send(frames: Parcel(header, body: body).frames)
    }

    /// Sends frames, whatever they are.
    func send(frames bytes: [[UInt8]]) async throws {
        let frames = bytes.map { Frame($0) }
        while try socket.send(frames) == .wouldBlock {
            _ = await executor.wait(for: [socket.interest(.writable)], until: .now.advanced(by: .milliseconds(50)))
        }
    }

    /// Greets as a sender of a name; returns the answer.
    func greet(as name: String, session: UInt64) async throws -> Parcel? {
        var hello = WireHello()
        hello.sender = name
        var header = Header(.hello, contentType: .json)
        header.session = session
        header.epoch = 9
        try await send(header, hello.encoded(as: .json))
        return try await answer()
    }

    /// The next message, or `nil` when none comes within twenty seconds.
    func answer() async throws -> Parcel? {
        let deadline = ContinuousClock.now.advanced(by: .seconds(20))
        while deadline > .now {
            if let frames = try socket.receive() { return try Parcel(frames: frames.map(\.bytes)) }
            _ = await executor.wait(for: [socket.interest(.readable)], until: deadline)
        }
        return nil
    }
}
