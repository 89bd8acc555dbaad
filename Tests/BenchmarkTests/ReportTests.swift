import Dossiers
import Testing

@testable import Benchmark

@Suite struct ReportTests {
    private func report() -> BenchmarkReport {
        let environment = BenchmarkEnvironment(
            processor: "CPU", cores: 2, memoryBytes: 8 << 30, loadAtStart: 0.5, kernel: "6.1", swift: "Swift 6.3",
            build: "release",
            hoso: "0.1.0", commit: "abc", postgresql: "15.8", durability: ["full_page_writes": "on"], libzmq: "4.3.4",
            startedAt: 0)
        let plan = BenchmarkPlan(isQuick: true, workers: 2)
        var report = BenchmarkReport(environment: environment, plan: plan)
        report.ceiling = CeilingFigures(dossiers: 10, oneConnection: 20_000, twoConnections: 30_000)
        report.pipeline = PipelineFigures(
            dossiers: 10, receiptSeconds: 1, foldSeconds: 1, receiptRate: 18_000, foldRate: 12_000,
            logBytesPerDossier: 900)
        report.latency = [
            LatencyFigures(
                rate: 1_000, entries: 10, p50Milliseconds: 3, p99Milliseconds: 40, p999Milliseconds: 50,
                greatestMilliseconds: 60)
        ]
        report.growth = GrowthFigures(burst: 10, steps: [], ratio: 0.96)
        report.conclude()
        return report
    }

    @Test func `The pipeline is set in relation to the ceiling of the same run`() throws {
        let figures = try #require(report().pipeline)
        #expect(figures.receiptShareOfCeiling == 0.6)
        #expect(figures.foldShareOfCeiling == 0.4)
    }

    @Test func `Each target has a verdict, and what was not measured is not judged`() {
        let verdicts = report().targets.map { "\($0.name): \($0.verdict.rawValue)" }
        #expect(
            verdicts == [
                "pipeline_share_of_ceiling: met", "latency_p99_at_1000: not_met", "held_transaction: not_measured",
                "growth: stretch_met", "memory: not_measured", "adoption_one_unit: not_measured",
                "fold_lag: not_measured",
            ])
    }

    @Test func `What is written as JSON reads the same`() throws {
        let report = report()
        let text = try report.json()
        #expect(text.contains("\"receipt_share_of_ceiling\" : 0.6"))
        #expect(text.contains("\"full_page_writes\" : \"on\""))
        let again = try BenchmarkReport.read(json: text)
        #expect(again.pipeline == report.pipeline && again.targets == report.targets && again.plan == report.plan)
        #expect(again.drain == nil)
    }

    @Test(arguments: Language.allCases) func `The table shows figures and verdicts in both languages`(
        language: Language
    ) {
        let lines = report().table(in: language)
        let text = lines.joined(separator: "\n")
        #expect(text.contains(language == .english ? "18,000/s · 0.60 ×" : "18.000/giây · 0,60 ×"))
        #expect(text.contains(language == .english ? "✗ not met" : "✗ chưa đạt"))
        #expect(text.contains(language == .english ? "not measured" : "chưa đo"))
    }

    @Test func `Numbers have as many decimals as make sense`() {
        let words = ReportWords(language: .english)
        #expect(
            [0, 0.004, 0.999, 9.5, 12.34, 1_234.5, -0.5].map(words.number) == [
                "0.00", "0.00", "1.00", "9.50", "12.3", "1,235", "-0.50",
            ])
    }
}
