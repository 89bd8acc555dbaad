import Foundation

/// Everything that a run measured.
package struct BenchmarkReport: Codable, Sendable {
    /// Version of this form.
    package var version = 1
    /// Where it was measured.
    package let environment: BenchmarkEnvironment
    /// What was measured, and at which sizes.
    package let plan: BenchmarkPlan
    /// Seconds that the whole run took.
    package var seconds = 0.0
    /// COPY.
    package var ceiling: CeilingFigures?
    /// The pipeline.
    package var pipeline: PipelineFigures?
    /// Its processes.
    package var cost: CostFigures?
    /// Its figures.
    package var foldLag: LagFigures?
    /// Receipts of single entries, per rate of arrival.
    package var latency: [LatencyFigures]?
    /// The pipeline as the database grows.
    package var growth: GrowthFigures?
    /// The pipeline beside a transaction that stays open.
    package var heldTransaction: HeldFigures?
    /// A backlog.
    package var drain: DrainFigures?
    /// Questions.
    package var adoption: AdoptionFigures?
    /// What was aimed at, and whether it was met.
    package var targets: [TargetVerdict] = []

    /// A report without figures.
    package init(environment: BenchmarkEnvironment, plan: BenchmarkPlan) {
        self.environment = environment
        self.plan = plan
    }

    /// Sets the pipeline in relation to the ceiling, and judges by the targets.
    mutating func conclude() {
        if let ceiling, ceiling.twoConnections > 0, var figures = pipeline {
            figures.receiptShareOfCeiling = Statistics.rounded(figures.receiptRate / ceiling.twoConnections)
            figures.foldShareOfCeiling = Statistics.rounded(figures.foldRate / ceiling.twoConnections)
            pipeline = figures
        }
        targets = Target.all.map { $0.verdict(self) }
    }

    /// The report as one JSON document.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// Reads what ``json()`` wrote.
    package static func read(json text: String) throws -> BenchmarkReport {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(BenchmarkReport.self, from: Data(text.utf8))
    }
}
