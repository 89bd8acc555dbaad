package import Logging
import IntakeProtocol
package import Machines
import Polling
import ServiceLifecycle
import SwiftProtobuf
import WireMessages
import ZeroMQ

/// Where a broker listens and how much it holds.
package struct BrokerConfiguration: Sendable {
    /// Endpoints for senders.
    package var front: [String]
    /// Endpoint for workers.
    package var back: String
    /// Limits of the machine.
    package var limits: BrokerLimits

    /// A configuration.
    package init(front: [String], back: String, limits: BrokerLimits = BrokerLimits()) {
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

    private nonisolated let executor: PollingExecutor
    private let configuration: BrokerConfiguration
    private let logger: Logger
    private let front: Socket
    private let back: Socket
    private var machine: BrokerMachine<Envelope>
    /// How senders write; answers are written the same way.
    private var contentTypes: [PeerID: ContentType] = [:]
    private let stop = Signal()

    /// The broker's thread.
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// Opens the sockets, so that senders and workers can connect from now on.
    package init(_ configuration: BrokerConfiguration, logger: Logger) async throws {
        let context = try Context()
        let executor = try PollingExecutor(name: "hoso-broker")
        try self.init(configuration, context: context, executor: executor, logger: logger)
    }

    private init(
        _ configuration: BrokerConfiguration, context: Context, executor: PollingExecutor, logger: Logger
    ) throws {
        self.executor = executor
        self.configuration = configuration
        self.logger = logger
        // CURVE keys and the ZAP domain of the front belong here once senders are enrolled; until then only ipc://.
        front = try Socket(.router, in: context)
        back = try Socket(.router, in: context)
        machine = BrokerMachine(
            limits: configuration.limits, firstDelivery: UInt64.random(in: 1...(1 << 62)))
        for endpoint in configuration.front { try front.bind(endpoint) }
        try back.bind(configuration.back)
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
        logger.info("listening", metadata: ["senders": "\(configuration.front)", "workers": "\(configuration.back)"])
        var nextTick = ContinuousClock.now
        while !stop.isRaised, !Task.isCancelled {
            let interests = [front.interest(.readable), back.interest(.readable), Interest.signal(stop)]
            _ = await executor.wait(for: interests, until: nextTick)
            // A bounded number from each side in turn, so that receipts never wait behind a flood of batches.
            for _ in 0..<Self.turn { guard try receiveFromWorker() else { break } }
            for _ in 0..<Self.turn { guard try receiveFromSender() else { break } }
            if nextTick <= .now {
                nextTick = .now.advanced(by: .milliseconds(250))
                try perform(machine.timePassed(at: .now))
                contentTypes = contentTypes.filter { machine.knows($0.key) }
            }
        }
        try sayGoodbye()
    }

    private static let turn = 128
}

// MARK: - Senders

extension BrokerService {
    /// Takes one message of a sender; false when there is none.
    private func receiveFromSender() throws -> Bool {
        guard let frames = try front.receive() else { return false }
        let peer = PeerID(frames[0].bytes)
        do throws(ProtocolError) {
            try handleSender(peer, Array(frames.dropFirst()))
        } catch {
            refuse(peer, error, frames)
        }
        return true
    }

    private func handleSender(_ peer: PeerID, _ frames: [Frame]) throws(ProtocolError) {
        guard frames.count == 1 || frames.count == 2 else { throw ProtocolError(.frameCount) }
        let header = try Header(frames[0].bytes)
        let body = frames.count == 2 ? frames[1] : Frame()
        guard body.count == Int(header.bodyLength) else { throw ProtocolError(.damagedBody) }
        let envelope = Envelope(header: header, headerFrame: frames[0], body: body)
        contentTypes[peer] = header.contentType
        let now = ContinuousClock.now
        switch header.command {
        case .hello: try greet(peer, envelope, at: now)
        case .batch:
            guard header.first >= 1, (1...Limits.batchEntries).contains(Int(header.count)),
                body.count <= Limits.batchBytes
            else {
                throw ProtocolError(.limitExceeded)
            }
            performQuietly(
                machine.batchArrived(
                    peer, session: header.session, first: header.first, entries: Int(header.count), bytes: body.count,
                    payload: envelope, at: now))
        case .ping:
            let (isKnown, actions) = machine.senderBeat(
                peer, session: header.session, head: header.head, payload: envelope, at: now)
            if isKnown { answerBeat(peer, header) }
            performQuietly(actions)
        case .bye: performQuietly(machine.senderLeft(peer))
        default: throw ProtocolError(.unknownCommand)
        }
    }

    private func greet(_ peer: PeerID, _ envelope: Envelope, at now: Moment) throws(ProtocolError) {
        let hello = try WireHello(body: envelope.body.bytes, as: envelope.header.contentType)
        // The name is the sender's word until CURVE proves one (ZAP's User-Id on every message).
        guard Limits.isSenderName(hello.sender) else { throw ProtocolError(.badSenderName) }
        performQuietly(
            machine.senderGreeted(
                peer, sender: hello.sender, session: envelope.header.session, payload: envelope, at: now))
    }

    private func answerBeat(_ peer: PeerID, _ asked: Header) {
        var beat = WireBeat()
        beat.workers = UInt32(machine.workerCount)
        send(.pong, beat, to: peer, session: asked.session)
    }

    private func refuse(_ peer: PeerID, _ error: ProtocolError, _ frames: [Frame]) {
        logger.warning("message refused", metadata: ["reason": "\(error)"])
        let header = frames.count > 1 ? try? Header(frames[1].bytes) : nil
        send(.error, Self.refusal(error.code), to: peer, session: header?.session ?? 0)
    }
}

// MARK: - Workers

extension BrokerService {
    /// Takes one message of a worker; false when there is none.
    private func receiveFromWorker() throws -> Bool {
        guard let frames = try back.receive() else { return false }
        do throws(ProtocolError) {
            try handleWorker(PeerID(frames[0].bytes), Array(frames.dropFirst()))
        } catch {
            logger.error("message of a worker refused", metadata: ["reason": "\(error)"])
        }
        return true
    }

    private func handleWorker(_ peer: PeerID, _ frames: [Frame]) throws(ProtocolError) {
        guard let first = frames.first else { throw ProtocolError(.frameCount) }
        let header = try Header(first.bytes)
        let now = ContinuousClock.now
        switch header.command {
        case .hello:
            performQuietly(machine.workerGreeted(peer, capacity: Int(min(header.count, 65_536)), at: now))
            sendToWorker(.welcome, peer, session: header.session)
        case .ping:
            let command: Command = machine.workerBeat(peer, at: now) ? .pong : .error
            sendToWorker(command, peer, session: header.session)
        case .welcome, .receipt: try handleAnswer(peer, header, frames, at: now)
        // With a tag, a draining worker gives one delivery back; without, it takes no more.
        case .drain where frames.count == 3: try handleAnswer(peer, header, frames, at: now)
        case .drain: performQuietly(machine.workerDraining(peer))
        case .bye: performQuietly(machine.workerLeft(peer))
        default: throw ProtocolError(.unknownCommand)
        }
    }

    private func handleAnswer(
        _ peer: PeerID, _ header: Header, _ frames: [Frame], at now: Moment
    ) throws(ProtocolError) {
        guard frames.count == 3 else { throw ProtocolError(.frameCount) }
        let tag = try DeliveryTag(frames[1].bytes)
        performQuietly(
            machine.workerAnswered(
                peer, delivery: tag.delivery, isDraining: header.command == .drain,
                payload: Envelope(header: header, headerFrame: frames[0], body: frames[2]), at: now))
    }

    private func sendToWorker(_ command: Command, _ peer: PeerID, session: UInt64) {
        var header = Header(command)
        header.session = session
        let parcel = Parcel(header)
        let delivery = try? back.send([Frame(peer.bytes), Frame(parcel.header.bytes)])
        if delivery != .queued { performQuietly(machine.workerLeft(peer)) }
    }
}

// MARK: - Actions

extension BrokerService {
    /// Performs actions; a socket that fails is reported and the peer's silence does the rest.
    private func performQuietly(_ actions: [BrokerMachine<Envelope>.Action]) {
        do { try perform(actions) } catch { logger.error("cannot send", metadata: ["reason": "\(error)"]) }
    }

    private func perform(_ actions: [BrokerMachine<Envelope>.Action]) throws {
        var waiting = actions[...]
        while let action = waiting.popFirst() { waiting += try perform(action) }
    }

    /// Performs an action and returns what follows from its failure.
    private func perform(_ action: BrokerMachine<Envelope>.Action) throws -> [BrokerMachine<Envelope>.Action] {
        switch action {
        case .deliver(let delivery, let worker):
            let tag = DeliveryTag(delivery: delivery.number, sender: delivery.sender)
            let frames = [
                Frame(worker.bytes), delivery.payload.headerFrame.shared(), Frame(tag.bytes),
                delivery.payload.body.shared(),
            ]
            if try back.send(frames) != .queued { return machine.workerLeft(worker) }
        case .forward(let sender, let envelope):
            let frames = [Frame(sender.bytes), envelope.headerFrame, envelope.body]
            if try front.send(frames) != .queued { return machine.senderLeft(sender) }
        case .welcome(let sender, let envelope, let session, let window):
            try welcome(sender, envelope, session: session, window)
        case .credit(let sender, let session, let window):
            var credit = WireCredit()
            credit.entries = UInt32(window.entries)
            credit.bytes = UInt32(window.bytes)
            send(.credit, credit, to: sender, session: session)
        case .busy(let sender, let session, let first, let count):
            send(.receipt, Self.busy(first, count), to: sender, session: session, first: first, count: count)
        case .unknownSession(let sender, let session):
            send(.error, Self.refusal(.unknownSession), to: sender, session: session)
        case .replaced(let sender, let session): send(.bye, WireBeat(), to: sender, session: session)
        case .note(let note): log(note)
        }
        return []
    }

    /// Adds the window to a worker's answer to HELLO.
    private func welcome(
        _ sender: PeerID, _ envelope: Envelope, session: UInt64, _ window: BrokerMachine<Envelope>.Window
    ) throws {
        var welcome = try WireWelcome(body: envelope.body.bytes, as: envelope.header.contentType)
        welcome.creditEntries = UInt32(window.entries)
        welcome.creditBytes = UInt32(window.bytes)
        send(.welcome, welcome, to: sender, session: session)
    }

    private static func busy(_ first: UInt64, _ count: Int) -> WireReceipt {
        var verdict = WireVerdict()
        verdict.first = first
        verdict.last = first + UInt64(max(count, 1)) - 1
        verdict.outcome = .busy
        var receipt = WireReceipt()
        receipt.verdicts = [verdict]
        receipt.retryAfterMilliseconds = 500
        return receipt
    }

    private static func refusal(_ code: ProtocolError.Code) -> WireRefusal {
        var refusal = WireRefusal()
        refusal.code = code.rawValue
        return refusal
    }

    /// Sends a message of the broker's own, written as the sender writes.
    private func send(
        _ command: Command, _ body: some Message, to peer: PeerID, session: UInt64, first: UInt64 = 0, count: Int = 0
    ) {
        let type = contentTypes[peer].flatMap { $0 == .none ? nil : $0 } ?? .protobuf
        var header = Header(command, contentType: type)
        header.session = session
        header.first = first
        header.count = UInt32(count)
        do {
            let parcel = Parcel(header, body: try body.encoded(as: type))
            let delivery = try front.send([Frame(peer.bytes)] + parcel.frames.map { Frame($0) })
            if delivery != .queued { performQuietly(machine.senderLeft(peer)) }
        } catch {
            logger.error("cannot send", metadata: ["reason": "\(error)"])
        }
    }

    private func sayGoodbye() throws {
        logger.info("stopping", metadata: ["senders": "\(machine.senderCount)", "held": "\(machine.heldBytes)"])
        for peer in contentTypes.keys where machine.knows(peer) { send(.bye, WireBeat(), to: peer, session: 0) }
    }

    private func log(_ note: BrokerMachine<Envelope>.Note) {
        switch note {
        case .senderJoined(let name): logger.info("sender joined", metadata: ["sender": "\(name)"])
        case .senderExpired(let name): logger.info("sender fell silent", metadata: ["sender": "\(name)"])
        case .workerJoined: logger.info("worker joined", metadata: ["workers": "\(machine.workerCount)"])
        case .workerLeft(let count): logger.info("worker left", metadata: ["redelivered": "\(count)"])
        case .workerExpired(let count): logger.warning("worker fell silent", metadata: ["redelivered": "\(count)"])
        }
    }
}
