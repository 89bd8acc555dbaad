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
        database: DatabaseAddress, interval: Duration = .seconds(10), board: MetricsBoard, vitals: Vitals,
        logger: Logger
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
            group.addTask { await self.showLife() }
            defer { group.cancelAll() }
            try await self.watch()
        }
    }

    private func showLife() async { await vitals.showLife(on: executor, until: stop) }

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
                    vitals.lap("watch", within: .seconds(90))
                    show(try await CentreState(connection))
                    vitals.ready()
                    _ = await executor.wait(for: [.signal(stop)], until: .now.advanced(by: interval))
                }
            } catch {
                metrics.failed(error)
                // What was read before is not how things are.
                board.replace(Self.gauges, by: [])
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
        var samples: [MetricsBoard.Gauge] = []
        for sender in state.senders {
            let label = ("sender", sender.name)
            samples.append(.init(.senderWaiting, [label], Double(sender.waiting)))
            samples.append(.init(.senderMissing, [label], Double(sender.missing)))
            if let silent = sender.silentSeconds { samples.append(.init(.senderSilent, [label], silent)) }
            samples.append(.init(.senderOldest, [label], ages.waiting(sender.name, .now)))
            for kind in sender.alarms { samples.append(.init(.senderAlarm, [label, ("kind", kind)], 1)) }
        }
        var reasons: [String: Int64] = [:]
        // What a sender wrote is no label; a code of ours is.
        for (reason, entries) in state.quarantine {
            reasons[FaultCode(rawValue: reason) == nil ? "other" : reason, default: 0] += entries
        }
        for (reason, entries) in reasons {
            samples.append(.init(.quarantineOpen, [("reason", reason)], Double(entries)))
        }
        samples += [
            .init(.foldLag, [], state.foldLag), .init(.foldHorizon, [], ages.horizon(.now)),
            .init(.surveyWaiting, [], Double(state.waitingTasks)), .init(.surveyOldest, [], state.oldestTask),
            .init(.databaseBytes, [], Double(state.databaseBytes)),
        ]
        // Those of senders, reasons and alarms that are no longer there end.
        board.replace(Self.gauges, by: samples)
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
