import CoreMetrics
import Observability

/// What a broker counts.
struct BrokerMetrics {
    let senders = Meter(.brokerSenders)
    let workers = Meter(.brokerWorkers)
    let heldBytes = Meter(.brokerHeldBytes)
    let heldLimit = Meter(.brokerHeldLimit)
    let credit = Meter(.brokerCredit)
    let batches = Counter(.brokerBatches)
    let entries = Counter(.brokerEntries)
    let batchEntries = Recorder(.brokerBatchEntries)
    let redelivered = Counter(.brokerRedelivered)
    let connectionsCut = Counter(.brokerConnectionsCut)
    let turnedAway = Counter(.brokerTurnedAway)

    /// A message was refused.
    func refused(_ reason: String) { Counter(.brokerRefused, ("reason", reason)).increment() }
}
