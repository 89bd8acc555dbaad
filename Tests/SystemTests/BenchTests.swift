import Benchmark
import Foundation
import TestSupport
import Testing

@Suite(.takingTurns) struct BenchTests {
    @Test func `A tiny run measures everything, says so in JSON, and leaves nothing behind`() async throws {
        let folder = try TemporaryFolder()
        let outcome = try await Program.run(
            ["bench", "--quick", "--scale", "0.01", "--workers", "1", "--format", "json", "--data", folder.path],
            // Nothing of a centre that this user runs may matter, or be reached.
            environment: [
                "HOSO_INTAKE_ENDPOINTS": "ipc:///nowhere/intake.sock",
                "HOSO_INTAKE_WORKERS": "ipc:///nowhere/workers.sock",
                "HOSO_CATALOGUE": "closed", "HOSO_WORKER_COUNT": "7",
            ])
        #expect(outcome.status == 0, "\(outcome.error)")
        let report = try BenchmarkReport.read(json: outcome.output)
        #expect(report.plan.workers == 1 && report.environment.cores > 0)
        #expect(report.environment.durability["fsync"] == "on")
        let ceiling = try #require(report.ceiling), pipeline = try #require(report.pipeline)
        #expect(ceiling.oneConnection > 0 && ceiling.twoConnections > 0)
        #expect(pipeline.dossiers == 1_000 && pipeline.receiptRate >= pipeline.foldRate && pipeline.foldRate > 0)
        let names = try #require(report.cost).processes.map(\.name)
        #expect(["hoso agent", "hoso broker", "hoso worker", "postgres: checkpointer"].allSatisfy(names.contains))
        for latency in try #require(report.latency) {
            #expect(latency.entries == latency.rate && latency.p50Milliseconds > 0)
            #expect(latency.p50Milliseconds <= latency.p99Milliseconds)
            #expect(latency.p99Milliseconds <= latency.greatestMilliseconds)
        }
        #expect(try #require(report.foldLag).samples > 0)
        #expect(try #require(report.growth).steps.map(\.stored) == [100, 1_000, 3_000])
        #expect(try #require(report.heldTransaction).ratio > 0)
        #expect(try #require(report.drain).rate > 0)
        #expect(try #require(report.adoption).rows > 10_000)
        #expect(report.targets.count == 7 && report.targets.allSatisfy { $0.verdict != .notMeasured })
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func `Ctrl-C in the middle of a run ends it in order`() async throws {
        let folder = try TemporaryFolder()
        let arguments = ["bench", "--quick", "--only", "pipeline", "--data", folder.path]
        let outcome = try await Program.run(arguments) { running in
            try await Patience.until("it measures") { running.log.contains("Pipeline") }
            try await running.end(by: SIGINT)
        }
        #expect(outcome.status == 69)
        #expect(outcome.output.hasSuffix("Interrupted.\n"), "\(outcome.output)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func `What it does not know it refuses before anything is started`() async throws {
        #expect(try await Program.run(["bench", "--only", "speed"]).status == 64)
        #expect(try await Program.run(["bench", "--workers", "0"]).status == 64)
        #expect(try await Program.run(["bench", "--config", "hoso.yaml"]).status == 64)
    }
}
