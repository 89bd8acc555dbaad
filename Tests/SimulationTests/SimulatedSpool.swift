/// A sender's disk: what is committed survives the agent, everything else does not.
struct SimulatedSpool {
    /// An entry and its number.
    struct Item {
        let number: UInt64
        let entry: Entry
    }

    /// Entries without receipt, in order of their numbers.
    private(set) var pending: [Item] = []
    /// Permanent outcomes, by number.
    private(set) var receipts: [UInt64: Outcome] = [:]
    /// The highest number that was assigned.
    private(set) var head: UInt64 = 0
    /// What each number stands for, as the operator wrote it.
    private(set) var assigned: [Entry] = []

    /// Commits new entries.
    mutating func append(_ entries: ArraySlice<Entry>) {
        for entry in entries {
            head += 1
            pending.append(Item(number: head, entry: entry))
            assigned.append(entry)
        }
    }

    /// The first run of consecutive entries after a number that have no receipt.
    func nextRun(after number: UInt64, limit: Int, bytes: Int) -> (first: UInt64, entries: [Entry])? {
        guard let start = pending.firstIndex(where: { $0.number > number }) else { return nil }
        let first = pending[start].number
        var entries: [Entry] = []
        for item in pending[start...].prefix(max(1, min(limit, bytes / Message.entryBytes))) {
            guard item.number == first + UInt64(entries.count) else { break }
            entries.append(item.entry)
        }
        return (first, entries)
    }

    /// Commits the outcomes of a receipt; says which number, if any, has another outcome than before.
    mutating func record(_ outcomes: [Outcome?], from first: UInt64) -> UInt64? {
        for (offset, outcome) in outcomes.enumerated() {
            guard let outcome else { continue }
            let number = first + UInt64(offset)
            if let known = receipts[number], known != outcome { return number }
            receipts[number] = outcome
        }
        let last = first + UInt64(outcomes.count)
        pending.removeAll { $0.number >= first && $0.number < last && receipts[$0.number] != nil }
        return nil
    }
}
