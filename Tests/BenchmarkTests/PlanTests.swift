import Testing

@testable import Benchmark

@Suite struct PlanTests {
    @Test func `Measurements are chosen by their names, and an unknown one is named`() throws {
        #expect(try MeasurementName.list("") == [])
        #expect(try MeasurementName.list("lag, cost") == [.lag, .cost])
        #expect(throws: UnknownMeasurement(name: "speed")) { try MeasurementName.list("lag,speed") }
    }

    @Test func `Without a choice everything is measured, in a fixed order`() {
        #expect(BenchmarkPlan(isQuick: true, workers: 1).measurements == MeasurementName.allCases)
        let plan = BenchmarkPlan(isQuick: true, workers: 1, chosen: [.adoption, .lag])
        #expect(plan.measurements == [.lag, .adoption])
        #expect(plan.runsPipeline && !plan.has(.pipeline))
    }

    @Test func `A quick run is smaller, and a scaled one smaller still, but never empty`() {
        let full = BenchmarkPlan(isQuick: false, workers: 2)
        let quick = BenchmarkPlan(isQuick: true, workers: 2)
        let tiny = BenchmarkPlan(isQuick: true, workers: 2, scale: 0.001)
        #expect(full.growthSizes == [10_000, 100_000, 1_000_000] && full.backlog == 500_000)
        #expect(quick.growthSizes == [10_000, 100_000, 300_000] && quick.backlog == 100_000)
        #expect(tiny.burst >= 100 && tiny.latencySeconds >= 1 && tiny.questions >= 5 && tiny.rollUp.years >= 1)
    }
}
