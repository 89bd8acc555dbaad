/// Knows what was promised, and notices when it is broken.
final class Oracle {
    private unowned let world: SimulatedWorld
    /// The first broken promise.
    private(set) var violation: String?
    /// Whether the world has come to an end, good or bad.
    private(set) var isFinished = false
    private var done: Set<Int64> = []

    init(_ world: SimulatedWorld) { self.world = world }

    /// Notes a broken promise.
    func check(_ isKept: Bool, _ what: @autoclosure () -> String) {
        guard !isKept, violation == nil else { return }
        violation = what()
        isFinished = true
        world.note("VIOLATION: \(what())")
    }

    /// A receipt means committed, at the moment at which it comes.
    func receiptArrived(_ outcomes: [Outcome?], from first: UInt64, at agent: AgentProcess) {
        for (offset, outcome) in outcomes.enumerated() {
            guard let outcome else { continue }
            let key = LedgerKey(sender: agent.sender, number: first + UInt64(offset))
            let recorded = world.database.tables.ledger[key]?.outcome
            check(
                recorded == outcome,
                "\(agent.name) hears that \(key.number) is \(outcome), but it is \(recorded.map { "\($0)" } ?? "unknown")"
            )
        }
    }

    /// A task is not delivered before its dossier is committed.
    func taskArrived(_ task: SurveyTask) {
        let tables = world.database.tables
        check(
            tables.tasks.contains { $0.task == task } && tables.dossiers[task.code] != nil,
            "task \(task.id) comes before its dossier is committed")
    }

    /// A survey sender is done with a task.
    func carriedOut(_ task: SurveyTask) { done.insert(task.id) }
}

// MARK: - The end

extension Oracle {
    /// From now on everything works: senders have their receipts within thirty seconds, and all settles soon after.
    ///
    /// With a lame process among them it may take longer.
    func expectRecovery() {
        let healed = world.time, patience = world.shape.leavesOneLame ? 300_000_000 : 30_000_000
        look(every: 500_000, until: healed + patience, "senders wait for receipts") { [unowned self] in
            world.agents.allSatisfy(\.isDone)
        } then: { [unowned self] in
            look(every: 500_000, until: healed + patience + 90_000_000, "the world does not come to rest") {
                [unowned self] in
                isQuiet
            } then: { [unowned self] in
                checkEverything()
                isFinished = true
            }
        }
    }

    private func look(
        every pause: Int, until deadline: Int, _ what: String, _ isTrue: @escaping () -> Bool,
        then: @escaping () -> Void
    ) {
        if isTrue() { return then() }
        check(world.time < deadline, what)
        world.after(pause) { [unowned self] in look(every: pause, until: deadline, what, isTrue, then: then) }
    }

    private var isQuiet: Bool {
        let tables = world.database.tables
        return world.broker.heldBytes == 0 && tables.acknowledged.count == tables.tasks.count
            && (tables.folded >= tables.rows.count || world.plant == .foldsByID)
    }

    /// Compares what every sender wrote with what the database has.
    private func checkEverything() {
        let tables = world.database.tables
        var stored: [Int: Int] = [:]
        for agent in world.agents { checkSpool(of: agent, &stored) }
        check(tables.rows.count == tables.ledger.count, "an entry is in the ledger twice")
        check(stored.values.allSatisfy { $0 == 1 }, "a dossier is stored twice")
        check(Set(stored.keys) == Set(tables.dossiers.keys), "receipts and dossiers differ")
        check(tables.tasks.map(\.task.code).sorted() == stored.keys.sorted(), "survey tasks and dossiers differ")
        check(tables.acknowledged.isSubset(of: done), "a task is acknowledged that nobody has carried out")
        var recount: [Int: Int] = [:]
        for row in tables.rows where row.isStored { recount[row.cell, default: 0] += 1 }
        check(tables.rollUp == recount, "the roll-up says \(tables.rollUp), a recount \(recount)")
    }

    private func checkSpool(of agent: AgentProcess, _ stored: inout [Int: Int]) {
        let spool = agent.spool
        check(spool.assigned == agent.source, "\(agent.name) lost or doubled what was written")
        check(UInt64(spool.receipts.count) == spool.head, "\(agent.name) has not one receipt for each entry")
        for (number, outcome) in spool.receipts {
            let row = world.database.tables.ledger[LedgerKey(sender: agent.sender, number: number)]
            check(row?.outcome == outcome, "\(agent.name)'s receipt for \(number) is not what the ledger has")
            if outcome == .stored { stored[spool.assigned[Int(number) - 1].code, default: 0] += 1 }
        }
    }
}
