import Foundation
import TestSupport
import Testing

@Suite(.takingTurns) struct SendTests {
    @Test func `Without a centre everything stays on the device, and an interruption says so`() async throws {
        let folder = try TemporaryFolder()
        let sample = try await Program.run(["sample", "--count", "7"])
        let file = try folder.write(sample.output, to: "sample.ndjson")
        let environment = [
            "HOSO_SENDER_SPOOL": folder.path + "/spool.sqlite",
            "HOSO_INTAKE_ENDPOINTS": "ipc://\(folder.path)/nobody.sock",
        ]
        let outcome = try await Program.run(["send", file], environment: environment) { run in
            try await Patience.until("it tells of the silence") { run.log.contains("safe on this device") }
            try await run.end(by: SIGINT)
        }
        #expect(outcome.status == 69)
        #expect(outcome.output.contains("7 rows are on this device"), "\(outcome.output)")
    }

    /// Sends so much that the queue fills while the broker is stopped, and lets it go on when that has been told.
    private func fill(
        _ office: Office, rows: Int, environment: [String: String]
    ) async throws -> Program.Outcome {
        let sample = try await Program.run(["sample", "--count", "\(rows)"])
        let file = try office.folder.write(sample.output, to: "sample.ndjson")
        try await office.until("the broker runs") { !office.children("broker").isEmpty }
        let broker = office.children("broker")
        for pid in broker { kill(pid, SIGSTOP) }
        return try await Program.run(
            ["send", file, "--config", office.configuration],
            environment: environment.merging(["HOSO_SENDER_NAME": "small"]) { $1 }
        ) { run in
            try await Patience.until("the queue is full") { run.log.contains("is full") }
            for pid in broker { kill(pid, SIGCONT) }
            try await run.waitForEnd()
        }
    }

    @Test func `A queue that is full is told once, and is emptied when the centre answers`() async throws {
        try await Office.open { office in
            let outcome = try await fill(
                office, rows: 6_000,
                environment: [
                    "HOSO_SENDER_SPOOL": office.folder.path + "/small.sqlite",
                    "HOSO_SENDER_SPOOL_QUOTA_BYTES": "1048576",
                ])
            #expect(outcome.status == 0 && outcome.output.contains("6000 stored"), "\(outcome.output)")
            #expect(outcome.output.components(separatedBy: "is full").count == 2, "\(outcome.output)")
        }
    }

    @Test func `When the agent that holds the queue ends, the sending goes on`() async throws {
        try await Office.open { office in
            let sample = try await Program.run(["sample", "--count", "5"])
            let file = try office.folder.write(sample.output, to: "sample.ndjson")
            var environment = [
                "HOSO_SENDER_NAME": "desk", "HOSO_SENDER_SPOOL": office.folder.path + "/desk.sqlite",
                "HOSO_SENDER_INBOX": "",
            ]
            let (sending, deaf) = (environment, "ipc://\(office.folder.path)/nobody.sock")
            environment["HOSO_INTAKE_ENDPOINTS"] = deaf
            // An agent that reaches nobody holds the right to send, and nothing comes of it.
            let agent = ["agent", "--config", office.configuration]
            _ = try await Program.run(agent, environment: environment) { agent in
                try await office.until("the agent holds the queue") { agent.log.contains("no answer") }
                let send = ["send", file, "--config", office.configuration]
                let outcome = try await Program.run(send, environment: sending) { run in
                    // Long enough for it to find the queue taken; nothing is printed then.
                    try await Task.sleep(for: .seconds(2))
                    #expect(Office.isAlive(run.process))
                    try await agent.end(by: SIGKILL)
                    try await run.waitForEnd()
                }
                #expect(outcome.status == 0, "\(outcome.output)")
                #expect(outcome.output.contains("5 stored"))
            }
        }
    }

    /// A5, on a disk of eight megabytes.
    @Test(.enabled(if: getuid() == 0, "only root can mount a small disk"))
    func `On a small disk the queue refuses in time, and everything arrives when the centre answers`() async throws {
        try await Office.open { office in
            let disk = office.folder.path + "/disk"
            try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
            let mount = try await Program.run(
                ["-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs", disk], program: "/usr/bin/mount")
            #expect(mount.status == 0, "\(mount.error)")
            let result: Result<Program.Outcome, any Error>
            do {
                result = .success(
                    try await fill(
                        office, rows: 12_000, environment: ["HOSO_SENDER_SPOOL": disk + "/spool.sqlite"]))
            } catch { result = .failure(error) }
            _ = try await Program.run([disk], program: "/usr/bin/umount")
            let outcome = try result.get()
            #expect(outcome.status == 0 && outcome.output.contains("12000 stored"), "\(outcome.output)")
        }
    }
}
