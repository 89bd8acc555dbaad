import Machines

/// What differs from seed to seed: how many there are of each, and how small their limits.
struct WorldShape {
    let senders: Int
    let workers: Int
    let surveySenders: Int
    let aggregators: Int
    /// Entries of all senders.
    let entries: Int
    /// Entries of a batch.
    let batchEntries: Int
    /// Batches that a sender has on their way at most.
    let batches: Int
    /// Entries that a worker takes at most, and those of a transaction.
    let capacity: Int, transactionEntries: Int
    let limits: BrokerLimits
    let relayCapacity: Int
    let relayLease: Duration
    let surveyCredit: Int
    let highWaterMark: Int
    /// Microseconds for which there are faults.
    let turmoil: Int
    /// Whether one process, of which there are several, never recovers.
    let leavesOneLame: Bool
    /// Whether senders greet again on the connection that they have, as a foreign client may.
    let keepsSockets: Bool

    init(_ random: inout SeededGenerator) {
        senders = .random(in: 2...3, using: &random)
        workers = .random(in: 1...3, using: &random)
        surveySenders = .random(in: 1...2, using: &random)
        aggregators = .random(in: 1...2, using: &random)
        entries = .random(in: 10...40, using: &random)
        batchEntries = .random(in: 1...8, using: &random)
        batches = .random(in: 1...6, using: &random)
        capacity = .random(in: 4...30, using: &random)
        transactionEntries = .random(in: 1...20, using: &random)
        relayCapacity = .random(in: 2...50, using: &random)
        relayLease = .seconds(Int.random(in: 5...12, using: &random))
        surveyCredit = .random(in: 1...10, using: &random)
        highWaterMark = .random(in: 3...40, using: &random)
        turmoil = .random(in: 5_000_000...30_000_000, using: &random)
        leavesOneLame = Int.random(in: 0..<8, using: &random) == 0
        keepsSockets = Int.random(in: 0..<8, using: &random) == 0
        var limits = BrokerLimits()
        limits.smallestWindowBytes = 2 * Message.entryBytes
        limits.windowBytes = .random(in: limits.smallestWindowBytes...20_000, using: &random)
        limits.windowEntries = .random(in: 8...40, using: &random)
        limits.memoryBytes = .random(in: 12_000...60_000, using: &random)
        limits.senderBatches = .random(in: 2...8, using: &random)
        limits.workerDeliveries = .random(in: 1...6, using: &random)
        limits.lease = .milliseconds(Int.random(in: 3_000...10_000, using: &random))
        limits.senderSilence = .milliseconds(Int.random(in: 8_000...30_000, using: &random))
        self.limits = limits
    }
}
