/// The sender's side of DIP/1: greets, keeps the window full, beats, and starts over when the centre falls silent.
///
/// Ask ``next(at:)`` what to do until it says to wait; tell it what happened with the other methods. It holds no
/// entries: what it knows of the spool is a cursor, and what has no receipt is simply read and sent again.
package struct SenderMachine: Sendable {
    /// What the shell is to do.
    package enum Action: Equatable, Sendable {
        /// Replace the socket by a new one and send HELLO for this session.
        case open(session: UInt64)
        /// Read the next entries after a number, and report ``SenderMachine/sent(first:count:bytes:at:)`` or
        /// ``SenderMachine/foundNothing()``.
        case send(after: UInt64, entries: Int, bytes: Int)
        /// Send PING.
        case beat
        /// Nothing to do before this moment, unless something happens.
        case wait(until: Moment)
    }

    /// How long things may take.
    package struct Timing: Sendable {
        /// An unanswered HELLO is given up.
        package var greeting: Duration = .seconds(5)
        /// PING is sent after this much time.
        package var beat: Duration = .seconds(2)
        /// A centre that is silent for longer is given up.
        package var silence: Duration = .seconds(6)
        /// A batch without receipt for longer means that the session is broken.
        package var receipt: Duration = .seconds(30)
        /// Pause before the first new attempt; it doubles.
        package var firstPause: Duration = .milliseconds(200)
        /// Longest pause before a new attempt.
        package var longestPause: Duration = .seconds(5)

        /// The defaults.
        package init() {}
    }

    private enum State {
        case resting(until: Moment)
        case greeting(session: UInt64, since: Moment)
        case flowing(Flow)
    }

    private struct Flow {
        var session: UInt64
        var entries: Int
        var bytes: Int
        var outstanding: [UInt64: Batch] = [:]
        var cursor: UInt64 = 0
        var isExhausted = false
        var mustRewind = false
        var pausedUntil: Moment
        var lastHeard: Moment
        var lastBeat: Moment

        var entriesOnTheWay: Int { outstanding.values.reduce(0) { $0 + $1.count } }
        var bytesOnTheWay: Int { outstanding.values.reduce(0) { $0 + $1.bytes } }
        var oldest: Moment? { outstanding.values.map(\.sentAt).min() }
    }

    private struct Batch {
        let count: Int
        let bytes: Int
        let sentAt: Moment
    }

    private let timing: Timing
    private let mostEntries: Int
    private let mostBytes: Int
    private let mostBatches: Int
    private var state: State
    private var failures = 0
    private var generator: SeededGenerator

    /// A machine that begins by opening a session.
    /// - Parameters:
    ///   - mostEntries: entries of a batch.
    ///   - mostBytes: bytes of a batch.
    ///   - mostBatches: batches on their way.
    ///   - seed: of the session numbers and the jitter; random in production.
    package init(
        mostEntries: Int, mostBytes: Int, mostBatches: Int, timing: Timing = Timing(), seed: UInt64, at now: Moment
    ) {
        self.timing = timing
        self.mostEntries = mostEntries
        self.mostBytes = mostBytes
        self.mostBatches = mostBatches
        generator = SeededGenerator(seed: seed)
        state = .resting(until: now)
    }

    /// Whether the centre has welcomed the sender and has not fallen silent.
    package var isWelcome: Bool {
        if case .flowing = state { true } else { false }
    }

    /// Number of batches that wait for a receipt.
    package var batchesOnTheWay: Int {
        if case .flowing(let flow) = state { flow.outstanding.count } else { 0 }
    }

    /// Number of entries in those batches.
    package var entriesOnTheWay: Int {
        if case .flowing(let flow) = state { flow.entriesOnTheWay } else { 0 }
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
            let limit = since.advanced(by: timing.greeting)
            guard limit <= now else { return .wait(until: limit) }
            startOver(at: now)
            return next(at: now)
        case .flowing(var flow):
            return advance(&flow, at: now)
        }
    }

    private mutating func advance(_ flow: inout Flow, at now: Moment) -> Action {
        let silence = flow.lastHeard.advanced(by: timing.silence)
        let overdue = flow.oldest?.advanced(by: timing.receipt)
        if silence <= now || overdue.map({ $0 <= now }) == true {
            startOver(at: now)
            return next(at: now)
        }
        defer { if case .flowing = state { state = .flowing(flow) } }
        let beat = flow.lastBeat.advanced(by: timing.beat)
        if beat <= now {
            flow.lastBeat = now
            return .beat
        }
        if flow.pausedUntil > now { return .wait(until: min(beat, flow.pausedUntil, silence)) }
        if flow.mustRewind, flow.outstanding.isEmpty {
            flow.mustRewind = false
            flow.cursor = 0
            flow.isExhausted = false
        }
        if let action = send(flow) { return action }
        return .wait(until: min(beat, silence, overdue ?? beat))
    }

    private func send(_ flow: Flow) -> Action? {
        guard !flow.isExhausted, !flow.mustRewind, flow.outstanding.count < mostBatches else { return nil }
        let entries = min(mostEntries, flow.entries - flow.entriesOnTheWay)
        let bytes = min(mostBytes, flow.bytes - flow.bytesOnTheWay)
        // A nearly empty window would be filled with crumbs; wait until it has room for something.
        guard entries > 0, bytes >= min(mostBytes, flow.bytes) / 4 || flow.outstanding.isEmpty else { return nil }
        return .send(after: flow.cursor, entries: entries, bytes: bytes)
    }

    private mutating func startOver(at now: Moment) {
        failures += 1
        let doubled = timing.firstPause * (1 << min(failures - 1, 8))
        let limit = min(doubled, timing.longestPause)
        // Full jitter: a thousand senders that lost the same broker do not come back in the same instant.
        let share = Double(generator.next() >> 11) / Double(1 << 53)
        state = .resting(until: now.advanced(by: limit * (0.25 + 0.75 * share)))
    }
}

