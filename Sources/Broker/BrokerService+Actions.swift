import CoreMetrics
import IntakeProtocol
import Logging
import Machines
import WireMessages
import ZeroMQ

// MARK: - Actions

extension BrokerService {
    /// The two sides of the broker.
    enum Side { case front, back }

    /// Hands frames to a socket; a socket that fails is reported, and the peer's silence does the rest.
    func deliver(_ frames: [Frame], through side: Side) -> Socket.Delivery {
        do {
            switch side {
            case .front: return try front.send(frames)
            case .back: return try back.send(frames)
            }
        } catch {
            logger.error("cannot send", metadata: ["reason": "\(error)"])
            return .wouldBlock
        }
    }

    /// Performs actions and what follows from their failure.
    func perform(_ actions: [BrokerMachine<Envelope>.Action]) {
        var waiting = actions[...]
        while let action = waiting.popFirst() { waiting += perform(action) }
    }

    private func perform(_ action: BrokerMachine<Envelope>.Action) -> [BrokerMachine<Envelope>.Action] {
        switch action {
        case .deliver(let delivery, let worker): return hand(delivery, to: worker)
        case .forward(let sender, let envelope): return forward(envelope, to: sender)
        case .welcome(let sender, let envelope, let session, let window):
            return welcome(sender, envelope, session: session, window)
        case .credit(let sender, let session, let window):
            var credit = WireCredit()
            credit.entries = UInt32(window.entries)
            credit.bytes = UInt32(window.bytes)
            tell(sender, .credit, credit, session: session)
        case .busy(let sender, let session, let first, let count):
            tell(sender, .receipt, WireReceipt(busyFrom: first, count), session: session, first: first, count: count)
        case .crowded(let sender, let session):
            tell(sender, .error, WireRefusal(.busy, retryAfter: 5_000), session: session)
        case .unknownSession(let sender, let session):
            tell(sender, .error, WireRefusal(.unknownSession), session: session)
        case .replaced(let sender, let session):
            var header = Header(.bye)
            header.session = session
            _ = send(header, to: sender)
        case .note(let note): log(note)
        }
        return []
    }

    private func hand(
        _ delivery: BrokerMachine<Envelope>.Delivery, to worker: PeerID
    ) -> [BrokerMachine<Envelope>.Action] {
        // Taken back meanwhile, for a failure before it in the list.
        guard machine.has(worker, delivery: delivery.number) else { return [] }
        let tag = DeliveryTag(
            delivery: delivery.number, roster: gate.roster?.version ?? 0, sender: delivery.sender)
        let frames = [
            Frame(worker.bytes), delivery.payload.headerFrame.shared(), Frame(tag.bytes),
            delivery.payload.body.shared(),
        ]
        switch deliver(frames, through: .back) {
        case .queued: return []
        case .wouldBlock: return machine.workerRefused(worker, delivery: delivery.number)
        case .unreachable: return machine.workerLeft(worker)
        }
    }

    private func forward(_ envelope: Envelope, to sender: PeerID) -> [BrokerMachine<Envelope>.Action] {
        let frames = [Frame(sender.bytes), envelope.headerFrame, envelope.body]
        return deliver(frames, through: .front) == .queued ? [] : machine.senderLeft(sender)
    }

    /// Adds the window to a worker's answer to HELLO.
    private func welcome(
        _ sender: PeerID, _ envelope: Envelope, session: UInt64, _ window: BrokerMachine<Envelope>.Window
    ) -> [BrokerMachine<Envelope>.Action] {
        guard envelope.header.command == .welcome,
            var welcome = try? WireWelcome(body: envelope.body.bytes, as: envelope.header.contentType)
        else { return forward(envelope, to: sender) }
        welcome.creditEntries = UInt32(window.entries)
        welcome.creditBytes = UInt32(window.bytes)
        tell(sender, .welcome, welcome, session: session)
        return []
    }

    private func log(_ note: BrokerMachine<Envelope>.Note) {
        switch note {
        case .workerLeft(let count), .workerExpired(let count): metrics.redelivered.increment(by: count)
        default: break
        }
        // Whoever greets again and again fills no log with it.
        if case .senderJoined = note, limiter.pass("sender joined", at: .now) == nil { return }
        switch note {
        case .senderJoined(let name): logger.info("sender joined", metadata: ["sender": "\(name)"])
        case .senderExpired(let name): logger.info("sender fell silent", metadata: ["sender": "\(name)"])
        case .workerJoined: logger.info("worker joined", metadata: ["workers": "\(machine.workerCount)"])
        case .workerLeft(let count): logger.info("worker left", metadata: ["redelivered": "\(count)"])
        case .workerExpired(let count): logger.warning("worker fell silent", metadata: ["redelivered": "\(count)"])
        }
    }
}

extension WireReceipt {
    /// The receipt of a batch that is to be sent again.
    fileprivate init(busyFrom first: UInt64, _ count: Int) {
        self.init()
        var verdict = WireVerdict()
        verdict.first = first
        verdict.last = first + UInt64(max(count, 1)) - 1
        verdict.outcome = .busy
        verdicts = [verdict]
        retryAfterMilliseconds = 500
    }
}
