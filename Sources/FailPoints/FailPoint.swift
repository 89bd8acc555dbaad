import Foundation
import Synchronization

/// A place where a process may be made to die, so that tests can see what a kill there leaves behind.
///
/// `HOSO_FAIL=NAME:N` has the process kill itself the Nth time that it passes the place of that name. Without the
/// variable a pass costs the reading of one constant.
package enum FailPoint: String, Sendable, CaseIterable {
    /// The sender has committed entries to its spool and told nobody yet.
    case afterSpoolCommit = "after_spool_commit"
    /// The sender has receipts and has not recorded them.
    case beforeReceiptRecorded = "before_receipt_recorded"
    /// The worker's transaction is committed and no receipt has been sent.
    case afterCommit = "after_commit"
    /// Survey tasks have been sent and nothing has been recorded.
    case afterTasksSent = "after_tasks_sent"
    /// A survey task has been carried out and not acknowledged.
    case afterTaskDone = "after_task_done"

    private static let chosen: (point: FailPoint, pass: Int)? = {
        let words = (ProcessInfo.processInfo.environment["HOSO_FAIL"] ?? "").split(separator: ":")
        guard words.count == 2, let point = FailPoint(rawValue: String(words[0])), let pass = Int(words[1]) else {
            return nil
        }
        return (point, pass)
    }()
    private static let passes = Atomic<Int>(0)

    /// Passes the place, or dies there.
    package func pass() {
        guard let chosen = Self.chosen, chosen.point == self else { return }
        guard Self.passes.add(1, ordering: .relaxed).newValue == chosen.pass else { return }
        kill(getpid(), SIGKILL)
        // The signal may take a moment; nothing is done in it.
        while true { pause() }
    }
}
