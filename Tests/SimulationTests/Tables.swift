import Machines

/// The number of an entry at its sender.
struct LedgerKey: Hashable {
    let sender: Int
    let number: UInt64
}

/// The committed rows.
struct Tables {
    /// A row of the ledger.
    struct LedgerRow {
        let key: LedgerKey
        let outcome: Outcome
        let transaction: UInt64
        let id: Int64
        let cell: Int
        /// The commit that it came with.
        let commit: Int

        var isStored: Bool { outcome == .stored }
    }

    /// A dossier.
    struct DossierRow {
        let content: Int
        let commit: Int
    }

    /// A row of the outbox.
    struct TaskRow {
        let task: SurveyTask
        let transaction: UInt64
    }

    /// Number of commits so far.
    var commits = 0
    var ledger: [LedgerKey: LedgerRow] = [:]
    var dossiers: [Int: DossierRow] = [:]
    /// The ledger in order of commit.
    var rows: [LedgerRow] = []
    var tasks: [TaskRow] = []
    var acknowledged: Set<Int64> = []
    var floor = RelayMachine<SurveyTask>.Position.start
    /// Dossiers per cell.
    var rollUp: [Int: Int] = [:]
    /// How far the ledger is folded.
    var cursor = RelayMachine<SurveyTask>.Position.start
    var folded = 0

    /// What dossiers are counted under.
    static func cell(of entry: Entry) -> Int { entry.code % 3 }

    /// The highest number of a sender.
    func highest(of sender: Int) -> UInt64 {
        rows.reduce(0) { $1.key.sender == sender ? max($0, $1.key.number) : $0 }
    }
}

// MARK: - Statements

extension SimulatedDatabase {
    /// Records entries as the worker's statement does; `nil` for one that has to be asked again.
    func store(_ entries: [(key: LedgerKey, entry: Entry)], in transaction: Transaction) -> [Outcome?] {
        var taken: Set<Int> = []
        return entries.map { key, entry in
            if let row = tables.ledger[key] { return row.commit <= transaction.snapshot ? row.outcome : nil }
            guard let outcome = outcome(of: entry, in: transaction, &taken) else { return nil }
            insert(key, entry, outcome, in: transaction)
            return outcome
        }
    }

    private func outcome(of entry: Entry, in transaction: Transaction, _ taken: inout Set<Int>) -> Outcome? {
        if entry.isFaulty { return .rejected }
        if let dossier = tables.dossiers[entry.code] {
            guard dossier.commit <= transaction.snapshot else { return nil }
            return dossier.content == entry.content ? .duplicate : .conflict
        }
        return taken.insert(entry.code).inserted ? .stored : nil
    }

    private func insert(_ key: LedgerKey, _ entry: Entry, _ outcome: Outcome, in transaction: Transaction) {
        let id = nextID(), task = outcome == .stored ? nextID() : 0, number = transaction.number
        transaction.effects.append { tables in
            let row = Tables.LedgerRow(
                key: key, outcome: outcome, transaction: number, id: id, cell: Tables.cell(of: entry),
                commit: tables.commits)
            tables.ledger[key] = row
            tables.rows.append(row)
            guard outcome == .stored else { return }
            tables.dossiers[entry.code] = Tables.DossierRow(content: entry.content, commit: tables.commits)
            tables.tasks.append(
                Tables.TaskRow(task: SurveyTask(id: task, code: entry.code), transaction: number))
        }
    }

    /// Folds what is below the horizon, in order of transaction and id.
    func fold(in transaction: Transaction, byID: Bool) -> Int {
        guard tables.folded < tables.rows.count else { return 0 }
        let cursor = tables.cursor, horizon = horizon
        let taken = tables.rows.filter { row in
            byID
                ? row.id > cursor.task
                : row.transaction < horizon
                    && (row.transaction, row.id) > (cursor.transaction, cursor.task)
        }.sorted { byID ? $0.id < $1.id : ($0.transaction, $0.id) < ($1.transaction, $1.id) }
        guard let last = taken.last else { return 0 }
        transaction.effects.append { tables in
            for row in taken where row.isStored { tables.rollUp[row.cell, default: 0] += 1 }
            tables.cursor = .init(transaction: last.transaction, task: last.id)
            tables.folded += taken.count
        }
        return taken.count
    }

    /// Tasks after a position that are committed, below the horizon, and not acknowledged.
    func tasks(
        after position: RelayMachine<SurveyTask>.Position, limit: Int, ignoringHorizon: Bool
    ) -> [Tables.TaskRow] {
        let horizon = ignoringHorizon ? .max : horizon
        let found = tables.tasks.filter { row in
            row.transaction < horizon && (row.transaction, row.task.id) > (position.transaction, position.task)
                && !tables.acknowledged.contains(row.task.id)
        }
        return Array(
            found.sorted { ($0.transaction, $0.task.id) < ($1.transaction, $1.task.id) }.prefix(limit))
    }

    /// Records acknowledgements and moves the floor, never back.
    func acknowledge(
        _ done: Set<Int64>, floor: RelayMachine<SurveyTask>.Position, in transaction: Transaction
    ) {
        let known = Set(tables.tasks.lazy.map(\.task.id)).intersection(done)
        transaction.effects.append { tables in
            tables.acknowledged.formUnion(known)
            tables.floor = max(tables.floor, floor)
        }
    }
}
