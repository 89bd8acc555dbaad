/// A worker's link to a broker: greets, beats, and opens a new socket when the broker falls silent.
package struct WorkerLink: Sendable {
    /// What the shell is to do.
    package enum Action: Equatable, Sendable {
        /// Replace the socket by a new one and send HELLO for this session.
        case open(session: UInt64)
        /// Send PING.
        case beat
        /// Nothing to do before this moment.
        case wait(until: Moment)
    }

    private enum State {
        case resting(until: Moment)
        case greeting(session: UInt64, since: Moment)
        case joined(session: UInt64, lastHeard: Moment, lastBeat: Moment)
    }

    private var state: State
    private var generator: SeededGenerator
    private let patience: Duration = .seconds(5)
    private let beat: Duration = .seconds(1)
    private let silence: Duration = .seconds(6)

    /// A link that begins by opening its socket.
    package init(seed: UInt64, at now: Moment) {
        generator = SeededGenerator(seed: seed)
        state = .resting(until: now)
    }

    /// The current session, once the broker has answered.
    package var session: UInt64? {
        if case .joined(let session, _, _) = state { session } else { nil }
    }

    /// What to do now.
    package mutating func next(at now: Moment) -> Action {
        switch state {
        case .resting(let until):
            guard until <= now else { return .wait(until: until) }
            let session = generator.next() | 1
            state = .greeting(session: session, since: now)
            return .open(session: session)
        case .greeting(_, let since):
            let limit = since.advanced(by: patience)
            guard limit <= now else { return .wait(until: limit) }
            broken(at: now)
            return next(at: now)
        case .joined(let session, let lastHeard, let lastBeat):
            if lastHeard.advanced(by: silence) <= now {
                broken(at: now)
                return next(at: now)
            }
            let due = lastBeat.advanced(by: beat)
            guard due <= now else { return .wait(until: min(due, lastHeard.advanced(by: silence))) }
            state = .joined(session: session, lastHeard: lastHeard, lastBeat: now)
            return .beat
        }
    }

    /// WELCOME came.
    package mutating func welcomed(session: UInt64, at now: Moment) {
        guard case .greeting(session, _) = state else { return }
        state = .joined(session: session, lastHeard: now, lastBeat: now)
    }

    /// Any message of the broker came.
    package mutating func heard(at now: Moment) {
        guard case .joined(let session, _, let lastBeat) = state else { return }
        state = .joined(session: session, lastHeard: now, lastBeat: lastBeat)
    }

    /// The broker does not know the worker, or the socket failed.
    package mutating func broken(at now: Moment) {
        let share = Double(generator.next() >> 11) / Double(1 << 53)
        state = .resting(until: now.advanced(by: .milliseconds(100) + .milliseconds(400) * share))
    }
}
