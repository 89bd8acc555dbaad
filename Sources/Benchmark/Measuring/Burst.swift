import Spool
import Polling
import Postgres
import Store

/// A backlog in a spool, sent by an agent of its own: how long it takes until every entry has its receipt, and until
/// every dossier is in the figures.
struct Burst: Sendable {
    /// How long it took.
    struct Times: Sendable {
        let dossiers: Int
        /// From the start of the agent to the last receipt in the spool.
        let toReceipts: Duration
        /// The same until the figures have everything too.
        let toFigures: Duration

        var receiptRate: Double { Statistics.rounded(Double(dossiers) / toReceipts.seconds) }
        var foldRate: Double { Statistics.rounded(Double(dossiers) / toFigures.seconds) }
    }

    let centre: Centre
    let spool: BenchmarkSpool

    /// Spools dossiers, and then starts the agent and the clock.
    /// - Parameters:
    ///   - atStart: is called before the agent is started.
    ///   - atEnd: is called while it still runs.
    ///   - beside: does something else from the start of the agent to the last receipt, when it is cancelled.
    func run(
        _ dossiers: Int, seed: UInt64, beside: @escaping @Sendable () async throws -> Void = {},
        atStart: @Sendable () async throws -> Void = {}, atEnd: @escaping @Sendable () async throws -> Void = {}
    ) async throws -> Times {
        let before = try await spool.counts().stored
        try await spool.fill(count: dossiers, seed: seed)
        try await atStart()
        let start = ContinuousClock.now
        return try await centre.runAgent(spool) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { do { try await beside() } catch { if !Task.isCancelled { throw error } } }
                let receipts = try await waitForReceipts(since: start)
                group.cancelAll()
                try await group.waitForAll()
                // A receipt is a receipt; what is measured is storing.
                let stored = try await spool.counts().stored - before
                guard stored >= Int64(dossiers) else {
                    throw BenchmarkError(
                        .inexact(what: "receipts “stored”", expected: Int64(dossiers), found: stored))
                }
                let figures = try await waitForFigures(since: start)
                try await atEnd()
                return Times(dossiers: dossiers, toReceipts: receipts, toFigures: figures)
            }
        }
    }

    /// Waits until no entry is without receipt.
    private func waitForReceipts(since start: ContinuousClock.Instant) async throws -> Duration {
        var watch = ProgressWatch(what: "receipts")
        while true {
            let pending = try await spool.counts().pending
            if pending == 0 { return start.duration(to: .now) }
            try watch.note(pending)
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Waits until every ledger row is in the figures.
    func waitForFigures(since start: ContinuousClock.Instant = .now) async throws -> Duration {
        try await centre.site.session(centre.database).perform { connection in
            var watch = ProgressWatch(what: "figures")
            let fold = FoldWatch(connection)
            while let age = try await fold.ageOfOldest() {
                try watch.note(age.position)
                try await Task.sleep(for: .milliseconds(5))
            }
            return start.duration(to: .now)
        }
    }
}

/// Notices when something does not move any more.
struct ProgressWatch {
    private let what: String
    private var last: Int64?
    private var deadline = ContinuousClock.now

    init(what: String) { self.what = what }

    /// Notes where it is.
    /// - Throws: ``BenchmarkError`` when it has been there for a minute.
    mutating func note(_ position: Int64) throws(BenchmarkError) {
        if position != last {
            last = position
            deadline = .now.advanced(by: .seconds(60))
        } else if deadline < .now {
            throw BenchmarkError(.stalled(what: what))
        }
    }
}