extension SenderMachine {
    /// A batch has been handed to the socket.
    package mutating func sent(first: UInt64, count: Int, bytes: Int, at now: Moment) {
        guard case .flowing(var flow) = state else { return }
        flow.outstanding[first] = Batch(count: count, bytes: bytes, sentAt: now)
        flow.cursor = first + UInt64(count) - 1
        state = .flowing(flow)
    }

    /// The spool has no entry after the cursor.
    package mutating func foundNothing() {
        guard case .flowing(var flow) = state else { return }
        flow.isExhausted = true
        state = .flowing(flow)
    }

    /// Entries may have been added to the spool.
    package mutating func spoolGrew() {
        guard case .flowing(var flow) = state else { return }
        flow.isExhausted = false
        state = .flowing(flow)
    }

    /// Entries behind the cursor may be sent now: goes through them again once what is on its way is answered.
    package mutating func lookAgain() {
        guard case .flowing(var flow) = state else { return }
        flow.mustRewind = true
        state = .flowing(flow)
    }

    /// WELCOME came.
    package mutating func welcomed(session: UInt64, entries: Int, bytes: Int, at now: Moment) {
        guard case .greeting(session, _) = state else { return }
        failures = 0
        state = .flowing(
            Flow(
                session: session, entries: entries, bytes: bytes, pausedUntil: now, lastHeard: now, lastBeat: now))
    }

    /// A message of a session came; false when the session is not the current one.
    package mutating func heard(session: UInt64, at now: Moment) -> Bool {
        guard case .flowing(var flow) = state, flow.session == session else { return false }
        flow.lastHeard = now
        state = .flowing(flow)
        return true
    }

    /// The window has changed.
    package mutating func credited(entries: Int, bytes: Int) {
        guard case .flowing(var flow) = state else { return }
        flow.entries = entries
        flow.bytes = bytes
        state = .flowing(flow)
    }

    /// A batch has its receipt; with `retryAfter`, it is to be sent again.
    package mutating func receipted(first: UInt64, retryAfter: Duration?, at now: Moment) {
        guard case .flowing(var flow) = state else { return }
        flow.outstanding[first] = nil
        if let retryAfter {
            flow.mustRewind = true
            flow.pausedUntil = max(flow.pausedUntil, now.advanced(by: retryAfter))
        }
        state = .flowing(flow)
    }

    /// The centre does not know the session, said goodbye, or the socket failed: begin again.
    package mutating func broken(at now: Moment, retryAfter: Duration? = nil) {
        startOver(at: now)
        if let retryAfter { state = .resting(until: now.advanced(by: retryAfter)) }
    }
}
