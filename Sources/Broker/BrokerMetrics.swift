import CoreMetrics
import IntakeProtocol
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

    /// Nothing has happened yet.
    init() {
        // What grows from nothing is not seen by who asks how much it grew.
        for code in ProtocolError.Code.allCases { Counter(.brokerRefused, ("reason", code.rawValue)).increment(by: 0) }
    }

    /// A message was refused.
    func refused(_ reason: String) { Counter(.brokerRefused, ("reason", reason)).increment() }
}
