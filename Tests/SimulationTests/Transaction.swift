/// A transaction that is under way.
final class Transaction {
    /// What it may hold until its end.
    enum Key: Hashable {
        case entry(LedgerKey)
        case dossier(Int)
        case fold, floor
    }

    /// Its number, taken at its beginning.
    let number: UInt64
    /// Commits that its statement sees.
    let snapshot: Int
    unowned let owner: SimulatedProcess
    /// The life of its owner that asked for it.
    let life: Int
    /// What its COMMIT does.
    var effects: [(inout Tables) -> Void] = []
    let onLoss: () -> Void
    var locks: Set<Key> = []
    var waiters: [() -> Void] = []
    var isWritten = false
    var isOver = false

    init(
        _ number: UInt64, snapshot: Int, _ owner: SimulatedProcess, _ life: Int, _ onLoss: @escaping () -> Void
    ) {
        self.number = number
        self.snapshot = snapshot
        self.owner = owner
        self.life = life
        self.onLoss = onLoss
    }

    func holds(oneOf keys: [Key]) -> Bool { !locks.isEmpty && keys.contains { locks.contains($0) } }
}
