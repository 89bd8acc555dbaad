package import Logging
import CoreMetrics
package import Observability
import Polling
package import Postgres
import ServiceLifecycle
package import Store

/// The aggregator: folds the ledger into the roll-up, again and again.
package actor AggregatorService: Service {
    private let executor: PollingExecutor
    private let database: DatabaseAddress
    private let interval: Duration
    private let receiptDays: Int32
    private let logger: Logger
    private let vitals: Vitals
    private let metrics = AggregatorMetrics()
    private let stop = Signal()

    /// The aggregator's thread.
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// An aggregator.
    /// - Parameters:
    ///   - interval: pause between two looks at the ledger when there is nothing to fold.
    ///   - receiptDays: days for which signatures of batches and receipts are kept.
    package init(
        database: DatabaseAddress, interval: Duration, receiptDays: Int32 = 3_650, vitals: Vitals = Vitals(),
        logger: Logger
    ) throws {
        self.vitals = vitals
        executor = try PollingExecutor(name: "hoso-aggregator")
        self.database = database.allowing(.seconds(30))
        self.interval = interval
        self.receiptDays = receiptDays
        self.logger = logger
    }

    isolated deinit { executor.stop() }

    /// Folds until the service is shut down.
    package func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                try? await gracefulShutdown()
                await self.beginStop()
            }
            group.addTask { await self.eraseByAge() }
            group.addTask { await self.dropOldPeriods() }
            group.addTask { await self.showLife() }
            defer { group.cancelAll() }
            try await self.aggregate()
        }
    }

    private func showLife() async { await vitals.showLife(on: executor, until: stop) }

    private func beginStop() {
        vitals.stopping()
        stop.raise()
    }

    private func aggregate() async throws {
        defer { vitals.ended("fold") }
        var pause: Duration = .milliseconds(100)
        while !stop.isRaised, !Task.isCancelled {
            vitals.lap("fold", within: .seconds(120))
            do throws(PostgresError) {
                let connection = try await database.open(on: executor)
                pause = .milliseconds(100)
                let fold = Fold(connection)
                // Another version of the schema may have figures that this program does not keep.
                guard try await Migrator(connection).state() == .current else { throw AdoptionError.otherVersion }
                guard try await fold.isAtHome() else { throw AdoptionError.foreignCluster }
                metrics.database.connected()
                vitals.ready()
                logger.info("folding the ledger")
                try await run(fold, Housekeeping(connection, receiptDays: receiptDays))
            } catch {
                metrics.database.failed(error)
                guard error.isRetriable else { throw error }
                vitals.degraded("database unavailable")
                logger.warning("database unavailable", metadata: ["reason": "\(error)"])
                _ = await executor.wait(for: [.signal(stop)], until: .now.advanced(by: pause))
                pause = min(pause * 2, .seconds(5))
            }
        }
    }

    private func run(_ fold: Fold, _ housekeeping: Housekeeping) async throws(PostgresError) {
        var nextCleaning = ContinuousClock.now
        while !stop.isRaised, !Task.isCancelled {
            vitals.lap("fold", within: .seconds(120))
            if nextCleaning <= .now {
                nextCleaning = .now.advanced(by: .seconds(3_600))
                do throws(PostgresError) { try await housekeeping.forget() } catch {
                    // The figures do not wait for it.
                    guard case .refused = error.code else { throw error }
                    logger.warning("old times kept", metadata: ["reason": "\(error)"])
                }
            }
            let start = ContinuousClock.now
            let step = try await fold.step()
            if step.rows > 0 {
                metrics.rows.increment(by: step.rows)
                metrics.stepSeconds.record(since: start)
            }
            // While dossiers come in, a pause lets enough of them gather for a commit of its own.
            if step.rows >= Fold.largestStep { continue }
            _ = await executor.wait(for: [.signal(stop)], until: .now.advanced(by: interval))
        }
    }

    /// Erases personal data that has been kept for long enough, on a connection of its own: to look for it takes a while, and
    /// the figures do not wait.
    private func eraseByAge() async {
        // Not at the very start, when everybody needs the database.
        var pause: Duration = .seconds(2)
        while !stop.isRaised, !Task.isCancelled {
            _ = await executor.wait(for: [.signal(stop)], until: .now.advanced(by: pause))
            if stop.isRaised { return }
            do throws(PostgresError) {
                pause = try await eraseAll() ? .seconds(21_600) : .seconds(60)
            } catch {
                guard !stop.isRaised, !Task.isCancelled else { return }
                logger.warning("personal data kept for longer than it should", metadata: ["reason": "\(error)"])
                pause = .seconds(60)
            }
        }
    }

    /// Erases a little at a time until nothing is left; false where the schema is another version's.
    private func eraseAll() async throws(PostgresError) -> Bool {
        let connection = try await database.allowing(.seconds(900)).open(on: executor)
        guard try await Migrator(connection).state() == .current else { return false }
        while !stop.isRaised, !Task.isCancelled {
            let erased = try await Retention(connection).erase()
            guard erased > 0 else { return true }
            logger.info("personal data erased by its age", metadata: ["count": "\(erased)"])
        }
        return true
    }
}

extension AggregatorService {
    /// Closes periods of the ledger when their time is over, and drops the oldest when it has been kept for long enough, on a
    /// connection of its own: it may have to wait for others, and others do not wait for it.
    private func dropOldPeriods() async {
        // After what is due at the very start.
        var pause: Duration = .seconds(20)
        while !stop.isRaised, !Task.isCancelled {
            _ = await executor.wait(for: [.signal(stop)], until: .now.advanced(by: pause))
            if stop.isRaised { return }
            do throws(PostgresError) {
                try await workOnPeriods()
                pause = .seconds(3_600)
            } catch {
                guard !stop.isRaised, !Task.isCancelled else { return }
                // Somebody who reads or writes is in the way, for one.
                logger.warning("periods of the ledger stay as they are", metadata: ["reason": "\(error)"])
                pause = .seconds(60)
            }
        }
    }

    private func workOnPeriods() async throws(PostgresError) {
        let connection = try await database.allowing(.seconds(900)).open(on: executor)
        guard try await Migrator(connection).state() == .current else { return }
        let (stop, logger) = (stop, logger)
        var last = Periods.Work()
        _ = try await Periods(connection).work(while: { !stop.isRaised && !Task.isCancelled }) { work in
            if work.closed != last.closed, let period = work.closed {
                logger.info("period closed", metadata: ["period": "\(period)"])
            }
            if work.dropped != last.dropped, let period = work.dropped.last {
                logger.info("period dropped", metadata: ["period": "\(period)", "erased": "\(work.erased)"])
            }
            if work.forgotten > last.forgotten {
                logger.info(
                    "dossiers taken away by their age", metadata: ["count": "\(work.forgotten - last.forgotten)"])
            }
            last = work
        }
    }
}

/// What the aggregator counts.
private struct AggregatorMetrics {
    let rows = Counter(.foldRows)
    let stepSeconds = CoreMetrics.Timer(.foldStepSeconds)
    let database = DatabaseVitals()
}

/// Why the roll-up cannot be used.
package enum AdoptionError {
    /// The database has been migrated by another version, or not at all.
    package static let otherVersion = PostgresError(
        code: .refused(SQLState(rawValue: "42000")), operation: "fold",
        detail: "the database is of another version: run `hoso migrate`, or update this program")
    /// The fold's cursor comes from another cluster, whose transaction numbers mean nothing here.
    static let foreignCluster = PostgresError(
        code: .refused(SQLState(rawValue: "42000")), operation: "fold",
        detail: "the roll-up was folded in another cluster; it has to be rebuilt")
}
