import Polling
import TestSupport
import Testing
import ZeroMQ

/// A thread with a ROUTER and a DEALER that talk to each other.
private actor Bench {
    private let executor: PollingExecutor
    private let folder: TemporaryFolder
    private let context: Context
    private let signal = Signal()

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    init() throws {
        executor = try PollingExecutor(name: "bench")
        folder = try TemporaryFolder()
        context = try Context()
    }

    isolated deinit { executor.stop() }

    private var endpoint: String { "ipc://\(folder.path)/socket" }

    private func receive(_ socket: borrowing Socket) async throws -> [[UInt8]]? {
        for _ in 0..<50 {
            if let frames = try socket.receive() { return frames.map(\.bytes) }
            _ = await executor.wait(for: [socket.interest(.readable)], until: .now.advanced(by: .milliseconds(100)))
        }
        return nil
    }

    private func send(_ frames: [[UInt8]], _ socket: borrowing Socket) async throws -> Socket.Delivery {
        for _ in 0..<50 {
            let delivery = try socket.send(frames.map { Frame($0) })
            if delivery != .wouldBlock { return delivery }
            _ = await executor.wait(for: [socket.interest(.writable)], until: .now.advanced(by: .milliseconds(100)))
        }
        return .wouldBlock
    }

    func roundTrip(_ frames: [[UInt8]]) async throws -> [[UInt8]]? {
        let router = try Socket(.router, in: context), dealer = try Socket(.dealer, in: context)
        try router.bind(endpoint)
        try dealer.connect(endpoint)
        _ = try await send(frames, dealer)
        guard let received = try await receive(router) else { return nil }
        _ = try await send([received[0]] + received.dropFirst().reversed(), router)
        return try await receive(dealer)
    }

    func tooLarge() async throws -> [[UInt8]]? {
        var options = SocketOptions()
        options.largestFrame = 1_000
        let router = try Socket(.router, in: context, options: options), dealer = try Socket(.dealer, in: context)
        try router.bind(endpoint)
        try dealer.connect(endpoint)
        _ = try await send([[UInt8](repeating: 1, count: 2_000)], dealer)
        return try await receive(router)
    }

    func bindNowhere() throws -> ZeroMQError? {
        let socket = try Socket(.router, in: context)
        do throws(ZeroMQError) {
            try socket.bind("ipc:///no/such/folder/socket")
            return nil
        } catch { return error }
    }

    func sendToStranger() throws -> Socket.Delivery {
        let router = try Socket(.router, in: context)
        try router.bind(endpoint)
        return try router.send([Frame([9, 9, 9]), Frame([1])])
    }

    /// Messages that a peer takes that nobody reads from.
    func fill() async throws -> Int {
        var options = SocketOptions()
        options.highWaterMark = 10
        let router = try Socket(.router, in: context, options: options)
        let dealer = try Socket(.dealer, in: context, options: options)
        try router.bind(endpoint)
        try dealer.connect(endpoint)
        var sent = 0
        while try await send([[UInt8](repeating: 0, count: 100_000)], dealer) == .queued, sent < 10_000 { sent += 1 }
        return sent
    }

    func timeOut() async -> (Bool, Duration) {
        let start = ContinuousClock.now
        let readiness = await executor.wait(for: [], until: start.advanced(by: .milliseconds(120)))
        return (readiness.isEmpty, start.duration(to: .now))
    }

    func raise() { signal.raise() }

    func waitForSignal() async -> Bool {
        await executor.wait(for: [.signal(signal)], until: .now.advanced(by: .seconds(10)))[0]
    }

    func waitForEver() async -> Bool {
        let signal = Signal()
        return await executor.wait(for: [.signal(signal)]).isEmpty
    }

    /// Whether every step of a wait runs on the bench's own thread.
    func staysHome() async -> Bool {
        for _ in 0..<100 {
            executor.checkIsolated()
            _ = await executor.wait(for: [], until: .now)
            executor.checkIsolated()
        }
        return true
    }
}

@Suite struct SocketTests {
    @Test func `Messages of several frames go to and fro, empty ones among them`() async throws {
        let large = [UInt8](repeating: 42, count: 200_000)
        let answer = try await Bench().roundTrip([[1, 2, 3], [], large])
        #expect(answer == [large, [], [1, 2, 3]])
    }

    @Test func `A message above the limit never arrives`() async throws {
        #expect(try await Bench().tooLarge() == nil)
    }

    @Test func `A message for a stranger is refused, not dropped in silence`() async throws {
        #expect(try await Bench().sendToStranger() == .unreachable)
    }

    @Test func `A peer that does not read blocks the sender before memory grows`() async throws {
        let sent = try await Bench().fill()
        #expect(sent > 0 && sent < 200)
    }

    @Test func `A wait ends at its deadline`() async throws {
        let (isEmpty, duration) = try await Bench().timeOut()
        #expect(isEmpty)
        #expect(duration >= .milliseconds(120))
    }

    @Test func `A signal wakes a waiting task of the same thread`() async throws {
        let bench = try Bench()
        async let isWoken = bench.waitForSignal()
        await Task.yield()
        await bench.raise()
        #expect(await isWoken)
    }

    @Test func `A cancelled wait ends with nothing ready`() async throws {
        let bench = try Bench()
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { await bench.waitForEver() }
            await Task.yield()
            group.cancelAll()
            for await isEmpty in group { #expect(isEmpty) }
        }
    }

    @Test func `A wait never leaves its thread`() async throws {
        #expect(try await Bench().staysHome())
    }

    @Test func `An endpoint that cannot be is a clear error`() async throws {
        let error = try await Bench().bindNowhere()
        #expect(error?.description.contains("/no/such/folder") == true)
    }
}
