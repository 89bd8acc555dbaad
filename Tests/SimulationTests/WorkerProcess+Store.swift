// MARK: - The database

extension WorkerProcess {
    func connect() {
        world.database.connect(self) { [unowned self] isConnected in
            guard isConnected else { return lost() }
            self.isConnected = true
            isReady = true
            pause = 100_000
            step()
            serve()
        }
    }

    /// The connection is gone: senders are told to keep what cannot be stored now.
    private func lost() {
        isConnected = false
        var last: OpenDelivery?
        for work in works where work.delivery !== last {
            last = work.delivery
            answer(work.delivery, retryAfter: 1_000)
        }
        works = []
        if isDraining { return leave() }
        after(pause) { [unowned self] in connect() }
        pause = min(pause * 2, 5_000_000)
    }

    /// Does the next thing for which the database is needed.
    func serve() {
        guard isConnected, !isBusy else { return }
        if let question = questions.first {
            questions.removeFirst()
            ask(question)
        } else if !works.isEmpty {
            storeBatch()
        } else if isDraining {
            leave()
        }
    }

    private func leave() {
        socket?.send(.workerBye)
        after(50_000) { [unowned self] in
            kill()
            // Whoever sent SIGTERM starts it again.
            world.after(world.random(50_000...5_000_000)) { [unowned self] in launch() }
        }
    }

    private func ask(_ question: Message.Delivered) {
        isBusy = true
        let sender = question.sender
        world.database.run(by: self) { [unowned self] _ in
            world.database.tables.highest(of: sender)
        } then: { [unowned self] result in
            isBusy = false
            switch result {
            case .success(let highest):
                socket?.send(.answer(number: question.number, isDraining: false, question.answer(highest)))
                // In turn, so that neither holds up the other.
                if works.isEmpty { serve() } else { storeBatch() }
            case .failure:
                questions.insert(question, at: 0)
                lost()
            }
        }
    }

    private func storeBatch() {
        isBusy = true
        let count = Work.count(in: works, limit: world.shape.transactionEntries)
        let (batch, repeated) = Work.split(works[..<count])
        works.removeFirst(count)
        var keys: [Transaction.Key] = []
        for work in batch {
            keys.append(.entry(work.key))
            if !work.entry.isFaulty { keys.append(.dossier(work.entry.code)) }
        }
        world.database.run(by: self, locking: keys) { [unowned self] transaction in
            world.database.store(batch.map { ($0.key, $0.entry) }, in: transaction)
        } written: { [unowned self] outcomes in
            if world.plant == .acknowledgesBeforeCommit { resolve(batch, outcomes) }
        } then: { [unowned self] result in
            isBusy = false
            switch result {
            case .success(let outcomes): stored(batch, outcomes, repeated)
            case .failure(let failure): bear(failure, batch + repeated)
            }
        }
    }

    private func stored(_ batch: [Work], _ outcomes: [Outcome?], _ repeated: [Work]) {
        setbacks = 0
        let later = resolve(batch, outcomes)
        works.insert(contentsOf: repeated + later, at: 0)
        serve()
    }

    /// Answers every delivery whose entries all have an outcome; returns the entries that have to be asked again.
    @discardableResult
    private func resolve(_ batch: [Work], _ outcomes: [Outcome?]) -> [Work] {
        var later: [Work] = []
        for (work, outcome) in zip(batch, outcomes) {
            if let outcome { work.delivery.outcomes[work.index] = outcome } else { later.append(work) }
        }
        for work in batch where work.delivery.isResolved { answer(work.delivery, retryAfter: 0) }
        return later
    }

    /// A lock says nothing about the connection: the batch is tried again.
    private func bear(_ failure: DatabaseFailure, _ batch: [Work]) {
        works.insert(contentsOf: batch, at: 0)
        guard failure == .lockTimeout, setbacks < 5 else {
            setbacks = 0
            return lost()
        }
        setbacks += 1
        isBusy = true
        after(world.random(10_000...(40_000 * setbacks))) { [unowned self] in
            isBusy = false
            serve()
        }
    }

    private func answer(_ delivery: OpenDelivery, retryAfter: Int) {
        guard !delivery.isAnswered else { return }
        delivery.isAnswered = true
        let receipt = Message.receipt(
            session: delivery.session, first: delivery.first, outcomes: delivery.outcomes, retryAfter: retryAfter)
        socket?.send(.answer(number: delivery.number, isDraining: false, receipt))
    }
}
