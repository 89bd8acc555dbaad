import CoreMetrics
import Observability
import WireMessages

/// What a worker counts, once per batch.
struct WorkerMetrics {
    private let stored = Counter(.workerEntries, ("outcome", "stored"))
    private let duplicate = Counter(.workerEntries, ("outcome", "duplicate"))
    private let rejected = Counter(.workerEntries, ("outcome", "rejected"))
    private let conflict = Counter(.workerEntries, ("outcome", "conflict"))
    let transactionEntries = Recorder(.workerTransactionEntries)
    let commitSeconds = CoreMetrics.Timer(.workerCommitSeconds)
    let waiting = Meter(.workerWaiting)
    let database = DatabaseVitals()

    /// A batch was answered.
    func answered(_ delivery: OpenDelivery) {
        var counts = (stored: 0, duplicate: 0, rejected: 0, conflict: 0)
        delivery.forEachVerdict { verdict in
            switch verdict.outcome {
            case .stored: counts.stored += 1
            case .duplicate: counts.duplicate += 1
            case .rejected: counts.rejected += 1
            case .conflict: counts.conflict += 1
            default: return
            }
            for reason in verdict.reasons { Counter(.workerQuarantined, ("reason", reason.code)).increment() }
        }
        stored.increment(by: counts.stored)
        duplicate.increment(by: counts.duplicate)
        rejected.increment(by: counts.rejected)
        conflict.increment(by: counts.conflict)
    }
}
