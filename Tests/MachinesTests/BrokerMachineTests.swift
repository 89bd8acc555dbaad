import Machines
import Testing

@Suite struct BrokerMachineTests {
    private typealias Broker = BrokerMachine<String>
    private let start = ContinuousClock.now

    private func peer(_ number: UInt8) -> PeerID { PeerID([0, number]) }

    private func told(_ actions: [Broker.Action]) -> [String] { actions.map(Self.told) }

    private static func told(_ action: Broker.Action) -> String {
        switch action {
        case .deliver(let delivery, let worker):
            "deliver \(delivery.number) \(delivery.payload) to \(worker.bytes[1])"
        case .welcome(let peer, let payload, _, let window): "welcome \(peer.bytes[1]) \(payload) \(window.entries)"
        case .forward(let peer, let payload): "forward \(payload) to \(peer.bytes[1])"
        case .credit(let peer, _, let window): "credit \(peer.bytes[1]) \(window.bytes)"
        case .busy(let peer, _, let first, let count): "busy \(peer.bytes[1]) \(first)+\(count)"
        case .crowded(let peer, let session): "crowded \(peer.bytes[1]) \(session)"
        case .unknownSession(let peer, let session): "unknown \(peer.bytes[1]) \(session)"
        case .replaced(let peer, let session): "replaced \(peer.bytes[1]) \(session)"
        case .note(.senderExpired(let name)): "expired \(name)"
        case .note(.workerExpired(let count)): "worker expired \(count)"
        case .note(.workerLeft(let count)): "worker left \(count)"
        case .note(.workerJoined): "worker joined"
        case .note(.senderJoined(let name)): "joined \(name)"
        }
    }

