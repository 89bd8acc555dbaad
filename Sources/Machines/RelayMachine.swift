/// The survey relay: hands committed tasks to survey senders within their credit, delivers again what is not
/// acknowledged in time, and knows up to where everything is.
///
/// Tasks come in order of commit. Each has a position (the transaction and id of its row) beside its id.
package struct RelayMachine<Task> {
    /// A position in the outbox, in order of commit.
    package struct Position: Comparable, Hashable, Sendable {
        /// Transaction of the row.
        package let transaction: UInt64
        /// Id of the row.
        package let task: Int64

        /// A position.
        package init(transaction: UInt64, task: Int64) {
            self.transaction = transaction
            self.task = task
        }

        /// Before the first row.
        package static var start: Position { Position(transaction: 0, task: 0) }

        /// Order of commit.
        package static func < (left: Position, right: Position) -> Bool {
            (left.transaction, left.task) < (right.transaction, right.task)
        }
    }

    private struct Pending {
        let position: Position
        let task: Task
        var receiver: PeerID?
        var lease: Moment?
    }

    private struct Receiver {
        var session: UInt64
        var credit: Int
        var held = 0
        var lastHeard: Moment
        /// It let a lease run out: it gets nothing more until it has done something.
        var isStuck = false
    }

    private let lease: Duration
    private let silence: Duration
    private let capacity: Int
    private var pending: [Int64: Pending] = [:]
    /// Tasks that nobody has, in the order in which they go out.
    private var waiting: [Int64] = []
    private var receivers: [PeerID: Receiver] = [:]

    /// A relay without tasks or receivers.
    /// - Parameters:
    ///   - capacity: tasks that it holds at most.
    ///   - lease: an unacknowledged task is delivered again after this time.
    package init(capacity: Int, lease: Duration, silence: Duration = .seconds(10)) {
        self.capacity = capacity
        self.lease = lease
        self.silence = silence
    }

    /// How many more tasks it can take.
    package var room: Int { max(0, capacity - pending.count) }
    /// Connected receivers.
    package var connected: [PeerID] { Array(receivers.keys) }
    /// Tasks that are held and not acknowledged.
    package var pendingCount: Int { pending.count }

    /// Whether a task is held.
    package func holds(_ task: Int64) -> Bool { pending[task] != nil }

    /// A committed task that may go out now.
    package mutating func add(_ task: Task, at position: Position) {
        guard pending[position.task] == nil else { return }
        pending[position.task] = Pending(position: position, task: task)
        waiting.append(position.task)
    }

    /// A survey sender greeted or announced its credit: tasks that it is ready to hold.
    package mutating func receiverGreeted(_ peer: PeerID, session: UInt64, credit: Int, at now: Moment) {
        if receivers[peer]?.session == session {
            receivers[peer]?.credit = credit
            receivers[peer]?.lastHeard = now
            return
        }
        release([peer])
        receivers[peer] = Receiver(session: session, credit: credit, lastHeard: now)
    }

    /// A sign of life; false when the receiver is unknown and must greet again.
    package mutating func receiverBeat(_ peer: PeerID, session: UInt64, at now: Moment) -> Bool {
        guard receivers[peer]?.session == session else { return false }
        receivers[peer]?.lastHeard = now
        return true
    }

    /// A survey sender left, or its connection refused a message: what it has goes to others.
    package mutating func receiverLeft(_ peer: PeerID) { release([peer]) }

    /// Tasks were dealt with.
    ///
    /// Returns those that the relay held; others are known already or never existed. Who gets on keeps what it has: its
    /// other leases begin anew.
    package mutating func acknowledged(_ tasks: [Int64], by peer: PeerID, at now: Moment) -> [Position] {
        receivers[peer]?.lastHeard = now
        receivers[peer]?.isStuck = false
        var positions: [Position] = []
        for task in tasks {
            guard let done = pending.removeValue(forKey: task) else { continue }
            positions.append(done.position)
            if let holder = done.receiver { receivers[holder]?.held -= 1 } else { waiting.removeAll { $0 == task } }
        }
        for (task, entry) in pending where entry.receiver == peer { pending[task]?.lease = now.advanced(by: lease) }
        return positions
    }

    /// What goes out now, per receiver, at most `limit` tasks in a message.
    package mutating func deliveries(
        limit: Int, at now: Moment
    ) -> [(peer: PeerID, session: UInt64, tasks: [Task])] {
        expire(at: now)
        guard !waiting.isEmpty, !receivers.isEmpty else { return [] }
        var messages: [(peer: PeerID, session: UInt64, tasks: [Task])] = []
        var rest = waiting[...]
        for peer in receivers.keys.sorted(by: { $0.bytes.lexicographicallyPrecedes($1.bytes) }) {
            guard let receiver = receivers[peer], !receiver.isStuck else { continue }
            let chosen = rest.prefix(max(0, min(limit, receiver.credit - receiver.held)))
            guard !chosen.isEmpty else { continue }
            rest = rest.dropFirst(chosen.count)
            messages.append((peer, receiver.session, chosen.compactMap { hand($0, to: peer, at: now) }))
        }
        waiting = Array(rest)
        return messages
    }

    /// Tasks could not be handed over after all, through no fault of who was to get them: they go out later.
    package mutating func tookBack(_ tasks: [Int64]) {
        putBack(tasks.compactMap { pending[$0]?.receiver == nil ? nil : pending[$0]?.position })
    }

    /// The lowest position that is held and not acknowledged, if any: everything below it is done.
    package var floor: Position? { pending.values.map(\.position).min() }

    private mutating func hand(_ task: Int64, to peer: PeerID, at now: Moment) -> Task? {
        pending[task]?.receiver = peer
        pending[task]?.lease = now.advanced(by: lease)
        receivers[peer]?.held += 1
        return pending[task]?.task
    }

    private mutating func expire(at now: Moment) {
        release(Set(receivers.filter { $0.value.lastHeard.advanced(by: silence) < now }.keys))
        let late = pending.values.filter { $0.lease.map { $0 <= now } == true }
        for entry in late { if let holder = entry.receiver { receivers[holder]?.isStuck = true } }
        putBack(late.map(\.position))
    }

    private mutating func release(_ peers: Set<PeerID>) {
        let known = peers.intersection(receivers.keys)
        guard !known.isEmpty else { return }
        for peer in known { receivers[peer] = nil }
        putBack(pending.values.filter { $0.receiver.map(known.contains) == true }.map(\.position))
    }

    /// Tasks that come back go first, in order of commit.
    private mutating func putBack(_ positions: [Position]) {
        guard !positions.isEmpty else { return }
        for position in positions {
            if let holder = pending[position.task]?.receiver { receivers[holder]?.held -= 1 }
            pending[position.task]?.receiver = nil
            pending[position.task]?.lease = nil
        }
        waiting.insert(contentsOf: positions.sorted().map(\.task), at: 0)
    }
}
