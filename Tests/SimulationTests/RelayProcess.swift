import Machines

/// `hoso surveys`: a ``RelayMachine`` between the outbox and the survey senders.
///
/// What comes while it waits for the database is taken afterwards, as a socket would keep it.
final class RelayProcess: SimulatedProcess {
    private typealias Position = RelayMachine<SurveyTask>.Position

    private var machine = RelayMachine<SurveyTask>(capacity: 0, lease: .zero)
    private var inbox: [(peer: PeerID, message: Message)] = []
    private var cursor = Position.start
    private var acknowledged: [Int64] = []
    private var isServing = false
    private var isBusy = false
    private var pause = 100_000

    init(in world: SimulatedWorld) { super.init("relay", in: world) }

    override func begin() {
        machine = RelayMachine(capacity: world.shape.relayCapacity, lease: world.shape.relayLease)
        (inbox, acknowledged, cursor) = ([], [], .start)
        (isServing, isBusy, pause) = (false, false, 100_000)
        connect()
    }

    private func connect() {
        world.database.connect(self) { [unowned self] isConnected in
            guard isConnected else { return lost() }
            pause = 100_000
            isServing = true
            cursor = max(cursor, world.database.tables.floor)
            step()
        }
    }

    private func lost() {
        isServing = false
        after(pause) { [unowned self] in connect() }
        pause = min(pause * 2, 5_000_000)
    }

    override func receive(_ message: Message, from peer: PeerID) {
        inbox.append((peer, message))
        step()
    }

    /// One round: hear everybody, record what is done, read what is new, hand it out.
    override func step() {
        guard isServing, !isBusy else { return }
        let messages = inbox
        inbox = []
        for (peer, message) in messages { take(message, peer) }
        record()
    }

    private func take(_ message: Message, _ peer: PeerID) {
        switch message {
        case .surveyHello(let session, let credit):
            machine.receiverGreeted(peer, session: session, credit: credit, at: world.now)
            send(.surveyWelcome(session: session), to: peer)
        case .surveyPing(let session):
            let isKnown = machine.receiverBeat(peer, session: session, at: world.now)
            send(isKnown ? .surveyPong(session: session) : .surveyUnknown(session: session), to: peer)
        case .tasksDone(let tasks):
            _ = machine.acknowledged(tasks, by: peer, at: world.now)
            acknowledged += tasks
        default: break
        }
    }

    private func send(_ message: Message, to peer: PeerID) {
        if world.network.send(message, to: peer) != .queued { machine.receiverLeft(peer) }
    }

    /// Everything up to here is acknowledged.
    private var floor: Position {
        guard let lowest = machine.floor else { return cursor }
        return Position(transaction: lowest.transaction, task: lowest.task - 1)
    }
}

// MARK: - The outbox

extension RelayProcess {
    private func record() {
        guard !acknowledged.isEmpty else { return load() }
        let floor = floor, done = Set(acknowledged), count = acknowledged.count
        isBusy = true
        world.database.run(by: self, locking: [.floor]) { [unowned self] transaction in
            world.database.acknowledge(done, floor: floor, in: transaction)
        } then: { [unowned self] result in
            isBusy = false
            guard case .success = result else { return lost() }
            acknowledged.removeFirst(count)
            load()
        }
    }

    private func load() {
        guard !machine.connected.isEmpty, machine.room > 0 else { return deliver() }
        let limit = min(machine.room, 10), start = cursor
        isBusy = true
        world.database.run(by: self) { [unowned self] _ in
            world.database.tasks(
                after: start, limit: limit, ignoringHorizon: world.plant == .relaysBeyondHorizon)
        } then: { [unowned self] result in
            isBusy = false
            guard case .success(let rows) = result else { return lost() }
            for row in rows {
                cursor = Position(transaction: row.transaction, task: row.task.id)
                machine.add(row.task, at: cursor)
            }
            deliver()
        }
    }

    private func deliver() {
        for message in machine.deliveries(limit: 5, at: world.now) {
            send(.tasks(session: message.session, message.tasks), to: message.peer)
        }
        wake(in: inbox.isEmpty ? 500_000 : 1)
    }
}
