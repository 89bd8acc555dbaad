// MARK: - Workers

extension BrokerMachine {
    /// HELLO of a worker.
    package mutating func workerGreeted(_ peer: PeerID, capacity: Int, at now: Moment) -> [Action] {
        if workers[peer] != nil { _ = takeBack(from: peer) }
        lastSerial += 1
        workers[peer] = Worker(capacity: capacity, turn: lastSerial, lastHeard: now)
        actions.append(.note(.workerJoined))
        return takeActions()
    }

    /// PING of a worker; false when the worker is unknown and must greet again.
    package mutating func workerBeat(_ peer: PeerID, at now: Moment) -> Bool {
        guard workers[peer] != nil else { return false }
        workers[peer]?.lastHeard = now
        workers[peer]?.isFull = false
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
        workers[peer]?.isFull = false
        guard let delivery = take(number, from: peer) else { return takeActions() }
        if isDraining {
            requeue([delivery])
            return takeActions()
        }
        heldBytes -= delivery.cost
        guard let session = sessions[delivery.peer], session.serial == delivery.serial else { return takeActions() }
        sessions[delivery.peer]?.held -= delivery.cost
        sessions[delivery.peer]?.heldEntries -= delivery.entries
        switch delivery.kind {
        case .greeting:
            sessions[delivery.peer]?.isWelcome = true
            actions.append(.welcome(delivery.peer, payload, session: session.number, window: session.window))
        case .batch:
            sessions[delivery.peer]?.heldBatches -= 1
            actions.append(.forward(delivery.peer, payload))
        case .beat:
            sessions[delivery.peer]?.standing = session.announcing ?? session.standing
            sessions[delivery.peer]?.announcing = nil
        }
        return takeActions()
    }

    /// The connection to a worker is full: it gets nothing more until it is heard of again.
    package mutating func workerRefused(_ peer: PeerID, delivery number: UInt64) -> [Action] {
        workers[peer]?.isFull = true
        if let delivery = take(number, from: peer) { requeue([delivery]) }
        return takeActions()
    }

    /// DRAIN of a worker: it gets nothing more.
    package mutating func workerDraining(_ peer: PeerID) -> [Action] {
        workers[peer]?.isDraining = true
        return takeActions()
    }

    /// BYE of a worker, or its connection is gone.
    package mutating func workerLeft(_ peer: PeerID) -> [Action] {
        guard workers[peer] != nil else { return takeActions() }
        actions.append(.note(.workerLeft(redelivered: takeBack(from: peer))))
        return takeActions()
    }

    /// Lets go of peers that have been silent for too long, and tells senders how their share has changed.
    ///
    /// Call it a few times per second.
    package mutating func timePassed(at now: Moment) -> [Action] {
        let silent = workers.filter { $0.value.lastHeard.advanced(by: limits.lease) < now }
        for (peer, _) in silent.sorted(by: { $0.value.turn < $1.value.turn }) {
            actions.append(.note(.workerExpired(redelivered: takeBack(from: peer))))
        }
        let quiet = sessions.filter { $0.value.lastHeard.advanced(by: limits.senderSilence) < now }
        for (peer, session) in quiet.sorted(by: { $0.value.serial < $1.value.serial }) {
            actions.append(.note(.senderExpired(session.sender)))
            drop(peer)
        }
        adjustWindows()
        return takeActions()
    }

    private mutating func take(_ number: UInt64, from peer: PeerID) -> Delivery? {
        guard workers[peer]?.give(number) == true, let delivery = inFlight.removeValue(forKey: number)
        else { return nil }
        workers[peer]?.entries -= delivery.entries
        return delivery
    }

    /// Puts what a worker has back in front of its senders' queues and forgets the worker.
    private mutating func takeBack(from peer: PeerID) -> Int {
        guard let worker = workers.removeValue(forKey: peer) else { return 0 }
        let deliveries = worker.numbers.compactMap { inFlight.removeValue(forKey: $0) }
        requeue(deliveries)
        return deliveries.count
    }
}
