import Machines

/// `hoso worker`: a ``WorkerLink``, and what gathers for the database while it is busy.
final class WorkerProcess: SimulatedProcess {
    private var link: WorkerLink
    var socket: ClientSocket?
    /// Entries that wait for the database.
    var works: [Work] = []
    /// Greetings and heads that wait for the database.
    var questions: [Message.Delivered] = []
    var isReady = false
    var isConnected = false
    var isBusy = false
    var isDraining = false
    var setbacks = 0
    var pause = 100_000

    init(_ number: Int, in world: SimulatedWorld) {
        link = WorkerLink(seed: world.random.next(), at: world.now)
        super.init("worker \(number)", in: world)
    }

    override func begin() {
        link = WorkerLink(seed: world.random.next(), at: world.now)
        (works, questions) = ([], [])
        (isReady, isConnected, isBusy, isDraining) = (false, false, false, false)
        (setbacks, pause) = (0, 100_000)
        connect()
    }

    /// SIGTERM: takes nothing more, finishes what it has, and leaves.
    func drain() {
        world.note("\(name) is to leave")
        perform { [unowned self] in
            isDraining = true
            socket?.send(.workerDrain)
            serve()
        }
    }

    override func step() {
        guard isReady else { return }
        while true {
            switch link.next(at: world.now) {
            case .open(let session): open(session)
            case .beat: socket?.send(.workerPing)
            case .wait(let moment): return wake(at: moment)
            }
        }
    }

    private func open(_ session: UInt64) {
        socket?.close()
        socket = ClientSocket(self, to: world.broker)
        // What an earlier session delivered has gone to others or will be delivered again.
        works = []
        questions = []
        socket?.send(.workerHello(session: session, capacity: world.shape.capacity))
    }

    override func receive(_ message: Message, from peer: PeerID) {
        link.heard(at: world.now)
        switch message {
        case .delivery(let number, let payload): accept(Message.Delivered(number: number, message: payload))
        case .workerWelcome(let session): link.welcomed(session: session, at: world.now)
        case .workerUnknown: link.broken(at: world.now)
        default: break
        }
        step()
    }

    private func accept(_ delivered: Message.Delivered) {
        guard !isDraining else { return handBack(delivered) }
        if case .batch(let session, let sender, let first, let entries) = delivered.message {
            let delivery = OpenDelivery(delivered.number, session: session, first: first, count: entries.count)
            for (index, entry) in entries.enumerated() {
                let key = LedgerKey(sender: sender, number: first + UInt64(index))
                works.append(Work(key: key, entry: entry, delivery: delivery, index: index))
            }
        } else {
            let older = questions.filter { $0.isReplaced(by: delivered) }
            for question in older { handBack(question) }
            questions.removeAll { $0.isReplaced(by: delivered) }
            questions.append(delivered)
        }
        serve()
    }

    private func handBack(_ delivered: Message.Delivered) {
        socket?.send(.answer(number: delivered.number, isDraining: true, delivered.message))
    }
}
