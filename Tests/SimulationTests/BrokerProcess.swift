import Machines

/// `hoso broker`: a ``BrokerMachine`` between senders and workers, nothing on disk.
final class BrokerProcess: SimulatedProcess {
    private typealias Action = BrokerMachine<Message>.Action

    private var machine: BrokerMachine<Message>

    init(in world: SimulatedWorld) {
        machine = BrokerMachine(limits: world.shape.limits)
        super.init("broker", in: world)
    }

    /// What batches cost that are queued or with a worker.
    var heldBytes: Int { machine.heldBytes }

    override func begin() {
        machine = BrokerMachine(limits: world.shape.limits, firstDelivery: world.random.next() >> 2)
    }

    override func step() {
        perform(machine.timePassed(at: world.now))
        wake(in: 500_000)
    }

    override func receive(_ message: Message, from peer: PeerID) {
        switch message {
        case .hello(let session, let sender, _):
            perform(
                machine.senderGreeted(
                    peer, sender: "\(sender)", session: session, payload: message, at: world.now))
        case .batch(let session, _, let first, let entries):
            perform(
                machine.batchArrived(
                    peer, session: session, first: first, entries: entries.count,
                    bytes: entries.count * Message.entryBytes, payload: message, at: world.now))
        case .ping(let session, _, let head):
            let (isKnown, actions) = machine.senderBeat(
                peer, session: session, standing: Standing(head: head), payload: message, at: world.now)
            if isKnown { tell(peer, .pong(session: session)) }
            perform(actions)
        case .bye: perform(machine.senderLeft(peer))
        default: receiveFromWorker(message, peer)
        }
        world.oracle.check(
            (0...world.shape.limits.memoryBytes).contains(machine.heldBytes), "the broker holds \(machine.heldBytes)")
    }

    private func receiveFromWorker(_ message: Message, _ peer: PeerID) {
        switch message {
        case .workerHello(let session, let capacity):
            answer(peer, .workerWelcome(session: session))
            perform(machine.workerGreeted(peer, capacity: capacity, at: world.now))
        case .workerPing: answer(peer, machine.workerBeat(peer, at: world.now) ? .workerPong : .workerUnknown)
        case .workerDrain: perform(machine.workerDraining(peer))
        case .workerBye: perform(machine.workerLeft(peer))
        case .answer(let number, let isDraining, let payload):
            perform(
                machine.workerAnswered(
                    peer, delivery: number, isDraining: isDraining, payload: payload, at: world.now))
        default: break
        }
    }
}

// MARK: - Actions

extension BrokerProcess {
    /// Performs actions and what follows from their failure.
    private func perform(_ actions: [Action]) {
        var waiting = actions[...]
        while let action = waiting.popFirst() { waiting += perform(action) }
    }

    private func perform(_ action: Action) -> [Action] {
        switch action {
        case .deliver(let delivery, let worker): return hand(delivery, to: worker)
        case .forward(let sender, let message): return forward(message, to: sender)
        case .welcome(let sender, .welcome(let session, let highest, _, _), _, let window):
            tell(
                sender, .welcome(session: session, highest: highest, entries: window.entries, bytes: window.bytes))
        case .welcome(let sender, let message, _, _): return forward(message, to: sender)
        case .credit(let sender, let session, let window):
            tell(sender, .credit(session: session, entries: window.entries, bytes: window.bytes))
        case .busy(let sender, let session, let first, let count):
            let outcomes = [Outcome?](repeating: nil, count: count)
            tell(sender, .receipt(session: session, first: first, outcomes: outcomes, retryAfter: 500))
        case .crowded(let sender, let session): tell(sender, .crowded(session: session))
        case .unknownSession(let sender, let session): tell(sender, .unknownSession(session: session))
        case .replaced(let sender, let session): _ = world.network.send(.bye(session: session), to: sender)
        case .note(let note): world.note("broker: \(note)")
        }
        return []
    }

    private func hand(_ delivery: BrokerMachine<Message>.Delivery, to worker: PeerID) -> [Action] {
        guard machine.has(worker, delivery: delivery.number) else { return [] }
        switch world.network.send(.delivery(number: delivery.number, delivery.payload), to: worker) {
        case .queued: return []
        case .wouldBlock: return machine.workerRefused(worker, delivery: delivery.number)
        case .unreachable: return machine.workerLeft(worker)
        }
    }

    private func forward(_ message: Message, to sender: PeerID) -> [Action] {
        world.network.send(message, to: sender) == .queued ? [] : machine.senderLeft(sender)
    }

    private func tell(_ peer: PeerID, _ message: Message) { perform(forward(message, to: peer)) }

    private func answer(_ peer: PeerID, _ message: Message) {
        if world.network.send(message, to: peer) == .unreachable { perform(machine.workerLeft(peer)) }
    }
}
