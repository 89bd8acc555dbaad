import Machines

/// A mistake that is made on purpose, to see that the simulation finds it.
enum PlantedBug {
    /// The worker answers before its COMMIT.
    case acknowledgesBeforeCommit
    /// The aggregator folds in order of id, whatever may still be committed below.
    case foldsByID
    /// The relay reads tasks above the horizon, and so passes over those that are committed later.
    case relaysBeyondHorizon
}

/// All of hoso in one thread: real machines in simulated processes, over a simulated network and database.
///
/// Its clock jumps from event to event, and everything that happens follows from the seed.
final class SimulatedWorld {
    let plant: PlantedBug?
    let shape: WorldShape
    /// Microseconds since the beginning.
    private(set) var time = 0
    /// The same, as the machines are told it.
    private(set) var now: Moment
    var random: SeededGenerator
    var processes: [SimulatedProcess] = []
    private let start: Moment
    private var events = EventQueue()
    /// What happened, if it is written down.
    private(set) var trace: [String]?

    private(set) lazy var network = SimulatedNetwork(self)
    private(set) lazy var database = SimulatedDatabase(self)
    private(set) lazy var oracle = Oracle(self)
    private(set) lazy var broker = BrokerProcess(in: self)
    private(set) lazy var relay = RelayProcess(in: self)
    private(set) lazy var agents = (0..<shape.senders).map { AgentProcess(sender: $0, in: self) }
    private(set) lazy var workers = (0..<shape.workers).map { WorkerProcess($0, in: self) }
    private(set) lazy var surveySenders = (0..<shape.surveySenders).map { SurveySenderProcess($0, in: self) }
    private(set) lazy var aggregators = (0..<shape.aggregators).map { AggregatorProcess($0, in: self) }

    /// A world in which nothing has happened yet.
    init(seed: UInt64, plant: PlantedBug? = nil, isTraced: Bool = false) {
        self.plant = plant
        random = SeededGenerator(seed: seed)
        shape = WorldShape(&random)
        start = ContinuousClock.now
        now = start
        trace = isTraced ? [] : nil
    }

    /// Lives through the faults, heals, and settles; returns the promise that was broken, if any.
    func run() -> String? {
        network.highWaterMark = shape.highWaterMark
        let all: [[SimulatedProcess]] = [[broker, relay], agents, workers, surveySenders, aggregators]
        for process in all.joined() { after(random(0...500_000)) { process.launch() } }
        Workload.plan(in: self)
        Turmoil.plan(in: self)
        at(shape.turmoil) { [unowned self] in Turmoil.heal(self) }
        at(shape.turmoil) { [unowned self] in oracle.expectRecovery() }
        var count = 0
        while !oracle.isFinished, let event = events.next() {
            if event.time > time {
                time = event.time
                now = start.advanced(by: .microseconds(time))
            }
            count += 1
            oracle.check(count < 300_000, "the world goes round in circles")
            event.action()
        }
        return oracle.violation
    }
}

// MARK: - Time and chance

extension SimulatedWorld {
    /// Has something happen at a time.
    func at(_ time: Int, _ action: @escaping () -> Void) { events.add(at: time, action) }

    /// Has something happen after a while.
    func after(_ delay: Int, _ action: @escaping () -> Void) { events.add(at: time + delay, action) }

    /// The first microsecond that is not before a moment.
    func time(of moment: Moment) -> Int {
        let (seconds, attoseconds) = start.duration(to: moment).components
        return Int(seconds) * 1_000_000 + Int((attoseconds + 999_999_999_999) / 1_000_000_000_000)
    }

    /// A number of a range.
    func random(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &random) }

    /// True so often.
    func chance(_ share: Double) -> Bool { share > 0 && Double(random.next() >> 11) < share * Double(1 << 53) }

    /// Writes an event down, if anybody reads it.
    func note(_ text: @autoclosure () -> String) {
        guard trace != nil else { return }
        trace?.append("\(Double(time) / 1e6) \(text())")
    }
}
