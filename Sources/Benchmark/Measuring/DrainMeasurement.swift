import Spool

/// A backlog that is sent while new entries come in.
struct DrainMeasurement: Sendable {
    let site: BenchmarkSite
    let plan: BenchmarkPlan

    func run() async throws -> DrainFigures {
        site.say("Xả tồn đọng: \(plan.backlog) hồ sơ …", "Draining a backlog of \(plan.backlog) …")
        return try await site.withDatabase("drain") { database in
            let centre = try Centre(site: site, database: database)
            let spool = try BenchmarkSpool(site: site, sender: "drain")
            let figures = try await centre.run { try await measure(centre, spool) }
            await spool.close()
            return figures
        }
    }

    private func measure(_ centre: Centre, _ spool: BenchmarkSpool) async throws -> DrainFigures {
        try await spool.fill(count: plan.backlog, seed: 300)
        let last = try await spool.head()
        let start = ContinuousClock.now
        return try await centre.runAgent(spool) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                let schedule = Schedule(start: start, rate: plan.arrivalRate)
                group.addTask { try await spool.feed(count: 1_000_000, seed: 301, by: schedule) }
                defer { group.cancelAll() }
                var watch = ProgressWatch(what: "receipts")
                while true {
                    let waiting = try await spool.firstWaiting()
                    if waiting > last { break }
                    try watch.note(Int64(clamping: waiting))
                    try await Task.sleep(for: .milliseconds(5))
                }
                let seconds = start.duration(to: .now).seconds
                let counts = try await spool.counts()
                return DrainFigures(
                    backlog: plan.backlog, arrivalRate: plan.arrivalRate, seconds: Statistics.rounded(seconds),
                    rate: Statistics.rounded(Double(counts.accepted - counts.pending) / seconds))
            }
        }
    }
}