    @Test func `A greeting waits for a worker, whose answer becomes the welcome`() {
        var broker = Broker()
        #expect(
            told(broker.senderGreeted(peer(1), sender: "a", session: 7, payload: "hello", at: start)) == ["joined a"])
        #expect(
            told(broker.workerGreeted(peer(9), capacity: 100, at: start)) == ["worker joined", "deliver 1 hello to 9"])
        let answer = broker.workerAnswered(peer(9), delivery: 1, isDraining: false, payload: "has 0", at: start)
        #expect(told(answer) == ["welcome 1 has 0 8192"])
    }

    @Test func `A batch goes to the least busy worker, its receipt to its sender`() {
        var broker = welcomed(workers: [8, 9])
        #expect(
            told(broker.batchArrived(peer(1), session: 7, first: 1, entries: 60, bytes: 10, payload: "b1", at: start))
                .map { $0.prefix(12) } == ["deliver 2 b1"])
        let second = told(
            broker.batchArrived(peer(1), session: 7, first: 61, entries: 60, bytes: 10, payload: "b2", at: start))
        let third = told(
            broker.batchArrived(peer(1), session: 7, first: 121, entries: 60, bytes: 10, payload: "b3", at: start))
        // Each worker takes a hundred entries: the third batch waits until one has answered.
        #expect(second.map { $0.prefix(12) } == ["deliver 3 b2"])
        #expect(third.isEmpty)
        let worker: UInt8 = second[0].hasSuffix("8") ? 8 : 9
        let answer = told(broker.workerAnswered(peer(worker), delivery: 3, isDraining: false, payload: "r2", at: start))
        #expect(answer == ["forward r2 to 1", "deliver 4 b3 to \(worker)"])
    }

    @Test func `Equally busy workers take turns, so that one whose database is away does not get everything`() {
        var broker = welcomed(workers: [7, 8, 9])
        var got: [UInt8] = []
        for _ in 1...6 {
            let actions = broker.batchArrived(
                peer(1), session: 7, first: 1, entries: 5, bytes: 50, payload: "b", at: start)
            for case .deliver(let delivery, let worker) in actions {
                got.append(worker.bytes[1])
                _ = broker.workerAnswered(
                    worker, delivery: delivery.number, isDraining: false, payload: "later", at: start)
            }
        }
        #expect(got.prefix(3).sorted() == [7, 8, 9])
        #expect(got.prefix(3) == got.suffix(3))
    }

    @Test func `A batch of an unknown session is refused, so that the sender greets again`() {
        var broker = welcomed(workers: [9])
        #expect(
            told(broker.batchArrived(peer(1), session: 6, first: 1, entries: 1, bytes: 1, payload: "x", at: start))
                == ["unknown 1 6"])
        #expect(
            told(broker.batchArrived(peer(5), session: 7, first: 1, entries: 1, bytes: 1, payload: "x", at: start))
                == ["unknown 5 7"])
    }

    @Test func `What a hung worker has goes to another one after its lease, with a new number`() {
        var broker = welcomed(workers: [8])
        #expect(
            told(broker.batchArrived(peer(1), session: 7, first: 1, entries: 5, bytes: 50, payload: "b", at: start))
                == ["deliver 2 b to 8"])
        _ = broker.workerGreeted(peer(9), capacity: 100, at: start)
        let alive = start.advanced(by: .seconds(9))
        #expect(broker.workerBeat(peer(9), at: alive) == true)
        #expect(told(broker.timePassed(at: alive)).isEmpty)
        let late = start.advanced(by: .seconds(11))
        #expect(told(broker.timePassed(at: late)) == ["worker expired 1", "deliver 3 b to 9"])
        // The hung worker wakes up: its answer is too late, and it must greet again.
        #expect(told(broker.workerAnswered(peer(8), delivery: 2, isDraining: false, payload: "r", at: late)).isEmpty)
        #expect(broker.workerBeat(peer(8), at: late) == false)
        #expect(
            told(broker.workerAnswered(peer(9), delivery: 3, isDraining: false, payload: "r", at: late))
                == ["forward r to 1"])
        #expect(broker.heldBytes == 0)
    }

    @Test func `A draining worker gets nothing more, and what it hands back goes to another`() {
        var broker = welcomed(workers: [8])
        _ = broker.batchArrived(peer(1), session: 7, first: 1, entries: 5, bytes: 50, payload: "b", at: start)
        #expect(broker.workerDraining(peer(8)).isEmpty)
        #expect(told(broker.workerAnswered(peer(8), delivery: 2, isDraining: true, payload: "", at: start)).isEmpty)
        #expect(told(broker.workerGreeted(peer(9), capacity: 1, at: start)) == ["worker joined", "deliver 3 b to 9"])
    }

    @Test func `A full broker says busy and keeps nothing`() {
        var limits = BrokerLimits()
        limits.memoryBytes = 200_000
        limits.windowBytes = 91_000
        var broker = BrokerMachine<String>(limits: limits)
        _ = broker.senderGreeted(peer(1), sender: "a", session: 7, payload: "hello", at: start)
        #expect(
            told(broker.batchArrived(peer(1), session: 7, first: 1, entries: 5, bytes: 90_000, payload: "b", at: start))
                .isEmpty)
        #expect(
            told(broker.batchArrived(peer(1), session: 7, first: 6, entries: 5, bytes: 90_000, payload: "c", at: start))
                == ["busy 1 6+5"])
        #expect(broker.heldBytes == 91_024)
    }

    @Test func `A session has at most thirty-two batches on their way, however small`() {
        var broker = Broker()
        _ = broker.senderGreeted(peer(1), sender: "a", session: 7, payload: "hello", at: start)
        let answers = (1...33).map { number in
            told(
                broker.batchArrived(
                    peer(1), session: 7, first: UInt64(number), entries: 1, bytes: 68, payload: "b", at: start))
        }
        #expect(answers.dropLast().allSatisfy { $0.isEmpty })
        #expect(answers.last == ["busy 1 33+1"])
    }

    @Test func `A crowd that waits for the only worker is handed over bit by bit`() {
        var broker = Broker()
        for number in UInt8(0)..<200 {
            _ = broker.senderGreeted(
                PeerID([0, number]), sender: "s\(number)", session: 1, payload: "h\(number)", at: start)
        }
        let worker = PeerID([1, 1])
        var actions = broker.workerGreeted(worker, capacity: 1_000, at: start)
        var waiting: [UInt64] = []
        var welcomed = 0
        repeat {
            for case .deliver(let delivery, _) in actions { waiting.append(delivery.number) }
            #expect(waiting.count <= 32 && broker.deliveryCount == waiting.count)
            welcomed += actions.reduce(0) { if case .welcome = $1 { $0 + 1 } else { $0 } }
            guard !waiting.isEmpty else { break }
            actions = broker.workerAnswered(
                worker, delivery: waiting.removeFirst(), isDraining: false, payload: "", at: start)
        } while true
        #expect(welcomed == 200)
    }

    @Test func `A worker whose connection is full keeps what it has and gets more when it is heard of`() {
        var broker = welcomed(workers: [9])
        _ = broker.batchArrived(peer(1), session: 7, first: 1, entries: 5, bytes: 50, payload: "b", at: start)
        _ = broker.batchArrived(peer(1), session: 7, first: 6, entries: 5, bytes: 50, payload: "c", at: start)
        #expect(told(broker.workerRefused(peer(9), delivery: 3)).isEmpty)
        #expect(!broker.has(peer(9), delivery: 3) && broker.has(peer(9), delivery: 2))
        #expect(told(broker.timePassed(at: start)).isEmpty)
        #expect(
            told(broker.workerAnswered(peer(9), delivery: 2, isDraining: false, payload: "r", at: start))
                == ["forward r to 1", "deliver 4 c to 9"])
    }

    @Test func `A head is told again until a worker has recorded it`() {
        var broker = welcomed(workers: [8])
        #expect(
            told(
                broker.senderBeat(peer(1), session: 7, standing: Standing(head: 5), payload: "head 5", at: start)
                    .actions)
                == ["deliver 2 head 5 to 8"])
        #expect(
            broker.senderBeat(peer(1), session: 7, standing: Standing(head: 5), payload: "again", at: start).actions
                .isEmpty)
        #expect(told(broker.workerLeft(peer(8))) == ["worker left 1"])
        #expect(
            told(broker.workerGreeted(peer(9), capacity: 9, at: start)) == ["worker joined", "deliver 3 head 5 to 9"])
        #expect(broker.workerAnswered(peer(9), delivery: 3, isDraining: false, payload: "", at: start).isEmpty)
        #expect(
            broker.senderBeat(peer(1), session: 7, standing: Standing(head: 5), payload: "again", at: start).actions
                .isEmpty)
    }

    @Test func `A greeting that repeats its session's number begins with nothing on its way`() {
        var broker = welcomed(workers: [9])
        _ = broker.batchArrived(peer(1), session: 7, first: 1, entries: 5, bytes: 50, payload: "b", at: start)
        _ = broker.senderGreeted(peer(1), sender: "a", session: 7, payload: "hello", at: start)
        // The answer to the batch belongs to a session that is over.
        #expect(broker.workerAnswered(peer(9), delivery: 2, isDraining: false, payload: "r", at: start).isEmpty)
        #expect(broker.heldBytes == 0)
    }

    @Test func `A second connection under one name takes the place of the first`() {
        var broker = welcomed(workers: [9])
        let actions = told(broker.senderGreeted(peer(2), sender: "a", session: 8, payload: "hello", at: start))
        #expect(actions == ["replaced 1 7", "joined a", "deliver 2 hello to 9"])
        #expect(!broker.knows(peer(1)))
    }

    @Test func `A sender's window shrinks as others come, and grows when they have gone`() {
        var limits = BrokerLimits()
        limits.memoryBytes = 300_000
        limits.windowBytes = 200_000
        var broker = BrokerMachine<String>(limits: limits)
        _ = broker.workerGreeted(peer(9), capacity: 100, at: start)
        _ = broker.senderGreeted(peer(1), sender: "a", session: 1, payload: "", at: start)
        _ = broker.workerAnswered(peer(9), delivery: 1, isDraining: false, payload: "", at: start)
        _ = broker.senderGreeted(peer(2), sender: "b", session: 2, payload: "", at: start)
        #expect(told(broker.timePassed(at: start)) == ["credit 1 150000"], "who greets learns it from the welcome")
        _ = broker.workerAnswered(peer(9), delivery: 2, isDraining: false, payload: "", at: start)
        let late = start.advanced(by: .seconds(31))
        _ = broker.senderBeat(peer(2), session: 2, standing: Standing(), payload: "", at: late)
        #expect(broker.workerBeat(peer(9), at: late) == true)
        #expect(told(broker.timePassed(at: late)).contains("credit 2 200000"))
    }

    @Test(arguments: 0..<40)
    func `Whatever peers do, memory is bounded and every accepted batch is answered once`(seed: UInt64) {
        var walk = BrokerWalk(seed: seed)
        for _ in 0..<1_500 { walk.step() }
        walk.settle()
    }

    private func welcomed(workers: [UInt8]) -> Broker {
        var broker = Broker()
        for worker in workers { _ = broker.workerGreeted(peer(worker), capacity: 100, at: start) }
        let actions = broker.senderGreeted(peer(1), sender: "a", session: 7, payload: "hello", at: start)
        for case .deliver(let delivery, let worker) in actions {
            _ = broker.workerAnswered(worker, delivery: delivery.number, isDraining: false, payload: "", at: start)
        }
        return broker
    }
}

