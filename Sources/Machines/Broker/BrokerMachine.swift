/// Limits of a broker.
package struct BrokerLimits: Sendable {
    /// Bytes of batch bodies that it holds at most.
    package var memoryBytes = 67_108_864
    /// Largest window in entries.
    package var windowEntries = 8_192
    /// Largest window in bytes.
    package var windowBytes = 4_194_304
    /// Smallest window in bytes: one entry of the largest size fits.
    package var smallestWindowBytes = 69_632
    /// A worker that is silent for longer loses what it has.
    package var lease: Duration = .seconds(10)
    /// A sender that is silent for longer is forgotten.
    package var senderSilence: Duration = .seconds(30)

    /// The defaults.
    package init() {}
}

/// The broker: keeps sessions of senders and workers, hands batches to the least busy worker, and takes them back from
/// one that falls silent.
///
/// It holds payloads in memory only, never more than its limit.
///
/// `Payload` is what the shell needs to forward a message, for example its frames.
package struct BrokerMachine<Payload> {
    /// What the shell is to do, in order.
    package enum Action {
        /// Hand a message of a sender to a worker.
        case deliver(Delivery, to: PeerID)
        /// Hand a worker's answer to HELLO to the sender, with its window.
        case welcome(PeerID, Payload, session: UInt64, window: Window)
        /// Hand a receipt to the sender.
        case forward(PeerID, Payload)
        /// Tell a sender its new window.
        case credit(PeerID, session: UInt64, Window)
        /// Tell a sender to send a batch again later.
        case busy(PeerID, session: UInt64, first: UInt64, count: Int)
        /// Tell a sender that its session is unknown.
        case unknownSession(PeerID, session: UInt64)
        /// Tell a sender that a newer connection has taken its place.
        case replaced(PeerID, session: UInt64)
        /// Report for the log.
        case note(Note)
    }

    /// What an operator wants to know.
    package enum Note: Equatable, Sendable {
        /// A sender has been silent for too long and is forgotten.
        case senderExpired(String)
        /// A worker has been silent for too long; so many of its messages go to others.
        case workerExpired(redelivered: Int)
        /// A worker left; so many of its messages go to others.
        case workerLeft(redelivered: Int)
        /// A worker joined.
        case workerJoined
        /// A sender began a session.
        case senderJoined(String)
    }

    /// How much a sender may have on its way.
    package struct Window: Equatable, Sendable {
        /// In entries.
        package let entries: Int
        /// In bytes of batch bodies.
        package let bytes: Int
    }

    /// A message on its way to a worker.
    package struct Delivery {
        /// What kind of message it is.
        package enum Kind: Equatable, Sendable { case greeting, batch, beat }
        /// Its number; a message that is delivered again has a new one.
        package let number: UInt64
        /// Name of the sender.
        package let sender: String
        /// What kind of message it is.
        package let kind: Kind
        /// Entries in it.
        package let entries: Int
        /// Bytes of its body.
        package let bytes: Int
        /// The first sequence number in it.
        package let first: UInt64
        /// The message.
        package let payload: Payload
        let peer: PeerID
        let session: UInt64

        func renumbered(_ number: UInt64) -> Delivery {
            Delivery(
                number: number, sender: sender, kind: kind, entries: entries, bytes: bytes, first: first,
                payload: payload, peer: peer, session: session)
        }
    }

    private struct Session {
        let sender: String
        let number: UInt64
        var queue: [Delivery] = []
        var isReady = false
        var held = 0
        var heldEntries = 0
        var head: UInt64 = 0
        var lastHeard: Moment
        var window: Window
    }

    private struct Worker {
        let capacity: Int
        var entries = 0
        var lastHeard: Moment
        var isDraining = false
        var deliveries: Set<UInt64> = []
    }

    private let limits: BrokerLimits
    private var sessions: [PeerID: Session] = [:]
    private var peers: [String: PeerID] = [:]
    private var workers: [PeerID: Worker] = [:]
    private var inFlight: [UInt64: Delivery] = [:]
    /// Senders with something queued, in the order in which they get their turn.
    private var turns: [PeerID] = []
    private var lastDelivery: UInt64
    /// Bytes of all batch bodies that are queued or with a worker.
    package private(set) var heldBytes = 0
    private var actions: [Action] = []

    /// A broker without peers.
    /// - Parameter firstDelivery: random in production, so that a worker's answer to a delivery of an earlier run of
    ///   the broker is never taken for an answer to one of this run.
    package init(limits: BrokerLimits = BrokerLimits(), firstDelivery: UInt64 = 0) {
        self.limits = limits
        lastDelivery = firstDelivery
    }

    /// Number of workers that are alive and take work.
    package var workerCount: Int { workers.values.reduce(0) { $0 + ($1.isDraining ? 0 : 1) } }
    /// Number of senders in session.
    package var senderCount: Int { sessions.count }
    /// Messages that are with a worker.
    package var deliveryCount: Int { inFlight.count }

    /// Whether a sender is in session on a connection.
    package func knows(_ sender: PeerID) -> Bool { sessions[sender] != nil }

    private mutating func takeActions() -> [Action] {
        dispatch()
        defer { actions = [] }
        return actions
    }
}

