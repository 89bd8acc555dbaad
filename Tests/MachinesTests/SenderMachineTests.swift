import Machines
import Testing

@Suite struct SenderMachineTests {
    private let start = ContinuousClock.now

    private func machine() -> SenderMachine {
        SenderMachine(mostEntries: 100, mostBytes: 10_000, mostBatches: 4, seed: 1, at: start)
    }

    /// A machine that has been welcomed, and its session.
    private func flowing(entries: Int = 1_000, bytes: Int = 100_000) throws -> (SenderMachine, UInt64) {
        var machine = machine()
        guard case .open(let session) = machine.next(at: start) else { throw Unexpected() }
        machine.welcomed(session: session, entries: entries, bytes: bytes, at: start)
        return (machine, session)
    }

    private struct Unexpected: Error {}

    @Test func `It greets, is welcomed, and sends until its window is full`() throws {
        var (machine, _) = try flowing(entries: 250)
        #expect(machine.next(at: start) == .send(after: 0, entries: 100, bytes: 10_000))
        machine.sent(first: 1, count: 100, bytes: 9_000, at: start)
        #expect(machine.next(at: start) == .send(after: 100, entries: 100, bytes: 10_000))
        machine.sent(first: 101, count: 100, bytes: 9_000, at: start)
        #expect(machine.next(at: start) == .send(after: 200, entries: 50, bytes: 10_000))
        machine.sent(first: 201, count: 50, bytes: 9_000, at: start)
        guard case .wait = machine.next(at: start) else { throw Unexpected() }
        machine.receipted(first: 1, retryAfter: nil, at: start)
        #expect(machine.next(at: start) == .send(after: 250, entries: 100, bytes: 10_000))
    }

    @Test func `A transient refusal pauses it, then it starts from the beginning of the spool`() throws {
        var (machine, _) = try flowing()
        machine.sent(first: 1, count: 100, bytes: 9_000, at: start)
        machine.sent(first: 101, count: 100, bytes: 9_000, at: start)
        machine.receipted(first: 1, retryAfter: .seconds(1), at: start)
        guard case .wait = machine.next(at: start) else { throw Unexpected() }
        machine.receipted(first: 101, retryAfter: nil, at: start)
        guard case .wait = machine.next(at: start) else { throw Unexpected() }
        let later = start.advanced(by: .milliseconds(1_001))
        #expect(machine.next(at: later) == .send(after: 0, entries: 100, bytes: 10_000))
    }

    @Test func `A centre that says nothing is given up, with growing pauses`() throws {
        var machine = machine()
        var now = start
        var sessions: Set<UInt64> = []
        var pauses: [Duration] = []
        var silentSince = start
        while sessions.count < 12 {
            switch machine.next(at: now) {
            case .open(let session):
                let isNew = sessions.insert(session).inserted
                #expect(isNew, "every attempt is a session of its own")
                pauses.append(silentSince.duration(to: now))
                silentSince = now
            case .wait(let until): now = until
            default: throw Unexpected()
            }
        }
        // The wait for WELCOME is five seconds, and the pause after it never more than five.
        #expect(pauses.dropFirst().allSatisfy { $0 >= .seconds(5) && $0 <= .seconds(10) })
        #expect(pauses[1] < .milliseconds(5_201))
    }

    @Test func `A welcomed sender that hears nothing for six seconds opens a new session`() throws {
        var (machine, session) = try flowing()
        machine.foundNothing()
        var now = start
        var beats = 0
        while machine.isWelcome {
            switch machine.next(at: now) {
            case .beat: beats += 1
            case .wait(let until): now = machine.isWelcome ? until : now
            case .open(let next): #expect(next != session)
            case .send: throw Unexpected()
            }
        }
        #expect(beats == 2)
        #expect(start.duration(to: now) == .seconds(6))
    }

    @Test func `A batch without receipt for thirty seconds breaks the session`() throws {
        var (machine, session) = try flowing()
        machine.sent(first: 1, count: 100, bytes: 9_000, at: start)
        machine.foundNothing()
        var now = start
        while machine.isWelcome {
            _ = machine.heard(session: session, at: now)
            if case .wait(let until) = machine.next(at: now), machine.isWelcome { now = until }
        }
        #expect(start.duration(to: now) == .seconds(30))
    }

