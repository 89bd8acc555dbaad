import Glibc
import Polling
import TestSupport
import Testing
import ZeroMQ

/// Who gets through to a listening socket, and what others see.
@Suite(.timeLimit(.minutes(1))) struct CurveTests {
    private final class Gate {
        let keeper: Gatekeeper

        init(in context: Context) throws { keeper = try Gatekeeper(in: context) }
    }

    /// A listener with a gatekeeper that admits some keys and users, on a thread of its own.
    private actor Centre {
        private let executor: PollingExecutor
        private let context: Context
        private let gate: Gate?
        private let socket: Socket
        private let admitted: [Visitor.Proof: String]
        private(set) var messages: [(name: String?, text: String)] = []
        private(set) var asked: [Visitor] = []

        nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

        init(admitting admitted: [Visitor.Proof: String], hasGate: Bool = true) throws {
            executor = try PollingExecutor(name: "test-centre")
            context = try Context()
            gate = hasGate ? try Gate(in: context) : nil
            socket = try Socket(.router, in: context)
            self.admitted = admitted
        }

        isolated deinit { executor.stop() }

        func listen(_ endpoint: String, as security: Security) throws -> String {
            try socket.bind(endpoint, as: security)
            return socket.lastEndpoint
        }

        /// Serves for a while, or until so many messages are there.
        func serve(_ duration: Duration, until count: Int = .max) async throws {
            let end = ContinuousClock.now.advanced(by: duration)
            while end > .now, messages.count < count {
                var interests = [socket.interest(.readable)]
                if let interest = gate?.keeper.interest { interests.append(interest) }
                _ = await executor.wait(for: interests, until: min(end, .now.advanced(by: .milliseconds(50))))
                while let question = try gate?.keeper.next() {
                    let userID = question.visitor.flatMap { admitted[$0.proof] }
                    try gate?.keeper.answer(question, userID: userID)
                    if let visitor = question.visitor { asked.append(visitor) }
                }
                while let frames = try socket.receive() {
                    messages.append((frames.last?.userID, String(decoding: frames.last?.bytes ?? [], as: UTF8.self)))
                }
            }
        }
    }

    /// A connection that says one word, on a thread of its own, and what became of its handshake.
    private actor Caller {
        private let executor: PollingExecutor
        private let context: Context
        private let handshakes: Handshakes
        private let socket: Socket
        private(set) var outcomes: [Handshakes.Outcome] = []

        nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

        init() throws {
            executor = try PollingExecutor(name: "test-caller")
            context = try Context()
            var options = SocketOptions()
            options.sendsOnlyWhenConnected = false
            socket = try Socket(.dealer, in: context, options: options)
            handshakes = try Handshakes(of: socket, in: context)
        }

        isolated deinit { executor.stop() }

        func say(_ word: String, to endpoint: String, as security: Security, for duration: Duration) async throws {
            try socket.connect(endpoint, as: security)
            _ = try socket.send([Frame(Array(word.utf8))])
            let end = ContinuousClock.now.advanced(by: duration)
            while end > .now {
                _ = await executor.wait(for: [handshakes.interest], until: end)
                while let outcome = handshakes.next() { outcomes.append(outcome) }
            }
        }
    }

    @Test func `Only keys that are known get through, under the names that they were given`() async throws {
        let server = try CurveSecretKey(), known = try CurveSecretKey(), stranger = try CurveSecretKey()
        let other = try CurveSecretKey()
        let centre = try Centre(admitting: [.key(known.publicKey): "dinh-van#1"])
        let endpoint = try await centre.listen("tcp://127.0.0.1:*", as: .server(server, domain: "front"))
        let second = try await centre.listen("tcp://127.0.0.1:*", as: .server(other, domain: "front"))
        let callers = try (0..<4).map { _ in try Caller() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await centre.serve(.seconds(2)) }
            let securities: [Security] = [
                .client(known, server: server.publicKey), .client(stranger, server: server.publicKey),
                .client(known, server: other.publicKey), .client(known, server: other.publicKey),
            ]
            for (index, (caller, security)) in zip(callers, securities).enumerated() {
                let target = index == 3 ? second : endpoint
                group.addTask { try await caller.say("\(index)", to: target, as: security, for: .seconds(2)) }
            }
            try await group.waitForAll()
        }
        let messages = await centre.messages.sorted { $0.text < $1.text }
        #expect(messages.map(\.text) == ["0", "3"] && messages.map(\.name) == ["dinh-van#1", "dinh-van#1"])
        #expect(await callers[0].outcomes == [.admitted])
        #expect(await callers[1].outcomes == [.denied], "once, and then libzmq is silent")
        #expect(await callers[2].outcomes.contains(.mismatched))
        #expect(await callers[3].outcomes == [.admitted])
        #expect(await centre.asked.allSatisfy { $0.domain == "front" && $0.address == "127.0.0.1" })
    }

    @Test func `Without a gatekeeper nobody gets through`() async throws {
        let server = try CurveSecretKey(), known = try CurveSecretKey()
        let centre = try Centre(admitting: [.key(known.publicKey): "a"], hasGate: false)
        let endpoint = try await centre.listen("tcp://127.0.0.1:*", as: .server(server, domain: "front"))
        let caller = try Caller()
        async let served: Void = centre.serve(.seconds(1))
        try await caller.say("hello", to: endpoint, as: .client(known, server: server.publicKey), for: .seconds(1))
        try await served
        #expect(await centre.messages.isEmpty)
        #expect(await !caller.outcomes.contains(.admitted))
    }

    @Test func `A local process is known by its user`() async throws {
        let centre = try Centre(admitting: [.user(getuid()): "local"])
        let folder = try TemporaryFolder()
        let endpoint = try await centre.listen("ipc://\(folder.path)/gate.sock", as: .local(domain: "local"))
        let caller = try Caller()
        async let served: Void = centre.serve(.seconds(5), until: 1)
        try await caller.say("hello", to: endpoint, as: .local(domain: nil), for: .milliseconds(300))
        try await served
        #expect(await centre.messages.map(\.name) == ["local"])
        #expect(await centre.asked.map(\.proof) == [.user(getuid())])
    }

    @Test func `Nothing goes over a network without CURVE`() throws {
        let context = try Context()
        let socket = try Socket(.router, in: context), dealer = try Socket(.dealer, in: context)
        for endpoint in ["tcp://127.0.0.1:*", "tcp://*:5710", "pgm://239.0.0.1:1", "TCP://127.0.0.1:*", "ws://*:1"] {
            #expect(throws: ZeroMQError.self) { try socket.bind(endpoint) }
            #expect(throws: ZeroMQError.self) { try socket.bind(endpoint, as: .local(domain: "front")) }
            #expect(throws: ZeroMQError.self) { try dealer.connect(endpoint) }
        }
    }

    @Test func `A context has one gate`() throws {
        let context = try Context()
        let gate = try Gatekeeper(in: context)
        #expect(throws: ZeroMQError.self) { _ = try Gatekeeper(in: context) }
        _ = gate.interest
    }

    @Test func `Keys are written as RFC 32 says, and a secret one shows itself to nobody`() throws {
        // The key pair of RFC 26's example.
        let secret = try #require(CurveSecretKey(z85: "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"))
        #expect(secret.publicKey.z85 == "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7")
        #expect(CurvePublicKey(z85: secret.publicKey.z85) == secret.publicKey)
        #expect(CurvePublicKey(secret.publicKey.bytes) == secret.publicKey)
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), dumped] { #expect(!text.contains("JTKVSB")) }
        for wrong in ["", "short", String(repeating: "~", count: 40), String(repeating: "#", count: 40), "\u{0}"] {
            #expect(CurvePublicKey(z85: wrong) == nil && CurveSecretKey(z85: wrong) == nil, "\(wrong)")
        }
        let another = try CurveSecretKey()
        #expect(CurveSecretKey(z85: another.revealed)?.publicKey == another.publicKey)
    }
}
