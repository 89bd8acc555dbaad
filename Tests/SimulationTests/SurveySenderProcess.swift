import Machines

/// `hoso surveys listen`: carries tasks out one by one and acknowledges those that succeeded.
final class SurveySenderProcess: SimulatedProcess {
    /// How often a task fails, and how often it takes longer than the relay's lease.
    var failures = 0.0, hangs = 0.0
    /// Whether it beats and never gets anything done again.
    var isHopeless = false
    private var link: WorkerLink
    private var socket: ClientSocket?
    private var session: UInt64 = 0
    private var held: Set<Int64> = []
    private var queue: [(task: SurveyTask, attempts: Int, due: Int)] = []
    private var current: Int64?
    private var done: [Int64] = []

    init(_ number: Int, in world: SimulatedWorld) {
        link = WorkerLink(seed: world.random.next(), at: world.now)
        super.init("survey sender \(number)", in: world)
    }

    override func begin() {
        link = WorkerLink(seed: world.random.next(), at: world.now)
        (socket, current, held, queue, done) = (nil, nil, [], [], [])
    }

    override func step() {
        carryOut()
        acknowledge()
        while true {
            switch link.next(at: world.now) {
            case .open(let session): open(session)
            case .beat: socket?.send(.surveyPing(session: session))
            case .wait(let moment): return wake(at: moment)
            }
        }
    }

    private func open(_ session: UInt64) {
        self.session = session
        socket?.close()
        socket = ClientSocket(self, to: world.relay)
        // What was held is delivered again under the same ids; what is done stays to be acknowledged.
        held = Set(done).union([current].compactMap(\.self))
        queue = []
        socket?.send(.surveyHello(session: session, credit: world.shape.surveyCredit))
    }

    override func receive(_ message: Message, from peer: PeerID) {
        switch message {
        case .surveyWelcome(session):
            link.heard(at: world.now)
            link.welcomed(session: session, at: world.now)
        case .surveyPong(session): link.heard(at: world.now)
        case .surveyUnknown(session): link.broken(at: world.now)
        case .tasks(session, let tasks):
            link.heard(at: world.now)
            for task in tasks {
                world.oracle.taskArrived(task)
                if held.insert(task.id).inserted { queue.append((task, 0, world.time)) }
            }
        default: break
        }
        step()
    }

    private func carryOut() {
        guard current == nil, !isHopeless else { return }
        guard let index = queue.firstIndex(where: { $0.due <= world.time }) else {
            if let due = queue.map(\.due).min() { wake(in: due - world.time) }
            return
        }
        var item = queue.remove(at: index)
        current = item.task.id
        let isDone = !world.chance(failures)
        let duration = world.chance(hangs) ? 12_000_000 : world.random(1_000...30_000)
        after(duration) { [unowned self] in
            current = nil
            if isDone {
                world.oracle.carriedOut(item.task)
                done.append(item.task.id)
            } else if !queue.contains(where: { $0.task == item.task }) {
                item.attempts += 1
                item.due = world.time + min(500_000 << min(item.attempts - 1, 7), 60_000_000)
                queue.append(item)
            }
            step()
        }
    }

    private func acknowledge() {
        guard !done.isEmpty, link.session != nil else { return }
        socket?.send(.tasksDone(done))
        held.subtract(done)
        done = []
    }
}