    @Test func `Messages of an earlier session are not heard`() throws {
        var (machine, session) = try flowing()
        #expect(machine.heard(session: session ^ 2, at: start) == false)
        #expect(machine.heard(session: session, at: start) == true)
        machine.welcomed(session: session ^ 2, entries: 1, bytes: 1, at: start)
        #expect(machine.next(at: start) == .send(after: 0, entries: 100, bytes: 10_000))
    }

    @Test(arguments: 0..<60)
    func `Through loss, refusals and restarts every entry gets its receipt`(seed: UInt64) {
        var walk = SenderWalk(seed: seed)
        walk.run()
    }
}

/// A sender with a spool and a centre that loses messages, refuses and restarts; from a certain time on it behaves.
private struct SenderWalk {
    private var generator: SeededGenerator
    private var machine: SenderMachine
    private let start = ContinuousClock.now
    private var now: ContinuousClock.Instant
    /// Numbers in the spool that have no receipt.
    private var spool: [UInt64]
    /// The centre's side: session, what is on its way to it and back.
    private var session: UInt64 = 0
    private var receipts:
        [(due: ContinuousClock.Instant, session: UInt64, first: UInt64, count: Int, isRefusal: Bool)] = []
    private var onTheWay: [UInt64: Int] = [:]
    private let window = 500

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        now = start
        machine = SenderMachine(mostEntries: 64, mostBytes: 6_400, mostBatches: 8, seed: seed, at: start)
        spool = Array(1...3_000)
    }

    private var isStormy: Bool { start.duration(to: now) < .seconds(60) }

    private mutating func happens(_ percent: Int) -> Bool {
        isStormy && Int.random(in: 0..<100, using: &generator) < percent
    }

    mutating func run() {
        var steps = 0
        while !spool.isEmpty, steps < 200_000 {
            steps += 1
            deliverReceipts()
            step()
        }
        #expect(spool.isEmpty, "\(spool.count) entries have no receipt after \(start.duration(to: now))")
        #expect(start.duration(to: now) < .seconds(60 + 60), "work resumes within the time of a session and a pause")
    }

    private mutating func step() {
        switch machine.next(at: now) {
        case .open(let next):
            session = next
            onTheWay = [:]
            if !happens(30) { machine.welcomed(session: next, entries: window, bytes: window * 100, at: now) }
        case .send(let after, let entries, let bytes):
            send(after, min(entries, bytes / 100))
        case .beat:
            if !happens(40) { _ = machine.heard(session: session, at: now) }
        case .wait(let until):
            let next = receipts.map(\.due).min() ?? until
            now = min(until, max(next, now.advanced(by: .milliseconds(1))))
            if happens(1) { machine.broken(at: now) }
        }
    }

    private mutating func send(_ after: UInt64, _ limit: Int) {
        var run: [UInt64] = []
        for number in spool where number > after && run.count < limit {
            guard run.isEmpty || number == run[run.count - 1] + 1 else { break }
            run.append(number)
        }
        guard let first = run.first else { return machine.foundNothing() }
        #expect(onTheWay[first] == nil, "no batch is sent again while it is on its way")
        onTheWay[first] = run.count
        #expect(onTheWay.values.reduce(0, +) <= window, "the window is kept")
        #expect(onTheWay.count <= 8)
        machine.sent(first: first, count: run.count, bytes: run.count * 100, at: now)
        if happens(5) { return }
        let delay = Duration.milliseconds(Int.random(in: 1...200, using: &generator))
        receipts.append((now.advanced(by: delay), session, first, run.count, happens(10)))
    }

    private mutating func deliverReceipts() {
        let due = receipts.filter { $0.due <= now }
        receipts.removeAll { $0.due <= now }
        for receipt in due {
            guard machine.heard(session: receipt.session, at: now) else { continue }
            onTheWay[receipt.first] = nil
            if !receipt.isRefusal {
                let numbers = receipt.first..<(receipt.first + UInt64(receipt.count))
                spool.removeAll { numbers.contains($0) }
            }
            machine.receipted(first: receipt.first, retryAfter: receipt.isRefusal ? .milliseconds(300) : nil, at: now)
        }
    }
}
