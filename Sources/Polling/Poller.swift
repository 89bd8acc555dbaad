import CLinux
import CZeroMQ
import Foundation

/// The poll set of a ``PollingExecutor``.
///
/// Everything here belongs to the executor's thread.
@safe final class Poller {
    /// A suspended task and what it waits for.
    struct Waiter {
        let identifier: UInt64
        let interests: [Interest]
        let deadline: ContinuousClock.Instant?
        let continuation: CheckedContinuation<Readiness, Never>
        /// Where its descriptors and sockets begin in the poll set.
        var firstItem = 0
    }

    private let wakeDescriptor: Int32
    private var thread: pthread_t?
    private var waiters: [Waiter] = []
    private var items: [zmq_pollitem_t] = unsafe []
    private var lastIdentifier: UInt64 = 0

    init(wakeDescriptor: Int32) { self.wakeDescriptor = wakeDescriptor }

    /// Makes the calling thread the owner.
    func adoptThread() { thread = pthread_self() }

    var isCurrentThread: Bool { thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }

    var isIdle: Bool { waiters.isEmpty }

    func nextIdentifier() -> UInt64 {
        lastIdentifier += 1
        return lastIdentifier
    }

    func add(_ waiter: Waiter) { waiters.append(waiter) }

    /// Resumes the waiters of cancelled tasks with nothing ready.
    func cancel(_ identifiers: [UInt64]) {
        guard !identifiers.isEmpty else { return }
        var kept: [Waiter] = []
        for waiter in waiters {
            if identifiers.contains(waiter.identifier) {
                waiter.continuation.resume(returning: Readiness())
            } else {
                kept.append(waiter)
            }
        }
        waiters = kept
    }

    /// Polls once and resumes every waiter that has something ready or is past its deadline.
    func poll(mayBlock: Bool) {
        collectItems()
        let timeout = mayBlock ? timeoutInMilliseconds() : 0
        let count = unsafe Int32(items.count)
        let result = unsafe items.withUnsafeMutableBufferPointer { buffer in
            unsafe zmq_poll(buffer.baseAddress, count, timeout)
        }
        // EINTR and (during shutdown) ETERM: nothing is ready, the next round looks again.
        if result < 0 { for index in unsafe items.indices { unsafe items[index].revents = 0 } }
        if unsafe items[0].revents != 0 { _ = hoso_eventfd_clear(wakeDescriptor) }
        resumeReady()
    }

    private func collectItems() {
        unsafe items.removeAll(keepingCapacity: true)
        unsafe items.append(zmq_pollitem_t(socket: nil, fd: wakeDescriptor, events: 1, revents: 0))
        for index in waiters.indices {
            waiters[index].firstItem = unsafe items.count
            for interest in waiters[index].interests {
                switch interest.source {
                case .descriptor(let descriptor):
                    unsafe items.append(
                        zmq_pollitem_t(
                            socket: nil, fd: descriptor, events: interest.events.rawValue, revents: 0))
                case .socket(let handle):
                    unsafe items.append(
                        zmq_pollitem_t(
                            socket: handle, fd: 0, events: interest.events.rawValue, revents: 0))
                case .signal: break
                }
            }
        }
    }

    /// Milliseconds to the nearest deadline, rounded up; 0 when a signal is already up, -1 when nothing limits the wait.
    private func timeoutInMilliseconds() -> Int {
        var nearest: ContinuousClock.Instant?
        for waiter in waiters {
            for interest in waiter.interests {
                if case .signal(let signal) = interest.source, signal.isRaised { return 0 }
            }
            if let deadline = waiter.deadline { nearest = min(nearest ?? deadline, deadline) }
        }
        guard let nearest else { return -1 }
        let left = ContinuousClock.now.duration(to: nearest).components
        if left.seconds < 0 || left.attoseconds < 0 { return 0 }
        let milliseconds = left.seconds * 1000 + (left.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int(min(milliseconds, 60_000))
    }

    private func resumeReady() {
        guard !waiters.isEmpty else { return }
        let now = ContinuousClock.now
        var kept: [Waiter] = []
        kept.reserveCapacity(waiters.count)
        for waiter in waiters {
            let readiness = readiness(of: waiter)
            if !readiness.isEmpty || waiter.deadline.map({ $0 <= now }) == true {
                waiter.continuation.resume(returning: readiness)
            } else {
                kept.append(waiter)
            }
        }
        waiters = kept
    }

    private func readiness(of waiter: Waiter) -> Readiness {
        var readiness = Readiness()
        var item = waiter.firstItem
        for (index, interest) in waiter.interests.enumerated() {
            if case .signal(let signal) = interest.source {
                if signal.isRaised { readiness.bits |= 1 << UInt64(index) }
            } else {
                if unsafe items[item].revents != 0 { readiness.bits |= 1 << UInt64(index) }
                item += 1
            }
        }
        return readiness
    }
}
