import Agent
import Histogram
import Logging
import Settings
import Spool
import Synchronization

/// From the moment at which an entry is due to its receipt in the spool, at some rates of arrival.
///
/// Entries are due at fixed times, whether or not earlier ones have been answered: who waits for a slow centre is
/// counted in full (no coordinated omission). The sender is part of this process, as in `hoso send`.
struct LatencyMeasurement: Sendable {
    let site: BenchmarkSite
    let plan: BenchmarkPlan

    func run() async throws -> [LatencyFigures] {
        try await site.withDatabase("latency") { database in
            let centre = try Centre(site: site, database: database)
            let spool = try BenchmarkSpool(site: site, sender: "latency")
            let figures = try await centre.run { try await measure(spool) }
            await spool.close()
            return figures
        }
    }

    private func measure(_ spool: BenchmarkSpool) async throws -> [LatencyFigures] {
        let recorder = LatencyRecorder()
        var logger = Logger(label: "bench") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .error
        let courier = try Courier(
            spool.database, routes: site.settings.intakeEndpoints.map { IntakeRoute(local: $0) },
            software: "hoso-bench", logger: logger,
            observer: { recorder.observe($0) })
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await courier.run() }
            defer { group.cancelAll() }
            var figures: [LatencyFigures] = []
            for (index, rate) in plan.latencyRates.enumerated() {
                site.say("Độ trễ ở \(rate)/giây …", "Latency at \(rate)/s …")
                let seed = 400 + 2 * UInt64(index)
                // Not counted: connections, plans and pages get warm.
                _ = try await run(rate, seconds: 1, seed: seed, spool, recorder)
                figures.append(try await run(rate, seconds: plan.latencySeconds, seed: seed + 1, spool, recorder))
            }
            return figures
        }
    }

    private func run(
        _ rate: Int, seconds: Int, seed: UInt64, _ spool: BenchmarkSpool, _ recorder: LatencyRecorder
    ) async throws -> LatencyFigures {
        let count = rate * seconds
        let schedule = Schedule(start: .now.advanced(by: .milliseconds(50)), rate: rate)
        recorder.begin(first: try await spool.head() + 1, count: count, by: schedule)
        try await spool.feed(count: count, seed: seed, by: schedule)
        var watch = ProgressWatch(what: "receipts")
        while recorder.missing > 0 {
            try watch.note(Int64(recorder.missing))
            try await Task.sleep(for: .milliseconds(10))
        }
        return recorder.figures(rate: rate)
    }
}

/// Notes when receipts were recorded, from the courier's thread.
final class LatencyRecorder: Sendable {
    private struct State {
        var histogram = Histogram<UInt64>(highestTrackableValue: 600_000_000, numberOfSignificantValueDigits: .three)
        var schedule = Schedule(start: .now, rate: 1)
        var first: UInt64 = 1
        var count = 0
        var received = 0
    }

    private let state = Mutex(State())

    /// Begins anew with entries from a number on.
    func begin(first: UInt64, count: Int, by schedule: Schedule) {
        state.withLock { state in
            state.histogram.reset()
            state.schedule = schedule
            state.first = first
            state.count = count
            state.received = 0
        }
    }

    /// Entries without receipt.
    var missing: Int { state.withLock { $0.count - $0.received } }

    /// Notes receipts that were recorded at a moment.
    func observe(_ receipts: [SpoolReceipt], at moment: ContinuousClock.Instant = .now) {
        state.withLock { state in
            for receipt in receipts {
                for number in receipt.numbers where number >= state.first {
                    let index = Int(number - state.first)
                    guard index < state.count else { continue }
                    let waited = state.schedule.moment(of: index).duration(to: moment)
                    state.histogram.record(UInt64(max(0, waited / .microseconds(1))))
                    state.received += 1
                }
            }
        }
    }

    /// What was seen.
    func figures(rate: Int) -> LatencyFigures {
        state.withLock { state in
            func milliseconds(_ value: UInt64) -> Double { Statistics.rounded(Double(value) / 1_000) }
            return LatencyFigures(
                rate: rate, entries: state.received,
                p50Milliseconds: milliseconds(state.histogram.valueAtPercentile(50)),
                p99Milliseconds: milliseconds(state.histogram.valueAtPercentile(99)),
                p999Milliseconds: milliseconds(state.histogram.valueAtPercentile(99.9)),
                greatestMilliseconds: milliseconds(state.histogram.maxRecorded))
        }
    }
}