/// A random life of a broker with a few senders and workers, and what must hold throughout.
private struct BrokerWalk {
    private struct Held {
        let payload: Int
        let entries: Int
    }

    private var generator: SeededGenerator
    private var broker: BrokerMachine<Int>
    private var limits = BrokerLimits()
    private var now = ContinuousClock.now
    private var sessions: [PeerID: UInt64] = [:]
    private var workers: [PeerID: [UInt64: Held]] = [:]
    private var capacities: [PeerID: Int] = [:]
    /// Batches that were accepted and not answered, by payload, with the session that they belong to.
    private var owed: [Int: (peer: PeerID, session: UInt64)] = [:]
    private var answered: Set<Int> = []
    private var lastPayload = 0

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        limits.memoryBytes = 400_000
        limits.windowBytes = 120_000
        limits.windowEntries = 300
        broker = BrokerMachine(limits: limits)
    }

    private mutating func peer(_ base: UInt8) -> PeerID {
        PeerID([base, UInt8.random(in: 0..<4, using: &generator)])
    }

    mutating func step() {
        now = now.advanced(by: .milliseconds(Int.random(in: 0..<900, using: &generator)))
        switch Int.random(in: 0..<13, using: &generator) {
        case 0: greetAsSender()
        case 1: greetAsWorker()
        case 2...6: sendBatch()
        case 7...9: answer(isDraining: false)
        case 10: answer(isDraining: true)
        case 11: leave()
        default: keepAlive()
        }
        check(broker.timePassed(at: now))
        #expect(broker.heldBytes >= 0 && broker.heldBytes <= limits.memoryBytes)
    }

    private mutating func greetAsSender() {
        let peer = peer(1), session = generator.next() | 1
        sessions[peer] = session
        owed = owed.filter { $0.value.peer != peer }
        // Two connections share a name, so that one replaces the other.
        let name = "sender-\(peer.bytes[1] / 2)"
        check(broker.senderGreeted(peer, sender: name, session: session, payload: 0, at: now))
    }

    private mutating func greetAsWorker() {
        let peer = peer(2)
        capacities[peer] = 100 * Int.random(in: 1...4, using: &generator)
        workers[peer] = [:]
        check(broker.workerGreeted(peer, capacity: capacities[peer] ?? 0, at: now))
    }

    private mutating func sendBatch() {
        let peer = peer(1)
        let session = sessions[peer] ?? 99
        lastPayload += 1
        let payload = lastPayload
        if broker.knows(peer) { owed[payload] = (peer, session) }
        check(
            broker.batchArrived(
                peer, session: session, first: UInt64(payload), entries: Int.random(in: 1...150, using: &generator),
                bytes: Int.random(in: 1...60_000, using: &generator), payload: payload, at: now))
    }

    private mutating func answer(isDraining: Bool) {
        guard let worker = workers.keys.sorted(by: { $0.bytes[1] < $1.bytes[1] }).randomElement(using: &generator),
            let delivery = workers[worker]?.keys.sorted().randomElement(using: &generator),
            let held = workers[worker]?.removeValue(forKey: delivery)
        else { return }
        check(
            broker.workerAnswered(
                worker, delivery: delivery, isDraining: isDraining, payload: held.payload, at: now))
    }

    private mutating func leave() {
        if Bool.random(using: &generator) {
            let peer = peer(2)
            workers[peer] = nil
            check(broker.workerLeft(peer))
        } else {
            let peer = peer(1)
            owed = owed.filter { $0.value.peer != peer }
            sessions[peer] = nil
            check(broker.senderLeft(peer))
        }
    }

    private mutating func keepAlive() {
        for worker in workers.keys { _ = broker.workerBeat(worker, at: now) }
        for (peer, session) in sessions {
            let standing = Standing(head: generator.next() % 3, waitingFrom: generator.next() % 3)
            check(broker.senderBeat(peer, session: session, standing: standing, payload: 0, at: now).actions)
        }
    }

    private mutating func check(_ actions: [BrokerMachine<Int>.Action]) {
        for action in actions {
            switch action {
            case .deliver(let delivery, let worker): delivered(delivery, to: worker)
            case .forward(let peer, let payload) where payload > 0:
                #expect(owed[payload]?.peer == peer, "an answer reaches the sender that waits for it")
                owed[payload] = nil
                let isFirst = answered.insert(payload).inserted
                #expect(isFirst, "no batch is answered twice")
            case .busy(_, _, let first, _): owed[Int(first)] = nil
            case .unknownSession(let peer, _), .replaced(let peer, _), .crowded(let peer, _):
                if !broker.knows(peer) { forget(peer) }
            case .note(.senderExpired), .forward, .welcome, .credit, .note(.senderJoined): break
            case .note(.workerExpired), .note(.workerLeft), .note(.workerJoined): break
            }
        }
        for peer in sessions.keys where !broker.knows(peer) { forget(peer) }
        for worker in workers.keys where !broker.workerBeatWouldBeKnown(worker, at: now) { workers[worker] = nil }
    }

    private mutating func forget(_ peer: PeerID) {
        owed = owed.filter { $0.value.peer != peer }
        sessions[peer] = nil
    }

    private mutating func delivered(_ delivery: BrokerMachine<Int>.Delivery, to worker: PeerID) {
        guard broker.has(worker, delivery: delivery.number) else { return }
        let before = workers[worker]?.values.reduce(0) { $0 + $1.entries } ?? 0
        #expect(before == 0 || before + delivery.entries <= capacities[worker] ?? 0, "credit is kept")
        workers[worker]?[delivery.number] = Held(
            payload: delivery.payload, entries: delivery.entries)
        #expect((workers[worker]?.count ?? 0) <= limits.workerDeliveries)
    }

    /// Peers behave from now on: everything that is owed is answered, and nothing is held any more.
    mutating func settle() {
        greetAsWorker()
        var rounds = 0
        while workers.values.contains(where: { !$0.isEmpty }) || !owed.isEmpty, rounds < 10_000 {
            for worker in workers.keys { _ = broker.workerBeat(worker, at: now) }
            answer(isDraining: false)
            rounds += 1
        }
        #expect(owed.isEmpty, "every accepted batch is answered")
        #expect(broker.heldBytes == 0)
        #expect(broker.deliveryCount == 0)
    }
}

extension BrokerMachine {
    /// Whether the broker knows a worker, without changing it.
    fileprivate func workerBeatWouldBeKnown(_ peer: PeerID, at now: Moment) -> Bool {
        var copy = self
        return copy.workerBeat(peer, at: now)
    }
}
