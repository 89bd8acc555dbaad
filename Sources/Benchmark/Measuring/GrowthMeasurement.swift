/// The pipeline at growing numbers of stored dossiers.
struct GrowthMeasurement: Sendable {
    let site: BenchmarkSite
    let plan: BenchmarkPlan

    func run() async throws -> GrowthFigures {
        try await site.withDatabase("growth") { database in
            let centre = try Centre(site: site, database: database)
            let spool = try BenchmarkSpool(site: site, sender: "growth")
            let steps = try await centre.run { try await measure(centre, spool) }
            await spool.close()
            let smallest = steps.first?.receiptRate ?? 0
            let ratio = smallest > 0 ? (steps.last?.receiptRate ?? 0) / smallest : 0
            return GrowthFigures(burst: plan.burst, steps: steps, ratio: Statistics.rounded(ratio))
        }
    }

    private func measure(_ centre: Centre, _ spool: BenchmarkSpool) async throws -> [GrowthStep] {
        let burst = Burst(centre: centre, spool: spool)
        let fill = DatabaseFill(site: site, database: centre.database)
        var steps: [GrowthStep] = []
        // The first one finds everything cold, and is not counted.
        var stored = plan.growthSizes[0] / 2
        _ = try await burst.run(stored, seed: 98)
        var seed: UInt64 = 100
        for size in plan.growthSizes {
            site.say("Tăng trưởng: \(size) hồ sơ đã lưu …", "Growth: \(size) stored dossiers …")
            if size > stored { try await fill.add(size - stored, seed: seed) }
            try await fill.settle()
            let stand = max(size, stored)
            seed += 2
            _ = try await burst.waitForFigures()
            var times: [Burst.Times] = []
            for _ in 0..<plan.bursts {
                times.append(try await burst.run(plan.burst, seed: seed))
                seed += 1
            }
            stored = stand + plan.burst * plan.bursts
            steps.append(
                GrowthStep(
                    stored: stand, receiptRate: Statistics.median(times.map(\.receiptRate)),
                    foldRate: Statistics.median(times.map(\.foldRate))))
        }
        return steps
    }
}
