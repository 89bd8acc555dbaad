import Foundation
import TestSupport
import Testing

/// A post office with a key of its own, at a centre that listens to a network; all as their users run it.
@Suite(.takingTurns) struct SenderKeysTests {
    private func key(_ file: String) async throws -> String {
        let made = try await Program.run(["keygen", file])
        #expect(made.status == 0, "\(made.error)")
        return try #require(made.output.split(separator: "\n").first?.split(separator: " ").last.map(String.init))
    }

    private func lines(_ count: Int, seed: Int) async throws -> String {
        let sample = try await Program.run(["sample", "--count", "\(count)", "--seed", "\(seed)"]).output
        return sample.replacing(/"channel":"[a-z_]+"/, with: #""channel":"postal""#)
    }

    @Test func `A sender is enrolled, sends over the network, gets a new key, and is shut out`() async throws {
        let folder = try TemporaryFolder()
        let server = folder.path + "/server.curve"
        let centreKey = try await key(server)
        let endpoint = "tcp://127.0.0.1:\(try FreePort.find())"
        let centre = [
            "HOSO_INTAKE_ENDPOINTS": "ipc://\(folder.path)/data/run/intake.sock,\(endpoint)",
            "HOSO_INTAKE_SERVER_KEY": server,
        ]
        try await Office.open(environment: centre, in: folder) { office async throws in
            var post = try PostOffice(endpoint: endpoint, centreKey: centreKey)
            let first = try await key(post.keyFile)
            let enrolled = try await office.run([
                "sender", "enrol", "dinh-van", "--key", first, "--channel", "in_person", "postal", "--unit", "H36.31",
            ])
            #expect(enrolled.status == 0 && enrolled.output.contains("dinh-van is enrolled"), "\(enrolled.error)")
            let sent = try await post.send(lines(20, seed: 1))
            #expect(sent.output.contains("20 stored"), "\(sent.output)\(sent.error)")
            let online = try await post.send(
                lines(1, seed: 2).replacing(/"channel":"postal"/, with: #""channel":"online""#))
            #expect(
                online.status == 65 && online.output.contains("may not hand in by this channel"), "\(online.output)")

            // A second key; the old one counts for a while longer.
            post.keyFile = post.folder.path + "/next.curve"
            let second = try await key(post.keyFile)
            let rotated = try await office.run(["sender", "rotate", "dinh-van", "--key", post.keyFile + ".pub"])
            #expect(rotated.status == 0 && rotated.output.contains("7 days"), "\(rotated.error)")
            #expect(try await post.send(lines(5, seed: 3)).output.contains("5 stored"))
            let listed = try await office.query(["sender", "list", "dinh-van"])
            let keys = try #require(listed["keys"] as? [[String: Any]])
            #expect(keys.map { $0["public_key"] as? String } == [first, second])
            #expect(
                keys.allSatisfy {
                    $0["state"] as? String == "valid" && $0["channels"] as? [String] == ["in_person", "postal"]
                })
            #expect(keys[0]["valid_to"] is String && keys[1]["valid_to"] is NSNull)
            #expect(try await office.run(["sender", "rotate", "dinh-van", "--key", first]).status == 65)
            // A slip of the finger makes no new sender, and a command that fails changes nothing.
            #expect(try await office.run(["sender", "list", "dinh-vam"]).status == 1)
            #expect(try await office.run(["sender", "grant", "dinh-vam", "--unit", "H36"]).status == 1)
            #expect(try await office.run(["sender", "rotate", "dinh-vam", "--key", first]).status == 1)
            #expect(try await office.run(["sender", "enrol", "dinh-van", "--key", first, "--unit", "H1"]).status == 65)

            let revoked = try await office.run(["sender", "revoke", "dinh-van", "--because", "a test"])
            #expect(revoked.status == 0, "\(revoked.error)")
            #expect(try await office.run(["sender", "revoke", "dinh-van", "--because", "again"]).status == 1)
            try await Task.sleep(for: .seconds(5))
            let refused = try await post.send(lines(3, seed: 4), for: .seconds(4))
            #expect(refused.status == 69 && !refused.output.contains("3 stored"), "\(refused.output)")
            #expect(refused.output.contains("does not know this sender's key"), "\(refused.output)")
            try await office.expectDossiers(25)
        }
    }

    @Test func `A new post office gets in by a code, on its own machine and once`() async throws {
        let port = try FreePort.find()
        try await Office.open(["--port", "\(port)"]) { office async throws in
            let made = try await office.run([
                "sender", "enrol", "dinh-van", "--channel", "in_person", "postal", "--reached-at",
                "tcp://127.0.0.1:\(port)",
            ])
            #expect(made.status == 0 && made.error.contains("hoso agent enrol"), "\(made.error)")
            let desk = try TemporaryFolder()
            let code = try desk.write(made.output, to: "code")
            let enrolled = try await Program.run(["agent", "enrol", code, "--data", desk.path + "/desk"])
            #expect(enrolled.status == 0 && enrolled.output.contains("Enrolled as dinh-van"), "\(enrolled.error)")
            let settings = desk.path + "/desk/hoso.yaml"
            let file = try desk.write(try await lines(20, seed: 1), to: "a.ndjson")
            let sent = try await Program.run(["send", file, "--config", settings])
            #expect(sent.output.contains("20 stored"), "\(sent.output)\(sent.error)")
            // It signs its batches, and checks the centre's receipts by the key that stood in the code.
            let receipt = desk.path + "/receipt"
            #expect(
                try await Program.run(["agent", "receipt", "1", "--config", settings, "--out", receipt]).status == 0)
            #expect(try await Program.run(["verify-receipt", receipt, "--config", settings]).status == 0)
            let keys = try #require(try await office.query(["sender", "list", "dinh-van"])["keys"] as? [[String: Any]])
            #expect(keys.count == 1 && keys[0]["signing_key"] is String)
            #expect(keys[0]["channels"] as? [String] == ["in_person", "postal"])

            // Killed before it wrote what it had been told: the same keys and the same code.
            try FileManager.default.removeItem(atPath: settings)
            let retried = try await Program.run(["agent", "enrol", code, "--data", desk.path + "/desk"])
            #expect(retried.status == 0 && retried.output.contains("Enrolled as dinh-van"), "\(retried.error)")
            // Or with another code, had the first one ended meanwhile.
            try FileManager.default.removeItem(atPath: settings)
            let next = try await office.run(["sender", "enrol", "dinh-van", "--reached-at", "tcp://127.0.0.1:\(port)"])
            let waiting = try await office.query(["sender", "list", "dinh-van"])["codes"] as? [[String: Any]]
            #expect(waiting?.count == 1)
            let second = try desk.write(next.output.dropLast(30) + "\n" + next.output.suffix(30), to: "wrapped")
            let renewed = try await Program.run(["agent", "enrol", second, "--data", desk.path + "/desk"])
            #expect(renewed.status == 0, "\(renewed.error)")

            let again = try await Program.run(["agent", "enrol", code, "--data", desk.path + "/other"])
            #expect(again.status == 65 && again.error.contains("perhaps by somebody else"), "\(again.error)")
            let shown = try await Program.run(["agent", "enrol", made.output, "--data", desk.path + "/third"])
            #expect(shown.status == 64 && !shown.error.contains("hoso1-"), "\(shown.error)")
            let same = try await Program.run(["agent", "enrol", code, "--data", desk.path + "/desk"])
            #expect(same.status == 64 && same.error.contains("is there already"), "\(same.error)")
            // The place of the first letter of the centre's key.
            var letters = Array(made.output)
            letters[50] = letters[50] == "A" ? "B" : "A"
            let torn = try desk.write(String(letters), to: "torn")
            let wrong = try await Program.run([
                "agent", "enrol", torn, "--data", desk.path + "/other", "--language", "vi",
            ])
            #expect(wrong.status == 65 && wrong.error.contains("không phải mã ghi danh"), "\(wrong.error)")

            // Who takes the port of another centre is told so at once.
            let other = try await Program.run([
                "up", "--data", desk.path + "/second", "--port", "\(port)", "--page", "0",
            ])
            #expect(other.status == 69 && other.error.contains("\(port)"), "\(other.error)")
        }
    }

