import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

@Suite(.takingTurns) struct ServiceTests {
    @Test func `A client in another language sends two dossiers and reads both outcomes`() async throws {
        try await Office.open { office async throws in
            let client = Repository.root.appending(path: "Tests/Fixtures/dip_client.py").path
            let outcome = try await Program.run([client, office.intake], program: "/usr/bin/python3")
            #expect(outcome.status == 0, "\(outcome.error)")
            let lines = outcome.output.split(separator: "\n").map(String.init)
            #expect(lines.first == "credit 8192")
            #expect(lines.dropFirst().first == "1 1 STORED")
            #expect(lines.last?.hasPrefix("2 2 REJECTED ('channel_unknown', 'channel', ") == true)
            #expect(lines.last?.contains("pigeon") == true)
            let trace = try await office.run(["trace", "H36.26-220301-000001"])
            #expect(trace.status == 0)
            #expect(trace.output.contains("python-portal"))
            #expect(!trace.output.contains("912345678"), "no personal data in a trace")
            let balance = try await office.run(["reconcile", "python-portal"])
            #expect(balance.status == 0)
        }
    }

    @Test func `Killed workers, brokers and aggregators lose nothing and count nothing twice`() async throws {
        try await Office.open { office async throws in
            let sample = try await Program.run(["sample", "--count", "12000"])
            let file = try office.folder.write(sample.output, to: "sample.ndjson")
            try await withThrowingTaskGroup(of: Program.Outcome?.self) { group in
                group.addTask { try await office.run(["send", file]) }
                group.addTask {
                    for name in ["worker", "broker", "aggregator", "worker", "surveys", "broker", "worker"] {
                        try await Task.sleep(for: .milliseconds(400))
                        for pid in office.children(name).prefix(1) { kill(pid, SIGKILL) }
                    }
                    return nil
                }
                for try await case let outcome? in group {
                    #expect(outcome.status == 0, "\(outcome.output) \(outcome.error)")
                    #expect(outcome.output.contains("12000 stored, 0 duplicate, 0 quarantined"))
                }
            }
            try await office.until("everything is folded") {
                let report = try await office.query(["adoption", "--by", "year"])
                return (report["total"] as? [String: Any])?["total"] as? Int == 12_000
            }
            #expect(try await office.run(["adoption", "verify"]).status == 0)
            let balance = try await office.query(["reconcile"])
            #expect(balance["balanced"] as? Bool == true)
        }
    }

    @Test func `SIGTERM ends everything in order, and what was kept is there the next time`() async throws {
        let folder = try TemporaryFolder()
        let sample = try await Program.run(["sample", "--count", "200"])
        let file = try folder.write(sample.output, to: "sample.ndjson")
        var pids: [pid_t] = []
        let status = try await Office.open(in: folder) { office async throws in
            #expect(try await office.run(["send", file]).status == 0)
            for name in ["broker", "worker", "aggregator", "surveys", "agent"] {
                try await office.until("\(name) runs") { !office.children(name).isEmpty }
                pids += office.children(name)
            }
        }
        #expect(status == 0)
        #expect(pids.allSatisfy { !Office.isAlive($0) }, "no child is left")
        try await Office.open(in: folder) { office async throws in
            let again = try await office.run(["send", file])
            #expect(again.output.contains("0 stored, 200 duplicate"))
            #expect(try await office.run(["adoption", "verify"]).status == 0)
        }
    }

    @Test func `A child whose supervisor was killed ends by itself, and the next start works`() async throws {
        let folder = try TemporaryFolder()
        var pids: [pid_t] = []
        let status = try await Office.open(in: folder) { office async throws in
            for name in ["broker", "worker", "agent"] {
                try await office.until("\(name) runs") { !office.children(name).isEmpty }
                pids += office.children(name)
            }
            pids.append(try #require(office.server))
            kill(office.process, SIGKILL)
            try await office.until("the children and the database server are gone") {
                pids.allSatisfy { !Office.isAlive($0) }
            }
        }
        #expect(status == 128 + SIGKILL)
        try await Office.open(in: folder) { office async throws in
            #expect(try await office.run(["adoption", "verify"]).status == 0)
        }
    }

    @Test func `What an operator changes in hoso.yaml has effect on every command`() async throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/data/hoso.yaml"
        try await Office.open(in: folder) { _ in }
        let written = try String(contentsOfFile: file, encoding: .utf8)
        let changed = written.replacing("\"local\"", with: "\"desk\"").replacing("local.sqlite", with: "desk.sqlite")
        try folder.write(changed, to: "data/hoso.yaml")
        let sample = try await Program.run(["sample", "--count", "3"])
        try await Office.open(in: folder) { office in
            try folder.write(sample.output, to: "sample.part")
            try await office.until("the agent runs") { !office.children("agent").isEmpty }
            try FileManager.default.moveItem(
                atPath: folder.path + "/sample.part", toPath: folder.path + "/data/inbox/sample.ndjson")
            let again = try folder.write(sample.output, to: "again.ndjson")
            #expect(try await office.run(["send", again]).status == 0)
            try await office.until("all of desk is receipted") {
                let line = try await office.run(["reconcile", "desk", "--format", "csv"]).output
                return line.contains("desk,6,3,3,0,0")
            }
        }
    }

