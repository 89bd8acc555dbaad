import Foundation
import TestSupport
import Testing

@Suite(.takingTurns) struct CommandTests {
    @Test func `Every command explains itself`() async throws {
        let commands = [
            [], ["up"], ["send"], ["agent"], ["broker"], ["worker"], ["surveys"], ["surveys", "listen"],
            ["aggregator"], ["adoption"], ["adoption", "verify"], ["reconcile"], ["quarantine"], ["trace"],
            ["migrate"], ["check-config"], ["sample"], ["keygen"], ["sender"], ["sender", "enrol"],
            ["sender", "grant"],
            ["sender", "rotate"], ["sender", "revoke"], ["sender", "list"], ["bench"],
            ["receipt"], ["agent", "receipt"], ["verify-receipt"], ["retention"],
        ]
        for command in commands {
            let outcome = try await Program.run(command + ["--help"])
            #expect(outcome.status == 0, "\(command)")
            #expect(outcome.output.contains("USAGE: hoso"), "\(command)")
        }
        for (command, option) in [("adoption", "--metric"), ("quarantine", "--format"), ("surveys", "--exec")] {
            #expect(try await Program.run([command, "--help"]).output.contains(option), "\(command)")
        }
    }

    @Test func `Wrong usage is 64, a wrong configuration 78 with every problem`() async throws {
        #expect(try await Program.run(["no-such-command"]).status == 64)
        #expect(try await Program.run(["adoption", "--metric", "happiness"]).status == 64)
        #expect(try await Program.run(["adoption", "--by", "moon"]).status == 64)
        #expect(try await Program.run(["adoption", "--from", "2022-02-30"]).status == 64)
        #expect(try await Program.run(["adoption", "--from", "2022-02-01", "--to", "2022-01-01"]).status == 64)
        #expect(try await Program.run(["up", "--once"]).status == 64)
        #expect(try await Program.run(["surveys", "listen", "--exec", "/no/such/program"]).status == 64)
        #expect(try await Program.run(["surveys", "listen", "--exec", "/tmp"]).status == 64)
        let folder = try TemporaryFolder()
        let file = try folder.write("time_zone: Nowhere\nworker: { count: -1 }\nodd: 1\n", to: "hoso.yaml")
        let outcome = try await Program.run(["check-config", "--config", file])
        #expect(outcome.status == 78)
        for word in ["time_zone", "worker.count", "odd"] { #expect(outcome.error.contains(word)) }
        #expect(try await Program.run(["worker", "--config", folder.path + "/missing.yaml"]).status == 78)
    }

    @Test func `Without a database a query says so and leaves with 69`() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("database: { url: \"host=\(folder.path) dbname=hoso\" }\n", to: "hoso.yaml")
        let outcome = try await Program.run(["adoption", "--config", file])
        #expect(outcome.status == 69)
        #expect(outcome.error.hasPrefix("hoso: "))
    }

