import CLinux
import CZeroMQ
import Foundation
import Synchronization

/// A serial executor that owns one thread and one `zmq_poll` set.
///
/// An actor that runs on it may own ZeroMQ sockets and libpq connections, none of which may be touched by two threads,
/// and its tasks wait for them with ``wait(for:until:)`` instead of blocking the cooperative pool. Between two calls of
/// `zmq_poll` the thread runs every job that has been enqueued; a wait costs no allocation beyond its continuation.
///
/// The thread ends when ``stop()`` has been called and no job and no waiting task is left.
public final class PollingExecutor: SerialExecutor, @unchecked Sendable {
    /// What other threads may touch, under the mutex.
    fileprivate struct Inbox {
        var jobs: [UnownedJob] = []
        var cancelled: [UInt64] = []
        var isStopping = false
        /// The thread is (or is about to be) inside `zmq_poll` and must be woken.
        var isPolling = false
    }

    private let inbox = Mutex(Inbox())
    private let wakeDescriptor: Int32
    private let poller: Poller

    /// Starts the thread.
    /// - Parameter name: the thread's name, at most 15 bytes, as `ps -L` and `perf` show it.
    /// - Throws: ``PollingError`` when the kernel gives no eventfd.
    public init(name: String) throws(PollingError) {
        let descriptor = hoso_eventfd()
        guard descriptor >= 0 else { throw PollingError(errno: -descriptor, operation: "eventfd") }
        wakeDescriptor = descriptor
        poller = Poller(wakeDescriptor: descriptor)
        let thread = Thread { [self] in run() }
        thread.name = name
        thread.stackSize = 1 << 20
        thread.start()
    }

    deinit { close(wakeDescriptor) }

    /// Enqueues a job from any thread.
    public func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        let mustWake = inbox.withLock { inbox in
            inbox.jobs.append(unowned)
            return inbox.wake()
        }
        if mustWake { wake() }
    }

    /// This executor, for an actor's `unownedExecutor`.
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    /// Traps when the caller does not run on this executor's thread.
    public func checkIsolated() {
        precondition(poller.isCurrentThread, "must run on the polling thread")
    }

    /// Lets the thread end once no job and no waiting task is left.
    public func stop() {
        let mustWake = inbox.withLock { inbox in
            inbox.isStopping = true
            return inbox.wake()
        }
        if mustWake { wake() }
    }

    /// Suspends the calling task until an interest is fulfilled, the deadline passes or the task is cancelled.
    ///
    /// Call it only from a task that runs on this executor.
    /// - Parameters:
    ///   - interests: at most 64.
    ///   - deadline: when to give up; `nil` waits for ever.
    ///   - isolation: the calling actor. A closure passed to `withTaskCancellationHandler` runs on the global pool
    ///     unless it captures the isolation, so `nonisolated(nonsending)` alone would not do.
    /// - Returns: which interests are fulfilled; empty after the deadline or a cancellation.
    public func wait(
        for interests: [Interest], until deadline: ContinuousClock.Instant? = nil,
        isolation: isolated (any Actor)? = #isolation
    ) async -> Readiness {
        checkIsolated()
        if Task.isCancelled { return Readiness() }
        let identifier = poller.nextIdentifier()
        return await withTaskCancellationHandler {
            _ = isolation
            return await withCheckedContinuation { continuation in
                checkIsolated()
                poller.add(
                    Poller.Waiter(
                        identifier: identifier, interests: interests, deadline: deadline, continuation: continuation))
            }
        } onCancel: {
            cancel(identifier)
        }
    }

    private func cancel(_ identifier: UInt64) {
        let mustWake = inbox.withLock { inbox in
            inbox.cancelled.append(identifier)
            return inbox.wake()
        }
        if mustWake { wake() }
    }

    private func wake() {
        _ = hoso_eventfd_raise(wakeDescriptor)
    }

    /// The thread's body.
    private func run() {
        poller.adoptThread()
        var jobs: [UnownedJob] = []
        var cancelled: [UInt64] = []
        let executor = unsafe asUnownedSerialExecutor()
        while true {
            jobs.removeAll(keepingCapacity: true)
            cancelled.removeAll(keepingCapacity: true)
            let isStopping = inbox.withLock { inbox in
                swap(&jobs, &inbox.jobs)
                swap(&cancelled, &inbox.cancelled)
                return inbox.isStopping
            }
            for job in jobs { unsafe job.runSynchronously(on: executor) }
            poller.cancel(cancelled)
            if isStopping, jobs.isEmpty, poller.isIdle { return }
            let mayBlock = inbox.withLock { inbox in
                inbox.isPolling =
                    inbox.jobs.isEmpty && inbox.cancelled.isEmpty
                    && !(inbox.isStopping && poller.isIdle)
                return inbox.isPolling
            }
            poller.poll(mayBlock: mayBlock)
            inbox.withLock { $0.isPolling = false }
        }
    }
}

extension PollingExecutor.Inbox {
    /// Whether the thread must be woken; it is, once.
    fileprivate mutating func wake() -> Bool {
        defer { isPolling = false }
        return isPolling
    }
}

/// The kernel refused something a ``PollingExecutor`` needs.
public struct PollingError: Error, CustomStringConvertible {
    /// The `errno` of the failed call.
    public let errno: Int32
    /// The failed call.
    public let operation: String

    /// What failed, without data.
    public var description: String { "\(operation) failed with errno \(errno)" }
}
