import Foundation
import Observability
import TestSupport
import Testing

/// What running services tell of themselves.
@Suite(.takingTurns) struct ObservedTests {
    @Test func `Every metric of the contract is there, and whoever looks sees that all is well`() async throws {
        try await Office.open { office async throws in
            let sample = try await Program.run(["sample", "--count", "300"])
            let file = try office.folder.write(sample.output, to: "sample.ndjson")
            #expect(try await office.run(["send", file]).status == 0)
            try await office.until("all is well") {
                let outcome = try await office.run(["status"])
                return outcome.status == 0 && outcome.output.contains("300")
            }
            // The agent stands aside while somebody else sends from its spool, and comes back.
            try await office.until("operations has looked, and the agent is back") {
                let text = try await office.metrics()
                return text.contains("hoso_agent_welcome{service=\"agent\"} 1")
                    && text.contains("hoso_sender_waiting_entries{service=\"operations\",sender=\"local\"} 0")
            }
            let text = try await office.metrics()
            for metric in MetricName.all where metric.labels.isEmpty || metric == Self.always(metric) {
                let samples = text.split(separator: "\n").filter { $0.hasPrefix(metric.name) }
                #expect(!samples.isEmpty, "\(metric.name)")
                let services = metric.services.isEmpty ? ["broker", "worker-1", "agent"] : []
                for service in services { #expect(samples.contains { $0.contains("service=\"\(service)\"") }) }
            }
            #expect(
                text.contains("hoso_worker_entries_total{service=\"worker-") && text.contains("outcome=\"stored\"}"))
            #expect(Self.sum(text, "hoso_worker_entries_total") == 300)
            #expect(Self.sum(text, "hoso_broker_entries_total") == 300)
            #expect(Self.sum(text, "hoso_agent_receipts_total") <= 300)
            try await Self.check(text)

            try await office.until("all is well") { try await office.run(["status"]).status == 0 }
            let status = try await office.query(["status"])
            #expect(status["is_well"] as? Bool == true)
            let services = try #require(status["services"] as? [[String: Any]])
            #expect(
                services.compactMap { $0["name"] as? String }
                    == ["agent", "aggregator", "broker", "operations", "surveys", "worker-1", "worker-2", "worker-3"])
            let vietnamese = try await office.run(["status", "--language", "vi"])
            #expect(vietnamese.output.contains("Mọi thứ đều ổn."))
        }
    }

    @Test func `A worker that hangs is seen, and so is a database that is away`() async throws {
        try await Office.open { office async throws in
            try await office.until("all is well") { try await office.run(["status"]).status == 0 }
            let worker = try #require(office.children("worker").first)
            kill(worker, SIGSTOP)
            let stopped = try await office.run(["status"])
            #expect(stopped.status == 1 && stopped.output.contains("silent"), "\(stopped.output)")
            kill(worker, SIGCONT)
            try await office.until("all is well") { try await office.run(["status"]).status == 0 }
            let server = try #require(office.server)
            kill(server, SIGSTOP)
            let unreachable = try await office.run(["status"])
            #expect(unreachable.status == 1 && unreachable.output.contains("the database cannot be reached"))
            kill(server, SIGCONT)
            try await office.until("all is well") { try await office.run(["status"]).status == 0 }
        }
    }

    @Test func `A broker tells its service manager how it fares, and takes over the sockets that are kept for it`()
        async throws
    {
        let folder = try TemporaryFolder()
        let manager = Repository.root.appending(path: "Tests/Fixtures/service_manager.py").path
        let outcome = try await Program.run([manager, Program.path, folder.path], program: "/usr/bin/python3")
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(
            outcome.output.split(separator: "\n") == [
                "READY=1", "WATCHDOG=1", "STOPPING=1", "connected while nobody ran", "READY=1", "served afterwards",
                "silent while stopped", "WATCHDOG=1",
            ])
    }

    @Test(arguments: ["operations", "worker", "aggregator", "surveys"])
    func `A database that hangs is no reason for a service manager to end a service`(service: String) async throws {
        try await Office.open { office async throws in
            try await office.until("all is well") { try await office.run(["status"]).status == 0 }
            let listener = Repository.root.appending(path: "Tests/Fixtures/watchdog.py").path
            let outcome = try await Program.run(
                [listener, Program.path, service, office.configuration, "\(try #require(office.server))"],
                environment: [
                    "HOSO_SURVEY_ENDPOINT": "ipc://\(office.folder.path)/other",
                    "HOSO_OPERATIONS_LISTEN": "127.0.0.1:0",
                ],
                program: "/usr/bin/python3")
            #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
        }
    }

    /// Those of metrics with labels that have samples from the beginning.
    private static func always(_ metric: MetricName) -> MetricName? {
        ["hoso_build_info", "hoso_log_lines_total", "hoso_worker_entries_total", "hoso_sender_waiting_entries"]
            .contains(metric.name) ? metric : nil
    }

    private static func sum(_ text: String, _ name: String) -> Double {
        text.split(separator: "\n").filter { $0.hasPrefix(name + "{") }
            .reduce(0) { $0 + (Double($1.split(separator: " ").last ?? "") ?? 0) }
    }

    /// What Prometheus's own tool says of it.
    private static func check(_ text: String) async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(text, to: "metrics")
        let outcome = try await Program.run(["-c", "promtool check metrics < '\(file)'"], program: "/bin/sh")
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.error)")
    }
}

extension Office {
    /// What operations tells of all services.
    fileprivate func metrics() async throws -> String {
        try await HealthClient().get("/metrics", from: folder.path + "/data/run/health/operations.sock").body
    }
}
