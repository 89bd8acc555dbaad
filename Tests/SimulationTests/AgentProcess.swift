import Machines

/// `hoso agent`: a spool and a ``SenderMachine`` that sends what is in it.
final class AgentProcess: SimulatedProcess {
    /// The sender's number.
    let sender: Int
    /// The disk; it outlives the process.
    private(set) var spool = SimulatedSpool()
    /// The file from which entries are taken into the spool; it grows and outlives the process too.
    private(set) var source: [Entry] = []
    /// How often the disk does not take a receipt.
    var failuresOfDisk = 0.0
    private var machine: SenderMachine
    private var socket: ClientSocket?
    private var session: UInt64 = 0
    private var isAppending = false

    init(sender: Int, in world: SimulatedWorld) {
        self.sender = sender
        machine = Self.machine(in: world)
        super.init("agent \(sender)", in: world)
    }

    private static func machine(in world: SimulatedWorld) -> SenderMachine {
        SenderMachine(
            mostEntries: world.shape.batchEntries, mostBytes: world.shape.batchEntries * Message.entryBytes,
            mostBatches: world.shape.batches, seed: world.random.next(), at: world.now)
    }

    /// Whether every entry has its receipt.
    var isDone: Bool { spool.pending.isEmpty && spool.assigned.count == source.count }

    /// The operator writes entries.
    func write(_ entries: [Entry]) {
        source += entries
        perform { [unowned self] in step() }
    }

    override func begin() {
        machine = Self.machine(in: world)
        socket = nil
        isAppending = false
    }

    override func step() {
        takeIn()
        while true {
            switch machine.next(at: world.now) {
            case .open(let session): open(session)
            case .beat: socket?.send(.ping(session: session, sender: sender, head: spool.head))
            case .send(let number, let entries, let bytes):
                send(after: number, entries, bytes)
                if socket?.isWaiting == true { return wake(in: 200_000) }
            case .wait(let moment): return wake(at: moment)
            }
        }
    }

    override func receive(_ message: Message, from peer: PeerID) {
        switch message {
        case .welcome(session, let highest, let entries, let bytes):
            world.oracle.check(highest <= spool.head, "\(name) is told of numbers that it never assigned")
            machine.welcomed(session: session, entries: entries, bytes: bytes, at: world.now)
        case .receipt(session, let first, let outcomes, let retryAfter):
            heard()
            take(outcomes, from: first, retryAfter: retryAfter)
        case .credit(session, let entries, let bytes):
            heard()
            machine.credited(entries: entries, bytes: bytes)
        case .pong(session): heard()
        case .bye: machine.broken(at: world.now, retryAfter: .milliseconds(500))
        case .unknownSession: machine.broken(at: world.now)
        case .crowded: machine.broken(at: world.now, retryAfter: .seconds(5))
        default: break
        }
        step()
    }

    /// Takes entries into the spool; a crash before the commit leaves them in the file.
    private func takeIn() {
        guard !isAppending, spool.assigned.count < source.count else { return }
        isAppending = true
        after(world.random(1_000...20_000)) { [unowned self] in
            isAppending = false
            spool.append(source[spool.assigned.count...].prefix(10))
            machine.spoolGrew()
            step()
        }
    }

    private func open(_ session: UInt64) {
        self.session = session
        if socket == nil || !world.shape.keepsSockets {
            socket?.close()
            socket = ClientSocket(self, to: world.broker)
        }
        socket?.send(.hello(session: session, sender: sender, head: spool.head))
    }

    private func send(after number: UInt64, _ limit: Int, _ bytes: Int) {
        guard let run = spool.nextRun(after: number, limit: limit, bytes: bytes) else { return machine.foundNothing() }
        socket?.send(.batch(session: session, sender: sender, first: run.first, entries: run.entries))
        machine.sent(
            first: run.first, count: run.entries.count, bytes: run.entries.count * Message.entryBytes, at: world.now)
    }
}

// MARK: - Receiving

extension AgentProcess {
    private func heard() { _ = machine.heard(session: session, at: world.now) }

    /// Records a receipt on disk first; only then does the machine hear of it.
    private func take(_ outcomes: [Outcome?], from first: UInt64, retryAfter: Int) {
        world.oracle.receiptArrived(outcomes, from: first, at: self)
        let session = session
        let isTransient = outcomes.contains { $0 == nil }
        after(world.random(200...(world.chance(0.02) ? 3_000_000 : 4_000))) { [unowned self] in
            if world.chance(failuresOfDisk) { return machine.broken(at: world.now, retryAfter: .seconds(5)) }
            let contradicted = spool.record(outcomes, from: first)
            world.oracle.check(contradicted == nil, "\(name) gets a second, other receipt")
            guard session == self.session else { return }
            machine.receipted(
                first: first, retryAfter: isTransient ? .milliseconds(max(100, retryAfter)) : nil, at: world.now)
            step()
        }
    }
}
