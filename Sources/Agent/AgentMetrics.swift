import Foundation
import CoreMetrics
import Observability
import Polling
import Spool

/// What an agent counts.
struct AgentMetrics {
    private let waiting = Meter(.spoolWaiting)
    private let bytes = Meter(.spoolBytes)
    private let quota = Meter(.spoolQuota)
    private let oldest = Meter(.spoolOldest)
    private let welcome = Meter(.agentWelcome)
    let receiptSeconds = CoreMetrics.Timer(.agentReceiptSeconds)

    /// Nothing has happened yet.
    init() {
        // What grows from nothing is not seen by who asks how much it grew.
        for outcome in SpoolReceipt.Outcome.allCases {
            Counter(.agentReceipts, ("outcome", "\(outcome)")).increment(by: 0)
        }
    }

    /// Receipts were recorded.
    func recorded(_ receipts: [SpoolReceipt]) {
        for receipt in receipts {
            Counter(.agentReceipts, ("outcome", "\(receipt.outcome)")).increment(by: receipt.numbers.count)
        }
    }

    /// Shows what is in the spool; one that cannot be read now shows what it did before.
    func show(_ spool: SpoolDatabase, isWelcome: Bool) {
        welcome.set(isWelcome)
        guard let filling = try? spool.filling() else { return }
        waiting.set(filling.waiting)
        bytes.set(filling.bytes)
        quota.set(filling.quota)
        oldest.set(filling.oldest.map { max(0, Double(WallClock.microseconds - $0) / 1e6) } ?? 0)
    }
}
