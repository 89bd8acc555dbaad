import Machines
import Testing

@Suite struct WorkerLinkTests {
    private let start = ContinuousClock.now

    @Test func `It greets, joins, beats every second, and gives a silent broker up after six`() {
        var link = WorkerLink(seed: 1, at: start)
        guard case .open(let session) = link.next(at: start) else {
            Issue.record("does not open")
            return
        }
        #expect(link.session == nil)
        link.welcomed(session: session ^ 2, at: start)
        #expect(link.session == nil, "a welcome for another session is not its own")
        link.welcomed(session: session, at: start)
        #expect(link.session == session)
        var now = start
        var beats = 0
        while link.session != nil {
            switch link.next(at: now) {
            case .beat: beats += 1
            case .wait(let until): now = link.session == nil ? now : until
            case .open: Issue.record("opened while it was joined")
            }
        }
        #expect(beats == 5)
        #expect(start.duration(to: now) == .seconds(6))
    }

    @Test(arguments: 0..<40)
    func `Whatever the broker does, it joins soon after the broker answers again`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var link = WorkerLink(seed: seed, at: start)
        var now = start
        var sessions: Set<UInt64> = []
        var joinedAt: ContinuousClock.Instant?
        let calm = start.advanced(by: .seconds(60))
        while now < calm.advanced(by: .seconds(20)) {
            let isStormy = now < calm
            let answers = !isStormy || Int.random(in: 0..<3, using: &generator) > 0
            switch link.next(at: now) {
            case .open(let session):
                let isNew = sessions.insert(session).inserted
                #expect(isNew, "no session number is used twice")
                #expect(link.session == nil)
                if answers { link.welcomed(session: session, at: now) }
            case .beat:
                #expect(link.session != nil, "it beats only in a session")
                if answers { link.heard(at: now) }
            case .wait(let until):
                #expect(until > now, "waiting never spins")
                now = until
                if isStormy, Int.random(in: 0..<20, using: &generator) == 0 { link.broken(at: now) }
            }
            if now >= calm, link.session != nil, joinedAt == nil { joinedAt = now }
        }
        let joined = joinedAt.map { calm.duration(to: $0) } ?? .seconds(999)
        #expect(joined < .seconds(12))
        #expect(link.session != nil)
    }
}
