/// The broker: keeps sessions of senders and workers, hands batches to the least busy worker, and takes them back from
/// one that falls silent.
///
/// It holds payloads in memory only, never more than its limit.
///
/// `Payload` is what the shell needs to forward a message, for example its frames.
package struct BrokerMachine<Payload> {
    /// What the shell is to do, in order.
    package enum Action {
        /// Hand a message of a sender to a worker, if the worker still has it when its turn comes.
        case deliver(Delivery, to: PeerID)
        /// Hand a worker's answer to HELLO to the sender, with its window.
        case welcome(PeerID, Payload, session: UInt64, window: Window)
        /// Hand a receipt to the sender.
        case forward(PeerID, Payload)
        /// Tell a sender its new window.
        case credit(PeerID, session: UInt64, Window)
        /// Tell a sender to send a batch again later.
        case busy(PeerID, session: UInt64, first: UInt64, count: Int)
        /// Tell a sender that there is no room for another session.
        case crowded(PeerID, session: UInt64)
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
        package internal(set) var number: UInt64
        /// Name of the sender.
        package let sender: String
        /// What kind of message it is.
        package let kind: Kind
        /// Entries in it.
        package let entries: Int
        /// What it counts for in the broker's memory.
        package let cost: Int
        /// The message.
        package let payload: Payload
        let peer: PeerID
        /// Which of the broker's sessions it belongs to: senders may choose the same number twice.
        let serial: UInt64
    }

    struct Session {
        let sender: String
        let number: UInt64
        let serial: UInt64
        var queue = Lanes<[Delivery]>(batches: [], questions: [])
        /// Whether the sender has had its WELCOME, which names its window.
        var isWelcome = false
        /// Whether it stands in ``BrokerMachine/turns``.
        var isReady = Lanes(batches: false, questions: false)
        var held = 0
        var heldEntries = 0
        var heldBatches = 0
        /// What a worker has recorded, and what is on its way to a worker.
        var standing = Standing()
        var announcing: Standing?
        /// When it is to be recorded that the sender is still there.
        var nextNews: Moment
        var lastHeard: Moment
        var window: Window
    }

    struct Worker {
        let capacity: Int
        /// When it joined or last got something.
        ///
        /// Of equally busy workers each gets its turn, so that one that can do nothing (its database is away) does not
        /// get everything. Nothing is left to chance: a run can be repeated.
        var turn: UInt64
        var entries = 0
        var lastHeard: Moment
        var isDraining = false
        /// Its connection refused a message, and nothing has been heard of it since.
        var isFull = false
        var deliveries = Lanes<Set<UInt64>>(batches: [], questions: [])

        /// Its deliveries, in order.
        var numbers: [UInt64] { deliveries.batches.union(deliveries.questions).sorted() }

        /// Takes a delivery from it; false when it has none of that number.
        mutating func give(_ number: UInt64) -> Bool {
            deliveries.batches.remove(number) != nil || deliveries.questions.remove(number) != nil
        }
    }

    let limits: BrokerLimits
    var sessions: [PeerID: Session] = [:]
    var peers: [String: PeerID] = [:]
    var workers: [PeerID: Worker] = [:]
    var inFlight: [UInt64: Delivery] = [:]
    /// Senders with something queued, in the order in which they get their turn.
    var turns = Lanes<[PeerID]>(batches: [], questions: [])
    var lastDelivery: UInt64
    var lastSerial: UInt64 = 0
    var actions: [Action] = []
    /// What all batches cost that are queued or with a worker.
    package internal(set) var heldBytes = 0

    /// A broker without peers.
    /// - Parameter firstDelivery: random in production, so that a worker's answer to a delivery of an earlier run of
    ///   the broker is never taken for an answer to one of this run.
    package init(limits: BrokerLimits = BrokerLimits(), firstDelivery: UInt64 = 0) {
        self.limits = limits
        lastDelivery = firstDelivery
    }

    /// Number of workers that are alive and take work.
    package var workerCount: Int { workers.values.reduce(0) { $0 + ($1.isDraining ? 0 : 1) } }
    /// Entries that workers would take now.
    package var workerCredit: Int {
        workers.values.reduce(0) { $0 + ($1.isDraining ? 0 : max(0, $1.capacity - $1.entries)) }
    }
    /// Number of senders in session.
    package var senderCount: Int { sessions.count }
    /// Messages that are with a worker.
    package var deliveryCount: Int { inFlight.count }

    /// Whether a sender is in session on a connection.
    package func knows(_ sender: PeerID) -> Bool { sessions[sender] != nil }

    /// Whether a worker has a delivery that it has not answered.
    package func has(_ worker: PeerID, delivery number: UInt64) -> Bool {
        workers[worker].map { $0.deliveries.batches.contains(number) || $0.deliveries.questions.contains(number) }
            ?? false
    }

    mutating func takeActions() -> [Action] {
        dispatch()
        defer { actions = [] }
        return actions
    }
}