    @Test func `A code needs a way to the centre, and a revoked sender's code is withdrawn`() async throws {
        try await Office.open { office async throws in
            let local = try await office.run(["sender", "enrol", "dinh-van"])
            #expect(local.status == 78 && local.error.contains("listens to no network"), "\(local.error)")
            let server = office.folder.path + "/server"
            _ = try await key(server)
            let centre = [
                "HOSO_INTAKE_ENDPOINTS": "ipc://\(office.folder.path)/x,tcp://*:5710", "HOSO_INTAKE_SERVER_KEY": server,
            ]
            #expect(try await office.run(["sender", "enrol", "dinh-van"], environment: centre).status == 64)
            let made = try await office.run(
                ["sender", "enrol", "dinh-van", "--reached-at", "tcp://centre:5710"], environment: centre)
            #expect(made.status == 0 && made.output.hasPrefix("hoso1-"), "\(made.error)")
            let revoked = try await office.run(["sender", "revoke", "dinh-van", "--because", "closed"])
            #expect(revoked.status == 0 && revoked.output.contains("codes 1"), "\(revoked.output)\(revoked.error)")
        }
    }

    @Test func `What is wrong with a key is said, and nothing listens or sends`() async throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/server.curve"
        _ = try await key(file)
        let again = try await Program.run(["keygen", file])
        #expect(again.status == 64 && again.error.contains("never overwritten"), "\(again.error)")
        let vietnamese = try await Program.run(["keygen", file, "--language", "vi"])
        #expect(vietnamese.error.contains("không bao giờ bị ghi đè"))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        let settings = try folder.write(
            """
            intake: { endpoints: "tcp://127.0.0.1:\(try FreePort.find())", workers: "ipc://\(folder.path)/w", server_key: "\(file)" }
            """, to: "hoso.yaml")
        let broker = try await Program.run(["broker", "--config", settings])
        #expect(broker.status == 78 && broker.error.contains("chmod 600"), "\(broker.error)")
        // A centre's configuration names no way to send: that is said, and nothing is lost.
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        let sample = try folder.write(try await lines(1, seed: 1), to: "a.ndjson")
        let nowhere = try await Program.run(["send", sample, "--config", settings])
        #expect(nowhere.status == 78 && nowhere.error.contains("no way to send"), "\(nowhere.status) \(nowhere.error)")
        let usage = [
            ["enrol", "UPPER", "--key", "x"], ["enrol", "a", "--key", "short"], ["grant", "a"],
            ["grant", "a", "--channel", "pigeon"], ["grant", "a", "--everything", "--unit", "H36"], ["revoke", "a"],
        ]
        for arguments in usage {
            #expect(try await Program.run(["sender"] + arguments).status == 64, "\(arguments)")
        }
    }

    @Test func `A session is of the key that greeted, and nobody ends the broker by a name that is to come`()
        async throws
    {
        let folder = try TemporaryFolder()
        let server = folder.path + "/server.curve"
        let centreKey = try await key(server)
        let endpoint = "tcp://127.0.0.1:\(try FreePort.find())"
        let centre = [
            "HOSO_INTAKE_ENDPOINTS": "ipc://\(folder.path)/data/run/intake.sock,\(endpoint)",
            "HOSO_INTAKE_SERVER_KEY": server,
        ]
        try await Office.open(environment: centre, in: folder) { office async throws in
            for name in ["owner", "other"] {
                let file = folder.path + "/\(name).curve"
                _ = try await key(file)
                let enrolled = try await office.run(["sender", "enrol", name, "--key", file + ".pub"])
                #expect(enrolled.status == 0, "\(enrolled.error)")
            }
            try await Task.sleep(for: .seconds(2))
            let broker = try #require(office.children("broker").first)
            let shared = try await intruder([
                "share", endpoint, centreKey, folder.path + "/owner.curve", folder.path + "/other.curve",
            ])
            // 10 is ERROR; a PONG would go on with a session that is another's.
            #expect(shared.output.split(separator: "\n") == ["True", "10"], "\(shared.output)\(shared.error)")
            let claimed = try await intruder(["claim", office.intake])
            let answers = claimed.output.split(separator: "\n")
            #expect(answers.count == 8 && answers.allSatisfy { $0 == "answered" }, "\(claimed.output)\(claimed.error)")
            #expect(office.children("broker") == [broker], "it is the same process")
        }
    }

    private func intruder(_ arguments: [String]) async throws -> Program.Outcome {
        let script = Repository.root.appending(path: "Tests/Fixtures/dip_intruder.py").path
        return try await Program.run([script] + arguments, program: "/usr/bin/python3")
    }

    /// A sender with a folder of its own.
    private struct PostOffice {
        let folder: TemporaryFolder
        let endpoint: String
        let centreKey: String
        var keyFile: String
        private var files = 0

        init(endpoint: String, centreKey: String) throws {
            folder = try TemporaryFolder()
            self.endpoint = endpoint
            self.centreKey = centreKey
            keyFile = folder.path + "/sender.curve"
        }

        mutating func send(_ lines: String, for duration: Duration? = nil) async throws -> Program.Outcome {
            files += 1
            let settings = try folder.write(
                """
                intake: { endpoints: "\(endpoint)", centre_keys: ["\(centreKey)"] }
                sender: { name: dinh-van, key: "\(keyFile)", spool: "\(folder.path)/sender.sqlite" }
                """, to: "hoso.yaml")
            let file = try folder.write(lines, to: "\(files).ndjson")
            let arguments = ["send", file, "--config", settings]
            guard let duration else { return try await Program.run(arguments) }
            return try await Program.run(arguments) { running in
                try await Task.sleep(for: duration)
                try await running.end(by: SIGINT)
            }
        }
    }
}
