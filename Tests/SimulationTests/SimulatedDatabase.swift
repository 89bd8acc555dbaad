/// Why the database gave no answer.
enum DatabaseFailure: Error {
    /// The connection is gone; what was asked for may have happened or not.
    case connectionLost
    /// A lock was not to be had in time; nothing happened.
    case lockTimeout
}

/// PostgreSQL as far as the promises need it: transaction numbers taken at the beginning, commits in any order, locks
/// on keys, snapshots, restarts, and replies that get lost.
final class SimulatedDatabase {
    /// How long a COMMIT takes, in microseconds.
    var commitDelay = 500...20_000
    /// How often the reply to a COMMIT gets lost.
    var lossOfReplies = 0.0
    /// Processes that cannot reach it, or that it cannot reach.
    var unreachable: Set<Int> = []
    /// What is committed.
    var tables = Tables()
    private unowned let world: SimulatedWorld
    private(set) var isUp = true
    private var lastTransaction: UInt64 = 0
    private var running: [Transaction] = []
    private var lastID: Int64 = 0

    init(_ world: SimulatedWorld) { self.world = world }

    /// Every transaction below is over.
    var horizon: UInt64 { running.map(\.number).min() ?? lastTransaction + 1 }
    /// Whether no transaction runs.
    var isQuiet: Bool { running.isEmpty }
    /// The next value of a sequence; it is used up even if its transaction is not committed.
    func nextID() -> Int64 {
        lastID += 1
        return lastID
    }

    /// Tries to connect; false after a while if that fails.
    func connect(_ owner: SimulatedProcess, then: @escaping (Bool) -> Void) {
        let isReachable = isUp && !unreachable.contains(owner.place)
        owner.after(isReachable ? world.random(500...5_000) : 1_000_000) { then(isReachable) }
    }

    /// Runs a transaction; `written` hears of the answer before COMMIT, `then` after it.
    func run<Answer>(
        by owner: SimulatedProcess, locking keys: [Transaction.Key] = [],
        _ statement: @escaping (Transaction) -> Answer, written: @escaping (Answer) -> Void = { _ in },
        then: @escaping (Result<Answer, DatabaseFailure>) -> Void
    ) {
        let life = owner.life
        // What an earlier life asked for may happen, but nobody hears of it.
        let then: (Result<Answer, DatabaseFailure>) -> Void = { if owner.life == life { then($0) } }
        guard !unreachable.contains(owner.place) else { return fail(owner, after: 4_000_000, then) }
        world.after(world.random(200...3_000)) { [unowned self] in
            guard isUp else { return fail(owner, after: 1_000, then) }
            let transaction = begin(owner, life) { [unowned self] in fail(owner, after: 2_000, then) }
            lock(keys, for: transaction) { [unowned self] hasLocks in
                guard hasLocks else {
                    finish(transaction, isCommitted: false)
                    return owner.after(1_000) { then(.failure(.lockTimeout)) }
                }
                let answer = statement(transaction)
                transaction.isWritten = true
                owner.perform { if owner.life == life { written(answer) } }
                commit(transaction) { [unowned self] in reply(answer, to: owner, then) }
            }
        }
    }

    private func begin(_ owner: SimulatedProcess, _ life: Int, _ onLoss: @escaping () -> Void) -> Transaction {
        lastTransaction += 1
        let transaction = Transaction(lastTransaction, snapshot: tables.commits, owner, life, onLoss)
        running.append(transaction)
        return transaction
    }

    /// Takes all locks at once, after those who have one of them; gives up after two seconds.
    private func lock(_ keys: [Transaction.Key], for transaction: Transaction, then: @escaping (Bool) -> Void) {
        guard !transaction.isOver else { return }
        guard let holder = running.first(where: { $0 !== transaction && $0.holds(oneOf: keys) }) else {
            transaction.locks = Set(keys)
            return then(true)
        }
        var hasMoved = false
        holder.waiters.append { [unowned self] in
            guard !hasMoved else { return }
            hasMoved = true
            lock(keys, for: transaction, then: then)
        }
        world.after(2_000_000) {
            guard !hasMoved, !transaction.isOver else { return }
            hasMoved = true
            then(false)
        }
    }

    private func commit(_ transaction: Transaction, then: @escaping () -> Void) {
        world.after(world.random(commitDelay)) { [unowned self] in
            guard !transaction.isOver else { return }
            // Whoever dies may have left the COMMIT unsent.
            let isOrphan = transaction.owner.life != transaction.life && world.chance(0.5)
            finish(transaction, isCommitted: !isOrphan)
            if !isOrphan { then() }
        }
    }

    private func reply<Answer>(
        _ answer: Answer, to owner: SimulatedProcess, _ then: @escaping (Result<Answer, DatabaseFailure>) -> Void
    ) {
        let isLost = unreachable.contains(owner.place) || world.chance(lossOfReplies)
        if isLost { return fail(owner, after: 4_000_000, then) }
        owner.after(world.random(200...3_000)) { then(.success(answer)) }
    }

    private func fail<Answer>(
        _ owner: SimulatedProcess, after delay: Int, _ then: @escaping (Result<Answer, DatabaseFailure>) -> Void
    ) {
        owner.after(delay) { then(.failure(.connectionLost)) }
    }

    private func finish(_ transaction: Transaction, isCommitted: Bool) {
        transaction.isOver = true
        running.removeAll { $0 === transaction }
        if isCommitted {
            tables.commits += 1
            for effect in transaction.effects { effect(&tables) }
            world.note("transaction \(transaction.number) of \(transaction.owner.name) is committed")
        }
        for waiter in transaction.waiters { waiter() }
    }

    /// Stops and comes back; what had sent its COMMIT may be committed without anybody hearing of it.
    func restart(after pause: Int) {
        world.note("the database goes down")
        isUp = false
        for transaction in running {
            finish(transaction, isCommitted: transaction.isWritten && world.chance(0.5))
            transaction.onLoss()
        }
        world.after(pause) { [unowned self] in
            world.note("the database is back")
            isUp = true
        }
    }
}
