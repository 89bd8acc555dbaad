import Synchronization
package import Systemd

/// How a service fares: what its work loops report, and what its operator, systemd and Prometheus are told.
///
/// Each loop says by when it will be heard of again. Nobody else can: a thread of its own that beats would go on beating while the
/// work hangs.
package final class Vitals: Sendable {
    /// A loop of work, by its name.
    package struct Loop: Sendable, Hashable, ExpressibleByStringLiteral {
        let name: String

        /// A loop.
        package init(stringLiteral name: String) { self.name = name }
    }

    /// What a service can do.
    package enum Condition: Sendable, Equatable {
        /// It has not begun.
        case starting
        /// Everything.
        case ready
        /// Not everything, for a reason that should pass: a constant text.
        case degraded(String)
        /// It finishes what it has, and leaves.
        case stopping
    }

    private struct State {
        var condition = Condition.starting
        var due: [Loop: ContinuousClock.Instant] = [:]
        var lastLap = ContinuousClock.now
        var nextSign = ContinuousClock.now

        func isAlive(at now: ContinuousClock.Instant) -> Bool { due.values.allSatisfy { $0 > now } }
    }

    private let manager: ServiceManager
    private let state = Mutex(State())

    /// The vitals of a service.
    /// - Parameter manager: who is told; one that is told nothing where the environment names none.
    package init(manager: ServiceManager = ServiceManager(environment: [:])) { self.manager = manager }

    /// A loop of work has come round, and will again within a time.
    package func lap(_ loop: Loop, within time: Duration) {
        let now = ContinuousClock.now
        let shows = state.withLock { state -> Bool in
            state.due[loop] = now.advanced(by: time)
            state.lastLap = now
            guard let watchdog = manager.watchdog, state.nextSign <= now, state.isAlive(at: now) else { return false }
            state.nextSign = now.advanced(by: watchdog / 4)
            return true
        }
        if shows { manager.tell(.watchdog) }
    }

    /// A loop has ended as it should, and is not waited for.
    package func ended(_ loop: Loop) { state.withLock { _ = $0.due.removeValue(forKey: loop) } }

    /// Everything works.
    package func ready() { become(.ready) }

    /// Not everything works.
    /// - Parameter reason: a constant text, which goes into status lines.
    package func degraded(_ reason: String) { become(.degraded(reason)) }

    /// The service drains.
    package func stopping() { become(.stopping) }

    private func become(_ condition: Condition) {
        // Told while nobody else can tell anything: in the order in which it became so.
        state.withLock { state in
            let before = state.condition
            guard before != condition, before != .stopping else { return }
            state.condition = condition
            tell(condition, before)
        }
    }

    private func tell(_ condition: Condition, _ before: Condition) {
        // Also degraded it serves, as far as it can: a restart would not help.
        if before == .starting {
            manager.tell(.ready, .status(condition.text))
        } else {
            manager.tell(.status(condition.text))
        }
        if condition == .stopping { manager.tell(.stopping, .extend(.seconds(45))) }
    }

    /// What there is to tell.
    package var report: Report {
        let now = ContinuousClock.now
        return state.withLock { state in
            Report(
                condition: state.condition, isAlive: state.isAlive(at: now),
                age: state.lastLap.duration(to: now))
        }
    }

    /// How a service fares at a moment.
    package struct Report: Sendable {
        /// What it can do.
        package let condition: Condition
        /// Whether every loop has been heard of in time.
        package let isAlive: Bool
        /// Since when no loop has been heard of.
        package let age: Duration
    }
}

extension Vitals.Condition {
    /// In a word, or with its reason.
    package var text: String {
        switch self {
        case .starting: "starting"
        case .ready: "ready"
        case .degraded(let reason): "degraded: \(reason)"
        case .stopping: "stopping"
        }
    }
}
