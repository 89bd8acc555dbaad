import Foundation
import Logging
import Synchronization
import SystemPackage

/// Standard output as the place where survey tasks go: a task counts as handed over once its line is written.
final class TaskOutput: Sendable {
    private struct State {
        /// Whether the last line may be there in part.
        var isTorn = false
        /// Whether nobody reads the output any more.
        var isClosed = false
    }

    private let logger: Logger
    private let state = Mutex(State())

    init(logger: Logger) { self.logger = logger }

    /// Whether nobody reads the output any more.
    var isClosed: Bool { state.withLock(\.isClosed) }

    /// Has a write to a pipe that nobody reads fail, instead of ending this process between two tasks.
    static func surviveClosedPipes() { signal(SIGPIPE, SIG_IGN) }

    /// Writes a line; false when that fails, and the task is to be tried again.
    ///
    /// A full disk may get room again. A pipe without a reader never gets one: the process drains and ends as on
    /// SIGTERM.
    func write(_ line: [UInt8]) -> Bool {
        state.withLock { state in
            do {
                _ = try FileDescriptor.standardOutput.writeAll((state.isTorn ? [10] : []) + line + [10])
                state.isTorn = false
                return true
            } catch {
                // Once, not for each of the tasks that wait.
                if !state.isTorn { logger.warning("a task could not be written", metadata: ["reason": "\(error)"]) }
                state.isTorn = true
                if error as? Errno == .brokenPipe, !state.isClosed {
                    state.isClosed = true
                    kill(getpid(), SIGTERM)
                }
                return false
            }
        }
    }
}