// MARK: - Senders

extension BrokerMachine {
    /// HELLO of a sender.
    package mutating func senderGreeted(
        _ peer: PeerID, sender: String, session: UInt64, payload: Payload, at now: Moment
    ) -> [Action] {
        if let old = peers[sender], let previous = sessions[old] {
            if old != peer { actions.append(.replaced(old, session: previous.number)) }
            drop(old)
        }
        drop(peer)
        guard (sessions.count + 1) * limits.smallestWindowBytes <= limits.memoryBytes else {
            actions.append(.busy(peer, session: session, first: 0, count: 0))
            return takeActions()
        }
        sessions[peer] = Session(
            sender: sender, number: session, lastHeard: now, window: window(for: sessions.count + 1))
        peers[sender] = peer
        adjustWindows()
        enqueue(.greeting, peer, entries: 0, bytes: 0, first: 0, payload)
        actions.append(.note(.senderJoined(sender)))
        return takeActions()
    }

    /// BATCH of a sender.
    package mutating func batchArrived(
        _ peer: PeerID, session: UInt64, first: UInt64, entries: Int, bytes: Int, payload: Payload, at now: Moment
    ) -> [Action] {
        guard let known = sessions[peer], known.number == session else {
            actions.append(.unknownSession(peer, session: session))
            return takeActions()
        }
        sessions[peer]?.lastHeard = now
        let fits =
            known.held + bytes <= max(limits.windowBytes, bytes)
            && known.heldEntries + entries <= limits.windowEntries
            && heldBytes + bytes <= limits.memoryBytes
        if fits {
            enqueue(.batch, peer, entries: entries, bytes: bytes, first: first, payload)
        } else {
            actions.append(.busy(peer, session: session, first: first, count: entries))
        }
        return takeActions()
    }

    /// PING of a sender; true when the session is known and a PONG is due.
    package mutating func senderBeat(
        _ peer: PeerID, session: UInt64, head: UInt64, payload: Payload, at now: Moment
    ) -> (isKnown: Bool, actions: [Action]) {
        guard let known = sessions[peer], known.number == session else {
            actions.append(.unknownSession(peer, session: session))
            return (false, takeActions())
        }
        sessions[peer]?.lastHeard = now
        // The centre learns how far a sender has numbered; once per change, and not in front of its batches.
        if known.head != head, known.queue.isEmpty {
            sessions[peer]?.head = head
            enqueue(.beat, peer, entries: 0, bytes: 0, first: 0, payload)
        }
        return (true, takeActions())
    }

    /// BYE of a sender, or its connection refused a message.
    package mutating func senderLeft(_ peer: PeerID) -> [Action] {
        drop(peer)
        adjustWindows()
        return takeActions()
    }

    private func window(for count: Int) -> Window {
        let share = limits.memoryBytes / max(count, 1)
        let bytes = min(limits.windowBytes, max(share, limits.smallestWindowBytes))
        return Window(entries: limits.windowEntries, bytes: bytes)
    }

    private mutating func adjustWindows() {
        let window = window(for: sessions.count)
        for (peer, session) in sessions where session.window != window {
            sessions[peer]?.window = window
            actions.append(.credit(peer, session: session.number, window))
        }
    }

    private mutating func drop(_ peer: PeerID) {
        guard let session = sessions.removeValue(forKey: peer) else { return }
        if peers[session.sender] == peer { peers[session.sender] = nil }
        for delivery in session.queue { heldBytes -= delivery.bytes }
        // Nobody waits for the answers to its greetings any more.
        for (number, delivery) in inFlight where delivery.peer == peer && delivery.kind == .greeting {
            inFlight[number] = nil
            for worker in workers.keys where workers[worker]?.deliveries.contains(number) == true {
                workers[worker]?.deliveries.remove(number)
            }
        }
        turns.removeAll { $0 == peer }
    }

    private mutating func enqueue(
        _ kind: Delivery.Kind, _ peer: PeerID, entries: Int, bytes: Int, first: UInt64, _ payload: Payload
    ) {
        guard let session = sessions[peer] else { return }
        let delivery = Delivery(
            number: 0, sender: session.sender, kind: kind, entries: entries, bytes: bytes, first: first,
            payload: payload, peer: peer, session: session.number)
        heldBytes += bytes
        sessions[peer]?.held += bytes
        sessions[peer]?.heldEntries += entries
        sessions[peer]?.queue.append(delivery)
        if !session.isReady {
            sessions[peer]?.isReady = true
            turns.append(peer)
        }
    }
}

// MARK: - Workers

