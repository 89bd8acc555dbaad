import IntakeProtocol
import Polling
import ServiceLifecycle
import ZeroMQ

/// A worker that greets and takes deliveries, and then neither works nor beats, as a stopped process would.
actor HungWorker: Service {
    private let executor: PollingExecutor
    private let endpoint: String
    private(set) var deliveries = 0

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    init(endpoint: String) throws {
        executor = try PollingExecutor(name: "hung")
        self.endpoint = endpoint
    }

    isolated deinit { executor.stop() }

    func run() async throws {
        let context = try Context()
        let socket = try Socket(.dealer, in: context)
        try socket.connect(endpoint)
        var header = Header(.hello)
        header.session = 1
        header.count = 10_000
        let greeting = Parcel(header).frames.map { Frame($0) }
        while try socket.send(greeting) == .wouldBlock, !Task.isCancelled {
            _ = await executor.wait(for: [socket.interest(.writable)], until: .now.advanced(by: .milliseconds(50)))
        }
        while !Task.isCancelled {
            _ = await executor.wait(for: [socket.interest(.readable)], until: .now.advanced(by: .milliseconds(50)))
            while let frames = try socket.receive() { deliveries += frames.count > 2 ? 1 : 0 }
        }
    }
}
