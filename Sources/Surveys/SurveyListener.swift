import FailPoints
import IntakeProtocol
package import Logging
import Machines
import Polling
import ServiceLifecycle
import SwiftProtobuf
package import WireMessages
package import ZeroMQ

/// A survey sender: takes tasks from the relay, has each carried out, and acknowledges those that succeeded.
///
/// What fails is tried again with growing pauses, from half a second to a minute, without holding up the others.
package actor SurveyListener: Service {
    private let executor: PollingExecutor
    private let endpoint: String
    private let security: Security
    private let credit: Int
    private let logger: Logger
    private let carryOut: @Sendable (WireSurveyTask) async -> Bool
    private let context: Context
    private var socket: Socket?
    private var link: WorkerLink
    private var session: UInt64 = 0
    private var held: Set<Int64> = []
    private var queue: [(task: WireSurveyTask, attempts: Int, due: Moment)] = []
    /// The task that is being carried out.
    private var current: Int64?
    private var done: [Int64] = []
    private let stop = Signal()
    private let work = Signal()
    private let pressure = Signal()

    /// Tasks that have been acknowledged.
    package private(set) var acknowledgedCount = 0

    /// The listener's thread.
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// A listener.
    /// - Parameters:
    ///   - security: how it and the relay know each other; over a network only by keys.
    ///   - credit: tasks that it holds at most.
    ///   - carryOut: carries a task out; true when it is done with.
    package init(
        endpoint: String, security: Security = .local(domain: nil), credit: Int, logger: Logger,
        carryOut: @escaping @Sendable (WireSurveyTask) async -> Bool
    ) throws {
        executor = try PollingExecutor(name: "hoso-listener")
        context = try Context()
        self.endpoint = endpoint
        self.security = security
        self.credit = credit
        self.logger = logger
        self.carryOut = carryOut
        link = WorkerLink(seed: UInt64.random(in: .min ... .max), at: .now)
    }

    isolated deinit { executor.stop() }

    /// Listens until the service is shut down.
    package func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                try? await gracefulShutdown()
                await self.beginStop()
            }
            group.addTask { await self.carryOutAll() }
            defer { group.cancelAll() }
            try await self.pump()
        }
    }

    private func beginStop() {
        stop.raise()
        work.raise()
    }

    private func carryOutAll() async {
        while !stop.isRaised, !Task.isCancelled {
            guard let index = queue.firstIndex(where: { $0.due <= .now }) else {
                work.lower()
                let next = queue.map(\.due).min()
                _ = await executor.wait(for: [.signal(work), .signal(stop)], until: next)
                continue
            }
            var item = queue.remove(at: index)
            current = item.task.task
            let isDone = await carryOut(item.task)
            current = nil
            if isDone {
                FailPoint.afterTaskDone.pass()
                done.append(item.task.task)
                pressure.raise()
            } else if queue.contains(where: { $0.task.task == item.task.task }) {
                // Delivered again meanwhile, on a new connection.
                continue
            } else {
                item.attempts += 1
                let pause: Duration = min(.milliseconds(500) * (1 << min(item.attempts - 1, 7)), .seconds(60))
                item.due = .now.advanced(by: pause)
                queue.append(item)
            }
        }
    }

    private func pump() async throws {
        while !stop.isRaised, !Task.isCancelled {
            let moment = try nextMoment()
            guard let interest = socket?.interest(.readable) else { continue }
            _ = await executor.wait(for: [interest, .signal(pressure), .signal(stop)], until: moment)
            pressure.lower()
            try receiveAll()
            try acknowledge()
        }
        try acknowledge()
        try send(.bye, WireBeat())
    }

    private func nextMoment() throws -> Moment {
        while true {
            switch link.next(at: .now) {
            case .open(let session): try open(session)
            case .beat: try send(.ping, WireBeat())
            case .wait(let until): return until
            }
        }
    }

    private func open(_ session: UInt64) throws {
        self.session = session
        socket = nil
        var options = SocketOptions()
        options.sendsOnlyWhenConnected = false
        options.lingerMilliseconds = 1_000
        options.longestReconnectMilliseconds = 2_000
        let fresh = try Socket(.dealer, in: context, options: options)
        try fresh.connect(endpoint, as: security)
        socket = consume fresh
        // What was held is delivered again under the same ids; what is done stays to be acknowledged.
        held = Set(done).union([current].compactMap(\.self))
        queue = []
        try send(.hello, WireBeat(), count: credit)
    }

    private func receiveAll() throws {
        while let frames = try socket?.receive() {
            do throws(ProtocolError) {
                try handle(Parcel(frames: frames.map(\.bytes)))
            } catch {
                logger.warning("message refused", metadata: ["reason": "\(error)"])
            }
        }
    }

    private func handle(_ parcel: Parcel) throws(ProtocolError) {
        guard parcel.header.session == session else { return }
        link.heard(at: .now)
        switch parcel.header.command {
        case .welcome:
            link.welcomed(session: session, at: .now)
            logger.info("connected to the relay", metadata: ["endpoint": "\(endpoint)"])
        case .tasks:
            let message = try WireSurveyTasks(body: parcel.body, as: parcel.header.contentType)
            for task in message.tasks where held.insert(task.task).inserted {
                queue.append((task, 0, .now))
            }
            work.raise()
        case .error, .bye: link.broken(at: .now)
        default: break
        }
    }

    private func acknowledge() throws {
        guard !done.isEmpty, link.session != nil else { return }
        var message = WireSurveyTasksDone()
        message.tasks = done
        // Not taken: kept for the next attempt.
        guard try send(.tasksDone, message) == .queued else { return }
        held.subtract(done)
        acknowledgedCount += done.count
        done = []
    }

    @discardableResult
    private func send(_ command: Command, _ body: some Message, count: Int = 0) throws -> Socket.Delivery? {
        var header = Header(command, contentType: .protobuf)
        header.session = session
        header.count = UInt32(count)
        let parcel = Parcel(header, body: try body.encoded(as: .protobuf))
        return try socket?.send(parcel.frames.map { Frame($0) })
    }
}