// MARK: - The queue

extension BrokerMachine {
    mutating func enqueue(_ kind: Delivery.Kind, _ peer: PeerID, entries: Int, cost: Int, _ payload: Payload) {
        guard let session = sessions[peer] else { return }
        heldBytes += cost
        sessions[peer]?.held += cost
        sessions[peer]?.heldEntries += entries
        if kind == .batch { sessions[peer]?.heldBatches += 1 }
        let delivery = Delivery(
            number: 0, sender: session.sender, kind: kind, entries: entries, cost: cost, payload: payload, peer: peer,
            serial: session.serial)
        sessions[peer]?.queue[kind.lane].append(delivery)
        makeReady(peer, kind.lane)
    }

    /// Puts deliveries back in front of their senders' queues.
    mutating func requeue(_ deliveries: [Delivery]) {
        for delivery in deliveries.reversed() {
            guard sessions[delivery.peer]?.serial == delivery.serial else {
                heldBytes -= delivery.cost
                continue
            }
            sessions[delivery.peer]?.queue[delivery.kind.lane].insert(delivery, at: 0)
            makeReady(delivery.peer, delivery.kind.lane)
        }
    }

    private mutating func makeReady(_ peer: PeerID, _ lane: Lane) {
        guard sessions[peer]?.isReady[lane] == false else { return }
        sessions[peer]?.isReady[lane] = true
        turns[lane].append(peer)
    }

    /// Hands out what is queued: senders in turn, each time to the least busy worker that has room.
    mutating func dispatch() {
        dispatch(.batches)
        dispatch(.questions)
    }

    private mutating func dispatch(_ lane: Lane) {
        while let peer = turns[lane].first {
            guard var session = sessions[peer], var delivery = session.queue[lane].first else {
                turns[lane].removeFirst()
                sessions[peer]?.isReady[lane] = false
                continue
            }
            guard let worker = leastBusyWorker(for: delivery.entries, lane) else { return }
            turns[lane].removeFirst()
            session.queue[lane].removeFirst()
            session.isReady[lane] = !session.queue[lane].isEmpty
            if session.isReady[lane] { turns[lane].append(peer) }
            sessions[peer] = session
            lastDelivery += 1
            delivery.number = lastDelivery
            inFlight[lastDelivery] = delivery
            lastSerial += 1
            workers[worker]?.turn = lastSerial
            workers[worker]?.deliveries[lane].insert(lastDelivery)
            workers[worker]?.entries += delivery.entries
            actions.append(.deliver(delivery, to: worker))
        }
    }

    private func leastBusyWorker(for entries: Int, _ lane: Lane) -> PeerID? {
        let room = limits.room(lane)
        var best: (peer: PeerID, load: (Int, Int, UInt64))?
        for (peer, worker) in workers where !worker.isDraining && !worker.isFull {
            guard worker.entries == 0 || worker.entries + entries <= worker.capacity,
                worker.deliveries[lane].count < room
            else { continue }
            let load = (
                worker.entries, worker.deliveries.batches.count + worker.deliveries.questions.count, worker.turn
            )
            if best.map({ load < $0.load }) ?? true { best = (peer, load) }
        }
        return best?.peer
    }
}