extension BrokerMachine {
    /// HELLO of a worker.
    package mutating func workerGreeted(_ peer: PeerID, capacity: Int, at now: Moment) -> [Action] {
        if workers[peer] != nil { _ = takeBack(from: peer) }
        workers[peer] = Worker(capacity: capacity, lastHeard: now)
        actions.append(.note(.workerJoined))
        return takeActions()
    }

    /// PING of a worker; false when the worker is unknown and must greet again.
    package mutating func workerBeat(_ peer: PeerID, at now: Moment) -> Bool {
        guard workers[peer] != nil else { return false }
        workers[peer]?.lastHeard = now
        return true
    }

    /// A worker answered a delivery.
    ///
    /// An answer to a delivery that it no longer has is ignored.
    /// - Parameter isDraining: the worker did not deal with it and another one is to.
    package mutating func workerAnswered(
        _ peer: PeerID, delivery number: UInt64, isDraining: Bool, payload: Payload, at now: Moment
    ) -> [Action] {
        workers[peer]?.lastHeard = now
        guard workers[peer]?.deliveries.remove(number) != nil, let delivery = inFlight.removeValue(forKey: number)
        else { return takeActions() }
        workers[peer]?.entries -= delivery.entries
        if isDraining {
            requeue([delivery])
            return takeActions()
        }
        heldBytes -= delivery.bytes
        guard let session = sessions[delivery.peer], session.number == delivery.session else { return takeActions() }
        sessions[delivery.peer]?.held -= delivery.bytes
        sessions[delivery.peer]?.heldEntries -= delivery.entries
        switch delivery.kind {
        case .greeting:
            actions.append(.welcome(delivery.peer, payload, session: session.number, window: session.window))
        case .batch, .beat:
            actions.append(.forward(delivery.peer, payload))
        }
        return takeActions()
    }

    /// DRAIN of a worker: it gets nothing more.
    package mutating func workerDraining(_ peer: PeerID) -> [Action] {
        workers[peer]?.isDraining = true
        return takeActions()
    }

    /// BYE of a worker, or its connection refused a message.
    package mutating func workerLeft(_ peer: PeerID) -> [Action] {
        guard workers[peer] != nil else { return takeActions() }
        actions.append(.note(.workerLeft(redelivered: takeBack(from: peer))))
        return takeActions()
    }

    /// Lets go of peers that have been silent for too long.
    ///
    /// Call it a few times per second.
    package mutating func timePassed(at now: Moment) -> [Action] {
        for (peer, worker) in workers where worker.lastHeard.advanced(by: limits.lease) < now {
            actions.append(.note(.workerExpired(redelivered: takeBack(from: peer))))
        }
        for (peer, session) in sessions where session.lastHeard.advanced(by: limits.senderSilence) < now {
            actions.append(.note(.senderExpired(session.sender)))
            drop(peer)
        }
        adjustWindows()
        return takeActions()
    }

    /// Puts what a worker has back in front of its senders' queues and forgets the worker.
    private mutating func takeBack(from peer: PeerID) -> Int {
        guard let worker = workers.removeValue(forKey: peer) else { return 0 }
        let deliveries = worker.deliveries.sorted().compactMap { inFlight.removeValue(forKey: $0) }
        requeue(deliveries)
        return deliveries.count
    }

    private mutating func requeue(_ deliveries: [Delivery]) {
        for delivery in deliveries.reversed() {
            guard let session = sessions[delivery.peer], session.number == delivery.session else {
                heldBytes -= delivery.bytes
                continue
            }
            sessions[delivery.peer]?.queue.insert(delivery, at: 0)
            if !session.isReady {
                sessions[delivery.peer]?.isReady = true
                turns.append(delivery.peer)
            }
        }
    }

    /// Hands out what is queued: senders in turn, each time to the least busy worker that has room.
    private mutating func dispatch() {
        while let peer = turns.first {
            guard var session = sessions[peer], let delivery = session.queue.first else {
                turns.removeFirst()
                sessions[peer]?.isReady = false
                continue
            }
            guard let worker = leastBusyWorker(for: delivery.entries) else { return }
            turns.removeFirst()
            session.queue.removeFirst()
            session.isReady = !session.queue.isEmpty
            if session.isReady { turns.append(peer) }
            sessions[peer] = session
            lastDelivery += 1
            let numbered = delivery.renumbered(lastDelivery)
            if delivery.kind != .beat {
                inFlight[lastDelivery] = numbered
                workers[worker]?.deliveries.insert(lastDelivery)
                workers[worker]?.entries += delivery.entries
            }
            actions.append(.deliver(numbered, to: worker))
        }
    }

    private func leastBusyWorker(for entries: Int) -> PeerID? {
        var best: (peer: PeerID, entries: Int)?
        for (peer, worker) in workers where !worker.isDraining {
            guard worker.entries == 0 || worker.entries + entries <= worker.capacity else { continue }
            if best.map({ worker.entries < $0.entries }) ?? true { best = (peer, worker.entries) }
        }
        return best?.peer
    }
}
