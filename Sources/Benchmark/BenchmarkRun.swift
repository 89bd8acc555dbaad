/// A run of the benchmark: the measurements, one after the other, each in a database of its own.
package struct BenchmarkRun: Sendable {
    private let site: BenchmarkSite
    private let plan: BenchmarkPlan
    private let version: String

    /// A run.
    /// - Parameter version: of hoso.
    package init(site: BenchmarkSite, plan: BenchmarkPlan, version: String) {
        self.site = site
        self.plan = plan
        self.version = version
    }

    /// Measures.
    /// - Throws: ``BenchmarkError`` when something does not come out as it went in.
    package func run() async throws -> BenchmarkReport {
        let start = ContinuousClock.now
        try await site.prepare()
        var report = BenchmarkReport(environment: try await Machine(site: site).describe(hoso: version), plan: plan)
        if plan.has(.ceiling) {
            report.ceiling = try await CeilingMeasurement(site: site, dossiers: plan.ceilingDossiers).run()
        }
        if plan.runsPipeline { try await runPipeline(&report) }
        if plan.has(.latency) { report.latency = try await LatencyMeasurement(site: site, plan: plan).run() }
        if plan.has(.growth) { report.growth = try await GrowthMeasurement(site: site, plan: plan).run() }
        if plan.has(.held) { report.heldTransaction = try await HeldMeasurement(site: site, plan: plan).run() }
        if plan.has(.drain) { report.drain = try await DrainMeasurement(site: site, plan: plan).run() }
        if plan.has(.adoption) { report.adoption = try await AdoptionMeasurement(site: site, plan: plan).run() }
        report.seconds = Statistics.rounded(start.duration(to: .now).seconds)
        report.conclude()
        return report
    }

    private func runPipeline(_ report: inout BenchmarkReport) async throws {
        let outcome = try await PipelineMeasurement(site: site, dossiers: plan.pipelineDossiers).run()
        if plan.has(.pipeline) { report.pipeline = outcome.pipeline }
        if plan.has(.cost) { report.cost = outcome.cost }
        if plan.has(.lag) { report.foldLag = outcome.lag }
    }
}
