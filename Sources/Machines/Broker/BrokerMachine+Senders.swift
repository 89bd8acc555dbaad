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
            actions.append(.crowded(peer, session: session))
            return takeActions()
        }
        lastSerial += 1
        sessions[peer] = Session(
            sender: sender, number: session, serial: lastSerial, nextNews: now.advanced(by: limits.newsInterval),
            lastHeard: now, window: window(for: sessions.count + 1))
        peers[sender] = peer
        enqueue(.greeting, peer, entries: 0, cost: 0, payload)
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
        let cost = bytes + limits.batchOverhead
        // One batch may stand over the edge of the window: a single one may always be on its way.
        let fits =
            known.held < limits.windowBytes && known.heldEntries + entries <= limits.windowEntries
            && known.heldBatches < limits.senderBatches && heldBytes + cost <= limits.memoryBytes
        if fits {
            enqueue(.batch, peer, entries: entries, cost: cost, payload)
        } else {
            actions.append(.busy(peer, session: session, first: first, count: entries))
        }
        return takeActions()
    }

    /// PING of a sender; true when the session is known and a PONG is due.
    package mutating func senderBeat(
        _ peer: PeerID, session: UInt64, standing: Standing, payload: Payload, at now: Moment
    ) -> (isKnown: Bool, actions: [Action]) {
        guard let known = sessions[peer], known.number == session else {
            actions.append(.unknownSession(peer, session: session))
            return (false, takeActions())
        }
        sessions[peer]?.lastHeard = now
        // The centre learns how far a sender has numbered and has its receipts, once per change, and again until a worker
        // has recorded it; and now and then that the sender is there.
        if known.standing != standing || known.nextNews <= now, known.announcing == nil {
            sessions[peer]?.announcing = standing
            sessions[peer]?.nextNews = now.advanced(by: limits.newsInterval)
            enqueue(.beat, peer, entries: 0, cost: 0, payload)
        }
        return (true, takeActions())
    }

    /// BYE of a sender, or its connection refused a message.
    package mutating func senderLeft(_ peer: PeerID) -> [Action] {
        drop(peer)
        return takeActions()
    }

    private func window(for count: Int) -> Window {
        let share = limits.memoryBytes / max(count, 1)
        let bytes = min(limits.windowBytes, max(share, limits.smallestWindowBytes))
        return Window(entries: limits.windowEntries, bytes: bytes)
    }

    /// Tells every sender whose share of the memory has changed.
    mutating func adjustWindows() {
        let window = window(for: sessions.count)
        let changed = sessions.filter { $0.value.window != window }
        for (peer, session) in changed.sorted(by: { $0.value.serial < $1.value.serial }) {
            sessions[peer]?.window = window
            if session.isWelcome { actions.append(.credit(peer, session: session.number, window)) }
        }
    }

    mutating func drop(_ peer: PeerID) {
        guard let session = sessions.removeValue(forKey: peer) else { return }
        if peers[session.sender] == peer { peers[session.sender] = nil }
        for delivery in session.queue.batches { heldBytes -= delivery.cost }
        // Nobody waits for the answers to its greetings any more.
        for (number, delivery) in inFlight where delivery.peer == peer && delivery.kind != .batch {
            inFlight[number] = nil
            for worker in workers.keys { _ = workers[worker]?.give(number) }
        }
        turns.batches.removeAll { $0 == peer }
        turns.questions.removeAll { $0 == peer }
    }
}