    @Test func `A service that ends again and again is named, with its log and the last line of it`() async throws {
        let folder = try TemporaryFolder()
        let spool = try folder.write("no spool\n", to: "spool.sqlite")
        try await Office.open(environment: ["HOSO_SENDER_SPOOL": spool], in: folder) { office in
            try await office.until("the warning stands there") {
                office.log.contains("data/log/agent.log") && office.log.contains("call support")
            }
        }
    }

    @Test func `Closing the terminal ends everything in order`() async throws {
        let folder = try TemporaryFolder()
        var pids: [pid_t] = []
        let status = try await Office.open(in: folder) { office async throws in
            try await office.until("the agent runs") { !office.children("agent").isEmpty }
            pids = office.children("agent") + [try #require(office.server)]
            kill(office.process, SIGHUP)
            try await office.until("it has ended") { !Office.isAlive(office.process) }
            #expect(office.log.contains("Stopped."))
        }
        #expect(status == 0)
        #expect(pids.allSatisfy { !Office.isAlive($0) })
    }

    @Test func `A survey task whose line could not be written is not acknowledged`() async throws {
        try await Office.open { office in
            let sample = try await Program.run(["sample", "--count", "1"])
            let file = try office.folder.write(sample.output, to: "sample.ndjson")
            #expect(try await office.run(["send", file]).status == 0)
            let listen = "\(Program.path) surveys listen --config \(office.configuration)"
            let full = try await Program.run(["-c", "timeout 20 \(listen) > /dev/full"], program: "/bin/sh")
            #expect(full.error.contains("could not be written"))
            let closed = try await Program.run(
                ["-c", "\(listen) | exec 0<&-; exit ${PIPESTATUS[0]}"], program: "/bin/bash")
            #expect(closed.status == 69)
            let code = String(try #require(sample.output.firstMatch(of: /"dossier_code":"([^"]+)"/)?.1))
            #expect(try await office.run(["trace", code]).output.contains("survey delivered") == false)
            let arguments = ["surveys", "listen", "--config", office.configuration]
            let printed = try await Program.run(arguments) { run in
                try await Patience.until("the task is printed") { run.log.contains(code) }
            }
            #expect(printed.status == 0)
            #expect(try await office.run(["trace", code]).output.contains("survey delivered"))
        }
    }

    @Test(arguments: [
        ["broker"], ["worker"], ["aggregator"], ["surveys"], ["surveys", "listen"], ["agent"],
    ])
    func `A service stops when it is told to, also when nothing that it talks to is there`(
        arguments: [String]
    ) async throws {
        let folder = try TemporaryFolder()
        #expect(try await Program.run(["keygen", folder.path + "/personal", "--for", "personal"]).status == 0)
        let file = try folder.write(
            """
            database: { url: "host=\(folder.path) dbname=hoso" }
            personal: { keys: "personal" }
            """, to: "hoso.yaml")
        let result = try await Subprocess.run(
            .path(FilePath(Program.path)), arguments: Arguments(arguments + ["--config", file]),
            environment: Program.inherited([:]), input: .none, output: .discarded, error: .string(limit: 1 << 20)
        ) { execution in
            try await Task.sleep(for: .seconds(2))
            try execution.send(signal: .terminate)
            let deadline = ContinuousClock.now.advanced(by: .seconds(60))
            while Office.isAlive(execution.processIdentifier.value) {
                if deadline < .now {
                    Issue.record("it is still there")
                    try execution.send(signal: .kill)
                    return
                }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        #expect(result.terminationStatus == .exited(0), "\(result.standardError)")
    }

    @Test func `A worker whose database lacks migrations leaves with 78`() async throws {
        try await Office.open { office in
            let url = "host=\(office.folder.path)/data/postgres/run user=hoso dbname=postgres"
            let outcome = try await office.run(["worker"], environment: ["HOSO_DATABASE_URL": url])
            #expect(outcome.status == 78)
            #expect(outcome.error.contains("hoso migrate"))
        }
    }

    @Test func `A survey program gets every task, and one that fails gets it again`() async throws {
        try await Office.open { office async throws in
            let sample = try await Program.run(["sample", "--count", "20"])
            let file = try office.folder.write(sample.output, to: "sample.ndjson")
            #expect(try await office.run(["send", file]).status == 0)
            let gateway = try office.folder.write(
                """
                #!/bin/sh
                # Fails the first ten times that it is called, without reading what it is given.
                exec 3>>"\(office.folder.path)/calls"; echo x >&3
                [ "$(wc -l < "\(office.folder.path)/calls")" -le 10 ] && exit 1
                cat >> "\(office.folder.path)/tasks"
                """, to: "gateway")
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: gateway)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    let listener = try await office.run(["surveys", "listen", "--exec", gateway])
                    if !Task.isCancelled { Issue.record("the listener ended: \(listener)") }
                }
                try await office.until("all tasks are handed over") {
                    let text = (try? String(contentsOfFile: office.folder.path + "/tasks", encoding: .utf8)) ?? ""
                    return Set(text.split(separator: "\n")).count == 20
                }
                group.cancelAll()
            }
        }
    }
}
