import Foundation
import TestSupport
import Testing

/// A centre whose database has a synchronous standby.
@Suite(.takingTurns) struct StandbyTests {
    @Test func `When the primary is lost for good, every dossier that has a receipt is on the standby`() async throws {
        let folder = try TemporaryFolder()
        let script = Repository.root.appending(path: "Tests/Fixtures/standby.sh").path
        func servers(_ what: String) async throws {
            let outcome = try await Program.run([folder.path, what], program: script)
            #expect(outcome.status == 0, "\(what): \(outcome.output) \(outcome.error)")
        }
        #expect(try await Program.run(["keygen", folder.path + "/personal", "--for", "personal"]).status == 0)
        let configuration = try folder.write(
            """
            database: { url: "host=\(folder.path)/first,\(folder.path)/second user=hoso dbname=hoso" }
            intake: { endpoints: "ipc://\(folder.path)/intake", workers: "ipc://\(folder.path)/workers", lease_seconds: 4 }
            personal: { keys: ["\(folder.path)/personal"] }
            survey: { endpoint: "ipc://\(folder.path)/surveys" }
            sender: { spool: "\(folder.path)/spool/sender.sqlite", inbox: "" }

            """, to: "hoso.yaml")
        try await servers("start")
        defer { Task { try await servers("stop") } }
        func hoso(_ arguments: String...) async throws -> Program.Outcome {
            try await Program.run(arguments + ["--config", configuration])
        }
        #expect(try await hoso("migrate").status == 0)
        let sample = try await Program.run(["sample", "--count", "15000"])
        let file = try folder.write(sample.output, to: "sample.ndjson")

        try await withThrowingTaskGroup(of: Void.self) { services in
            for arguments in [["broker"], ["worker"], ["worker"], ["aggregator"]] {
                services.addTask {
                    _ = try await Program.run(arguments + ["--config", configuration]) { _ in
                        try? await Task.sleep(for: .seconds(600))
                    }
                }
            }
            async let sent = hoso("send", file)
            // In the middle of it.
            try await Patience.until("some are stored") { try await Self.stored(configuration) > 1_000 }
            try await servers("fail")
            let outcome = try await sent
            #expect(outcome.status == 0, "\(outcome.output) \(outcome.error)")
            #expect(outcome.output.contains("15000 stored, 0 duplicate, 0 quarantined"), "\(outcome.output)")
            #expect(try await Self.stored(configuration) == 15_000)
            try await Patience.until("everything is folded") {
                try await hoso("adoption", "--by", "year", "--format", "json").output.contains("\"total\":15000")
            }
            #expect(try await hoso("adoption", "verify").status == 0)
            #expect(try await hoso("reconcile").status == 0)
            services.cancelAll()
        }
        try await servers("stop")
    }

    private static func stored(_ configuration: String) async throws -> Int {
        let outcome = try await Program.run(["reconcile", "--format", "json", "--config", configuration])
        return Int(outcome.output.firstMatch(of: /"stored":(\d+)/)?.1 ?? "") ?? 0
    }
}