    @Test func `Files that cannot be read are named, and nothing is sent`() async throws {
        let folder = try TemporaryFolder()
        let spool = ["HOSO_SENDER_SPOOL": folder.path + "/spool/sender.sqlite"]
        let wabo = Repository.root.appending(path: "Tests/Fixtures/wabo.yaml").path
        let good = try folder.write("{}\n", to: "good.ndjson")
        let other = try folder.write("a,b\n1,2\n", to: "other.csv")
        let missing = try await Program.run(
            ["send", good, folder.path + "/missing.csv", other, "--mapping", wabo], environment: spool)
        #expect(missing.status == 65)
        for name in ["missing.csv", "other.csv"] { #expect(missing.error.contains(name), "\(missing.error)") }
        let vietnamese = try await Program.run(
            ["send", folder.path + "/missing.csv", "--language", "vi"], environment: spool)
        #expect(vietnamese.error.contains("không đọc được"))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/spool"))
        // A pipe could be read only once, and what was read to look at it would be lost.
        let device = try await Program.run(["send", "/dev/null"], environment: spool)
        #expect(device.status == 65 && device.error.contains("not a regular file"), "\(device.error)")
        let mapping = try folder.write("format: xml\nfields: {}\n", to: "map.yaml")
        let data = try folder.write("a,b\n1,2\n", to: "data.csv")
        let outcome = try await Program.run(["send", data, "--mapping", mapping], environment: spool)
        #expect(outcome.status == 65)
        #expect(outcome.error.contains("map.yaml"))
        // The agent's own mapping is part of its configuration.
        let agent = try await Program.run(
            ["agent"], environment: spool.merging(["HOSO_SENDER_MAPPING": mapping]) { first, _ in first })
        #expect(agent.status == 78)
        #expect(agent.error.contains("map.yaml"))
    }

    private static let isConfigured = ["/var/lib/hoso/hoso.yaml", "/etc/hoso/hoso.yaml"].contains {
        FileManager.default.fileExists(atPath: $0)
    }

    @Test func `hoso setup refuses what it would not do`() async throws {
        for arguments in [
            ["--database", "host=db password=secret"], ["--sender", "--workers", "2"], ["code-without-sender"],
            ["--workers", "0"], ["--time-zone", "Nowhere"], ["--language", "fr"],
        ] {
            #expect(try await Program.run(["setup"] + arguments).status == 64, "\(arguments)")
        }
    }

    @Test(.enabled(if: !FileManager.default.fileExists(atPath: "/run/systemd/system"), "systemd runs here"))
    func `Where systemd does not run, hoso setup says what to use instead`() async throws {
        let outcome = try await Program.run(["setup", "--yes", "--language", "en"])
        // Who is not root is told so first.
        #expect(outcome.status == (getuid() == 0 ? 69 : 64))
        #expect(outcome.error.contains(getuid() == 0 ? "hoso up" : "sudo hoso setup"))
    }

    @Test(.enabled(if: !isConfigured, "a machine with a configuration of its own"))
    func `Without a configuration a sender says what to do instead of making a queue somewhere`() async throws {
        let folder = try TemporaryFolder()
        let home = ["HOME": folder.path, "XDG_DATA_HOME": folder.path + "/share"]
        for (command, language) in [(["send", "a.ndjson"], "en"), (["agent"], "vi")] {
            let outcome = try await Program.run(command + ["--language", language], environment: home)
            #expect(outcome.status == 78)
            #expect(outcome.error.contains("hoso up"), "\(outcome.error)")
        }
        #expect(!FileManager.default.fileExists(atPath: "spool"))
    }

    @Test func `hoso up refuses what it would not do`() async throws {
        let folder = try TemporaryFolder()
        let data = folder.path + "/data"
        #expect(try await Program.run(["up", "--data", data, "--config", "a.yaml"]).status == 64)
        #expect(try await Program.run(["up", "--data", data, "--time-zone", "Nowhere"]).status == 64)
        #expect(try await Program.run(["up", "--data", data, "--language", "fr"]).status == 64)
        #expect(try await Program.run(["up", "--data", data], environment: ["HOSO_TIME_ZONE": "X"]).status == 78)
        #expect(!FileManager.default.fileExists(atPath: data))
        try folder.write("time_zone: Europe/Amsterdam\n", to: "hoso.yaml")
        let other = try await Program.run(["up", "--data", folder.path, "--time-zone", "Asia/Tokyo"])
        #expect(other.status == 64)
        #expect(other.error.contains("Europe/Amsterdam"))
    }

    @Test func `A folder for sockets that others may enter is refused`() async throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path + "/data/run", withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path + "/data/run")
        let outcome = try await Program.run(["up", "--data", folder.path + "/data"])
        #expect(outcome.status == 78)
        #expect(outcome.error.contains("/data/run"))
    }

    @Test func `Rows that are no records are named with their lines, the others are stored`() async throws {
        try await Office.open { office async throws in
            let sample = try await Program.run(["sample", "--count", "5"])
            var lines = sample.output.split(separator: "\n").map(String.init)
            lines[1] = "{ this is no JSON"
            lines[3] = lines[3].replacing("\"channel\":\"", with: "\"channel\":\"x")
            let file = try office.folder.write(lines.joined(separator: "\n") + "\n", to: "mixed.ndjson")
            let outcome = try await office.run(["send", file])
            #expect(outcome.status == 65)
            #expect(outcome.output.contains("3 stored, 0 duplicate, 1 quarantined, 1 unreadable"))
            #expect(outcome.output.contains("mixed.ndjson:2: "))
            #expect(outcome.output.contains("mixed.ndjson:4: channel: "))
            let vietnamese = try await office.run(["send", file, "--language", "vi"])
            #expect(vietnamese.output.contains("Hình thức nộp"))
            let code = try #require(lines[3].firstMatch(of: /"dossier_code":"([^"]+)"/)?.1)
            let trace = try await office.run(["trace", String(code), "--language", "vi"])
            #expect(trace.output.contains("bị giữ lại") && trace.output.contains("Hình thức nộp"), "\(trace.output)")
            #expect(!trace.output.contains("{"))
            let listed = try await office.run(["quarantine", "list"])
            #expect(listed.output.contains("channel"))
        }
    }

    @Test func `No data is null, not zero`() async throws {
        try await Office.open { office async throws in
            let report = try await office.query([
                "adoption", "--metric", "postal_return", "--from", "2022-01-01", "--to", "2022-02-01",
            ])
            let total = try #require(report["total"] as? [String: Any])
            #expect(total["share"] is NSNull)
            #expect(total["denominator"] as? Int == 0)
            #expect((report["rows"] as? [Any])?.isEmpty == true)
            for format in ["csv", "table"] {
                #expect(try await office.run(["adoption", "--format", format]).status == 0)
            }
        }
    }

    @Test func `A folder that is a file is a clear error`() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("", to: "data")
        let outcome = try await Program.run(["up", "--data", file])
        #expect(outcome.status == 78)
        #expect(!outcome.error.contains("Domain="), "\(outcome.error)")
    }

    @Test func `A second broker or relay on the same endpoint is refused, and the first goes on`() async throws {
        try await Office.open { office in
            // Else the second one might be the first.
            let sockets = ["intake", "surveys"].map { "\(office.folder.path)/data/run/\($0).sock" }
            try await office.until("the services listen") {
                sockets.allSatisfy { FileManager.default.fileExists(atPath: $0) }
            }
            for name in ["broker", "surveys"] {
                let outcome = try await office.run([name])
                #expect(outcome.status == 69, "\(name)")
                #expect(outcome.error.contains("in use"), "\(outcome.error)")
            }
            let sample = try await Program.run(["sample", "--count", "3"])
            let file = try office.folder.write(sample.output, to: "sample.ndjson")
            #expect(try await office.run(["send", file]).status == 0)
        }
    }

    @Test func `Nobody else can read what the spool holds`() async throws {
        try await Office.open { office async throws in
            let sample = try await Program.run(["sample", "--count", "3"])
            let file = try office.folder.write(sample.output, to: "sample.ndjson")
            #expect(try await office.run(["send", file]).status == 0)
            let senders = office.folder.path + "/data/senders"
            // Whoever closes the spool last removes its log; the agent, which may have found `hoso send` at it, opens it again.
            try await office.until("the agent has the spool open") {
                FileManager.default.fileExists(atPath: senders + "/local.sqlite-wal")
            }
            for name in ["", "/local.sqlite", "/local.sqlite-wal", "/local.sqlite-shm"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: senders + name)
                let permissions = try #require(attributes[.posixPermissions] as? Int)
                #expect(permissions & 0o077 == 0, "\(name)")
            }
        }
    }

    @Test func `A second hoso up in the same folder is refused`() async throws {
        try await Office.open { office async throws in
            let outcome = try await Program.run(["up", "--data", office.folder.path + "/data"])
            #expect(outcome.status == 69)
            #expect(outcome.error.contains("another"))
        }
    }
}
