package import Logging
import CoreMetrics
import IntakeProtocol
package import Machines
package import Observability
import Polling
import ServiceLifecycle
package import Systemd
import WireMessages
package import ZeroMQ

/// Where a broker listens and how much it holds.
package struct BrokerConfiguration: Sendable {
    /// Endpoints for senders.
    package var front: [String]
    /// Endpoint for workers.
    package var back: String
    /// Limits of the machine.
    package var limits: BrokerLimits
    /// The key by which senders know the broker over a network; without one it listens to none.
    package var serverKey: CurveSecretKey?
    /// Endpoints at which it is known by ``nextServerKey`` already, while senders change from one key to the other.
    package var nextFront: [String] = []
    /// The key that is to take the place of ``serverKey``.
    package var nextServerKey: CurveSecretKey?
    /// The public keys of workers on other machines.
    package var workerKeys: [CurvePublicKey] = []
    /// The user of this machine, beside root and the broker's own, whose processes may be workers.
    package var workerUser: UInt32?
    /// Resident bytes of the process beside those that the machine holds, above which connections are cut.
    package var overhead = 134_217_728
    /// Sockets that whoever started the process has opened for it.
    package var inherited = ListeningSockets(environment: [:])

    /// A configuration.
    package init(
        front: [String], back: String, limits: BrokerLimits = BrokerLimits(), serverKey: CurveSecretKey? = nil
    ) {
        self.serverKey = serverKey
        self.front = front
        self.back = back
        self.limits = limits
    }
}

/// The broker: two ROUTER sockets and a ``BrokerMachine`` between them, on one thread, without disk.
package actor BrokerService: Service {
    /// A message that is on its way through: the header and body as they came.
    struct Envelope {
        let header: Header
        let headerFrame: Frame
        let body: Frame
    }

    nonisolated let executor: PollingExecutor
    let configuration: BrokerConfiguration
    let logger: Logger
    let vitals: Vitals
    let metrics = BrokerMetrics()
    /// Before the socket, which it must not outlive: properties are destroyed in this order.
    var frontGuard: MemoryGuard
    let front: Socket
    let back: Socket
    /// Behind the sockets: as long as they are there, somebody is asked.
    let keeper: Gatekeeper
    var gate: Gate
    /// Peers in session.
    var guests: [PeerID: Guest] = [:]
    /// Who waits for an answer.
    var outside: [Gatekeeper.Question] = []
    /// Whether only the stranger of the proof may be knocking.
    var isProving = false
    var limiter = LogLimiter()
    /// With senders that let themselves be heard more than they should.
    var patience = Patience<UserID>()
    var machine: BrokerMachine<Envelope>
    /// How senders write; answers are written the same way.
    var contentTypes: [PeerID: ContentType] = [:]
    let stop = Signal()

    /// The broker's thread.
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// Opens the sockets, so that senders and workers can connect from now on.
    package init(_ configuration: BrokerConfiguration, vitals: Vitals = Vitals(), logger: Logger) async throws {
        let context = try Context()
        let executor = try PollingExecutor(name: "hoso-broker")
        try self.init(configuration, context: context, executor: executor, vitals: vitals, logger: logger)
    }

    private init(
        _ configuration: BrokerConfiguration, context: Context, executor: PollingExecutor, vitals: Vitals,
        logger: Logger
    ) throws {
        self.executor = executor
        self.vitals = vitals
        self.configuration = configuration
        self.logger = logger
        gate = Gate(workers: configuration.workerKeys, user: configuration.workerUser)
        // Before anything listens.
        keeper = try Gatekeeper(in: context)
        front = try Socket(.router, in: context, options: .exposed)
        back = try Socket(.router, in: context)
        frontGuard = try MemoryGuard(
            over: front, in: context, limit: configuration.limits.memoryBytes + configuration.overhead)
        machine = BrokerMachine(
            limits: configuration.limits, firstDelivery: UInt64.random(in: 1...(1 << 62)))
        for endpoint in configuration.front where endpoint.hasPrefix("ipc://") {
            try front.bind(
                endpoint, as: .local(domain: Gate.senders), adopting: configuration.inherited.descriptor(for: endpoint))
        }
        if configuration.back.hasPrefix("ipc://") {
            let back = configuration.back
            try self.back.bind(
                back, as: .local(domain: Gate.workers), adopting: configuration.inherited.descriptor(for: back))
        }
    }

    isolated deinit { executor.stop() }

    /// Carries messages until the service is shut down.
    package func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                try? await gracefulShutdown()
                await self.beginStop()
            }
            try await self.carry()
            group.cancelAll()
        }
    }

    private func beginStop() { stop.raise() }

    private func carry() async throws {
        try await listenToNetwork()
        logger.info("listening", metadata: ["senders": "\(configuration.front)", "workers": "\(configuration.back)"])
        var nextTick = ContinuousClock.now
        while !stop.isRaised, !Task.isCancelled {
            let interests = [
                front.interest(.readable), back.interest(.readable), keeper.interest, Interest.signal(stop),
            ]
            _ = await executor.wait(for: interests, until: nextTick)
            try answerTheDoor()
            // A bounded number from each side in turn, so that receipts never wait behind a flood of batches.
            for _ in 0..<Self.turn { guard try receiveFromWorker() else { break } }
            for _ in 0..<Self.turn { guard try receiveFromSender() else { break } }
            if nextTick <= .now {
                nextTick = .now.advanced(by: .milliseconds(100))
                let cut = frontGuard.check()
                if cut > 0 {
                    metrics.connectionsCut.increment(by: cut)
                    warn("connections are cut", "too much memory", ["count": "\(cut)"])
                }
                perform(machine.timePassed(at: .now))
                partWithStrangers()
                patience.timePassed(at: .now)
                contentTypes = contentTypes.filter { machine.knows($0.key) }
                guests = guests.filter { machine.knows($0.key) }
                show()
            }
        }
        sayGoodbye()
    }

    private static let turn = 128

    /// Shows how it fares; a turn of the loop takes far less than the time it promises.
    private func show() {
        vitals.lap("broker", within: .seconds(10))
        metrics.senders.set(machine.senderCount)
        metrics.workers.set(machine.workerCount)
        metrics.heldBytes.set(machine.heldBytes)
        metrics.heldLimit.set(configuration.limits.memoryBytes)
        metrics.credit.set(machine.workerCredit)
        // It keeps what it can meanwhile, and senders keep the rest.
        if machine.workerCount > 0 { vitals.ready() } else { vitals.degraded("no worker") }
    }

    private func sayGoodbye() {
        vitals.stopping()
        vitals.ended("broker")
        logger.info("stopping", metadata: ["senders": "\(machine.senderCount)", "held": "\(machine.heldBytes)"])
        for peer in contentTypes.keys where machine.knows(peer) { _ = send(Header(.bye), to: peer) }
    }
}
