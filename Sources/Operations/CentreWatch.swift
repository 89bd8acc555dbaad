import CoreMetrics
import Dossiers
package import Logging
package import Observability
import Polling
import Postgres
import ServiceLifecycle
package import Store

/// Looks every few seconds what the database says of the centre, and shows it as metrics.
package actor CentreWatch: Service {
    private let executor: PollingExecutor
    private let database: DatabaseAddress
    private let interval: Duration
    private let board: MetricsBoard
    private let vitals: Vitals
    private let logger: Logger
    private let metrics = DatabaseVitals()
    private let stop = Signal()
    private var ages = Ages()

    /// The watch's thread.
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// A watch.
    package init(
        database: DatabaseAddress, interval: Duration = .seconds(5), board: MetricsBoard, vitals: Vitals, logger: Logger
    ) throws {
        executor = try PollingExecutor(name: "hoso-operations")
        self.database = database.allowing(.seconds(30))
        self.interval = interval
        self.board = board
        self.vitals = vitals
        self.logger = logger
    }

    isolated deinit { executor.stop() }

    /// Watches until the service is shut down.
    package func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                try? await gracefulShutdown()
                await self.beginStop()
            }
            defer { group.cancelAll() }
            try await self.watch()
        }
    }

    private func beginStop() {
        vitals.stopping()
        stop.raise()
    }

    private func watch() async throws {
        defer { vitals.ended("watch") }
        while !stop.isRaised, !Task.isCancelled {
            do throws(PostgresError) {
                let connection = try await database.open(on: executor)
                metrics.connected()
                while !stop.isRaised, !Task.isCancelled {
                    vitals.lap("watch", within: .seconds(60))
                    show(try await CentreState(connection))
                    vitals.ready()
                    _ = await executor.wait(for: [.signal(stop)], until: .now.advanced(by: interval))
                }
            } catch {
                metrics.failed(error)
                // What was read before is not how things are.
                board.forget(Self.gauges)
                guard error.isRetriable else { throw error }
                vitals.degraded("database unavailable")
                vitals.lap("watch", within: .seconds(60))
                logger.warning("database unavailable", metadata: ["reason": "\(error)"])
                _ = await executor.wait(for: [.signal(stop)], until: .now.advanced(by: .seconds(2)))
            }
        }
    }

    private static let gauges: [MetricName] = [
        .senderWaiting, .senderMissing, .senderSilent, .senderOldest, .senderAlarm, .quarantineOpen, .foldLag,
        .foldHorizon, .surveyWaiting, .surveyOldest, .databaseBytes,
    ]

    private func show(_ state: CentreState) {
        ages.look(at: state, .now)
        // Those of senders, reasons and alarms that are no longer there end.
        board.forget(Self.gauges)
        for sender in state.senders {
            let label = ("sender", sender.name)
            Meter(.senderWaiting, label).set(sender.waiting)
            Meter(.senderMissing, label).set(sender.missing)
            if let silent = sender.silentSeconds { Meter(.senderSilent, label).set(silent) }
            Meter(.senderOldest, label).set(ages.waiting(sender.name, .now))
            for kind in sender.alarms { Meter(.senderAlarm, label, ("kind", kind)).set(1) }
        }
        for (reason, entries) in state.quarantine {
            // What a sender wrote is no label; a code of ours is.
            let reason = FaultCode(rawValue: reason) == nil ? "other" : reason
            Meter(.quarantineOpen, ("reason", reason)).set(entries)
        }
        Meter(.foldLag).set(state.foldLag)
        Meter(.foldHorizon).set(ages.horizon(.now))
        Meter(.surveyWaiting).set(state.waitingTasks)
        Meter(.surveyOldest).set(state.oldestTask)
        Meter(.databaseBytes).set(state.databaseBytes)
    }
}

/// For how long things have been as they are, which the database does not say.
struct Ages {
    private var waiting: [String: (announced: Int64, since: ContinuousClock.Instant)] = [:]
    private var oldest: (transaction: UInt64, since: ContinuousClock.Instant)?

    /// Looks at the centre at a moment.
    mutating func look(at state: CentreState, _ now: ContinuousClock.Instant) {
        for sender in state.senders { look(sender.name, sender.recorded, sender.announced, sender.waiting, now) }
        look(horizon: state.horizon.oldest, state.horizon.next, now)
    }

    /// What was announced at a look has waited since then at least, until everything up to there is recorded.
    mutating func look(
        _ sender: String, _ recorded: Int64, _ announced: Int64, _ count: Int64, _ now: ContinuousClock.Instant
    ) {
        guard count > 0 else {
            waiting[sender] = nil
            return
        }
        if let known = waiting[sender], recorded < known.announced { return }
        waiting[sender] = (announced, now)
    }

    /// While the oldest transaction stays the same and others come after it, the fold stands still.
    mutating func look(horizon transaction: UInt64, _ next: UInt64, _ now: ContinuousClock.Instant) {
        guard transaction < next else {
            oldest = nil
            return
        }
        if oldest?.transaction != transaction { oldest = (transaction, now) }
    }

    /// Seconds for which a sender has had entries waiting.
    func waiting(_ sender: String, _ now: ContinuousClock.Instant) -> Double {
        waiting[sender].map { $0.since.duration(to: now) / .seconds(1) } ?? 0
    }

    /// Seconds for which the oldest transaction has been the oldest.
    func horizon(_ now: ContinuousClock.Instant) -> Double {
        oldest.map { $0.since.duration(to: now) / .seconds(1) } ?? 0
    }
}
