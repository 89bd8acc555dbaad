import Foundation
import TestSupport
import Testing

/// Keys, signatures and receipts, as operators and senders use them.
@Suite(.takingTurns) struct ReceiptTests {
    /// The word behind a title in what a command prints.
    private func word(_ title: String, _ text: String) throws -> String {
        let line = text.split(separator: "\n").first { $0.hasPrefix(title) }
        return String(try #require(line, "\(text)").dropFirst(title.count).drop { $0 == " " })
    }

    @Test func `From the key to the receipt in the citizen's hand`() async throws {
        try await Office.open { office async throws in
            let folder = office.folder.path
            let made = try await Program.run(["keygen", folder + "/desk"])
            #expect(made.status == 0, "\(made.error)")
            let (key, signing) = (try word("public key:", made.output), try word("signing key:", made.output))
            #expect(key.count == 40 && signing.count == 64)
            let enrolled = try await office.run(["sender", "enrol", "desk", "--key", key, "--signing-key", signing])
            #expect(enrolled.status == 0, "\(enrolled.error)")
            #expect(try await office.run(["sender", "list", "--format", "csv"]).output.contains(signing))
            try await office.until("every worker knows the key") {
                office.workerLogs.allSatisfy { $0.contains("\"keys\":\"1\"") }
            }
            let sample = try await Program.run(["sample", "--count", "30"])
            let file = try office.folder.write(sample.output, to: "sample.ndjson")
            var desk = [
                "HOSO_SENDER_NAME": "desk", "HOSO_SENDER_SPOOL": folder + "/desk.sqlite", "HOSO_SENDER_INBOX": "",
            ]
            // It has a signing key, and does not use it: nothing is taken.
            _ = try await Program.run(["send", file, "--config", office.configuration], environment: desk) { run in
                try await office.until("the worker refuses") {
                    office.workerLogs.contains { $0.contains("bad_signature") }
                }
                try await run.end(by: SIGINT)
            }
            #expect(try await office.run(["agent", "receipt", "1"], environment: desk).status == 1)
            desk["HOSO_SENDER_SIGNING_KEY"] = folder + "/desk.sign"
            // What waited is sent with what is handed in again.
            let sent = try await office.run(["send", file], environment: desk)
            #expect(sent.status == 0 && sent.output.contains("30 duplicate"), "\(sent.output) \(sent.error)")
            try await checkReceipts(office, desk, sample.output)
        }
    }

    private func checkReceipts(_ office: Office, _ desk: [String: String], _ sample: String) async throws {
        let folder = office.folder.path
        let code = try #require(sample.firstMatch(of: /"dossier_code":"([^"]+)"/)?.1).description
        let (receipt, key) = (folder + "/receipt", folder + "/data/keys/receipts.pub")
        let own = try await office.run(["agent", "receipt", code, "--out", receipt], environment: desk)
        #expect(own.status == 0 && own.output.contains("stored"), "\(own.output) \(own.error)")
        let good = try await Program.run(["verify-receipt", receipt, "--key", key])
        #expect(good.status == 0 && good.output.contains("The receipt is valid"), "\(good.output) \(good.error)")
        #expect(good.output.contains("desk #"))
        let vietnamese = try await Program.run(["verify-receipt", receipt, "--key", key, "--language", "vi"])
        #expect(vietnamese.status == 0 && vietnamese.output.contains("Biên nhận hợp lệ"))
        // The same by its number, and from the configuration's keys.
        let number = try word("Entry:      desk #", own.output)
        let qr = try await office.run(["agent", "receipt", number, "--format", "qr"], environment: desk)
        #expect(try qr.output == String(contentsOfFile: receipt, encoding: .utf8))
        #expect(try await office.run(["verify-receipt", receipt]).status == 0)
        // Whatever byte is changed: 65.
        let bytes = Array(qr.output.utf8.dropLast())
        for place in [0, 5, 8, bytes.count / 2, bytes.count - 1] {
            var changed = bytes
            changed[place] ^= 1
            let file = try office.folder.write(String(decoding: changed, as: UTF8.self), to: "changed")
            let bad = try await Program.run(["verify-receipt", file, "--key", key])
            #expect(bad.status == 65 && bad.error.hasPrefix("hoso: "), "\(place): \(bad.output) \(bad.error)")
        }
        let stranger = try await Program.run(["keygen", folder + "/stranger", "--for", "receipts"])
        #expect(stranger.status == 0)
        let other = try await Program.run(["verify-receipt", receipt, "--key", folder + "/stranger.pub"])
        #expect(other.status == 65 && other.error.contains("none of those given"), "\(other.error)")
        try await checkCentre(office, code, key)
    }

    private func checkCentre(_ office: Office, _ code: String, _ key: String) async throws {
        let folder = office.folder.path
        let receipt = folder + "/centre"
        try await office.until("the centre has kept its signature") {
            try await office.run(["receipt", code, "--out", receipt]).status == 0
        }
        let good = try await Program.run(["verify-receipt", receipt, "--key", key])
        #expect(good.status == 0 && good.output.contains("desk #"), "\(good.output) \(good.error)")
        #expect(
            try String(contentsOfFile: receipt, encoding: .utf8)
                == String(contentsOfFile: folder + "/receipt", encoding: .utf8))
        let json = try await office.query(["receipt", code])
        #expect(json["outcome"] as? String == "stored" && json["sender"] as? String == "desk")
        // Nothing of a person, nor the code.
        #expect(!json.description.contains(code))
        let unknown = try await office.run(["receipt", "H36.26-220301-9999"])
        #expect(unknown.status == 1 && unknown.error.contains("never heard"))
    }

    @Test func `A centre whose signatures are gone signs anew from its ledger; one without a key says so`() async throws
    {
        try await Office.open { office async throws in
            let sample = try await Program.run(["sample", "--count", "3"])
            let file = try office.folder.write(sample.output, to: "sample.ndjson")
            let spool = ["HOSO_SENDER_NAME": "plain", "HOSO_SENDER_SPOOL": office.folder.path + "/plain.sqlite"]
            #expect(try await office.run(["send", file], environment: spool).status == 0)
            let code = try #require(sample.output.firstMatch(of: /"dossier_code":"([^"]+)"/)?.1).description
            let (signed, key) = (office.folder.path + "/signed", office.folder.path + "/data/keys/receipts.pub")
            let outcome = try await office.run(["receipt", code, "--sign", "--out", signed])
            #expect(outcome.status == 0, "\(outcome.error)")
            #expect(try await Program.run(["verify-receipt", signed, "--key", key]).status == 0)
            let keyless = ["HOSO_INTAKE_RECEIPT_KEY": ""]
            #expect(try await office.run(["receipt", code, "--sign"], environment: keyless).status == 78)
        }
    }

    @Test func `The keys of a centre are its own, and an older configuration goes on without`() async throws {
        let folder = try TemporaryFolder()
        try await Office.open(in: folder) { office async throws in
            let keys = folder.path + "/data/keys"
            let files = FileManager.default
            #expect(try files.attributesOfItem(atPath: keys)[.posixPermissions] as? Int == 0o700)
            #expect(try files.attributesOfItem(atPath: keys + "/receipts")[.posixPermissions] as? Int == 0o600)
        }
        let configuration = folder.path + "/data/hoso.yaml"
        let lines = try String(contentsOfFile: configuration, encoding: .utf8).split(separator: "\n")
        let older = lines.filter { !$0.contains("receipt") && !$0.contains("signing_key") }.joined(separator: "\n")
        try older.write(toFile: configuration, atomically: true, encoding: .utf8)
        try await Office.open(in: folder) { office async throws in
            let sample = try await Program.run(["sample", "--count", "3"])
            let file = try folder.write(sample.output, to: "sample.ndjson")
            #expect(try await office.run(["send", file]).output.contains("3 stored"))
            let receipt = try await office.run(["agent", "receipt", "1"])
            #expect(receipt.status == 1 && receipt.error.contains("does not sign"), "\(receipt.error)")
        }
    }

    @Test func `What is no receipt, no key or no file is told apart`() async throws {
        let folder = try TemporaryFolder()
        let key = folder.path + "/key"
        #expect(try await Program.run(["keygen", key, "--for", "receipts"]).status == 0)
        #expect(try await Program.run(["keygen", key]).status == 64, "a key is never overwritten")
        #expect(!FileManager.default.fileExists(atPath: key + ".sign"))
        let text = try folder.write("no receipt", to: "text")
        for (arguments, status) in [
            ([text, "--key", key + ".pub"], 65), ([text, "--key", key], 78),
            ([folder.path + "/none", "--key", key + ".pub"], 64),
            ([text], 64), ([folder.path, "--key", key + ".pub"], 64),
        ] as [([String], Int32)] {
            let outcome = try await Program.run(
                ["verify-receipt"] + arguments, environment: ["XDG_DATA_HOME": folder.path])
            #expect(outcome.status == status, "\(arguments): \(outcome.error)")
        }
        #expect(try await Program.run(["keygen", folder.path + "/x", "--for", "fun"]).status == 64)
        let enrol = ["sender", "enrol", "a", "--key", String(repeating: "0", count: 40), "--signing-key", "12"]
        #expect(try await Program.run(enrol).status == 64)
    }
}

extension Office {
    /// What each of its workers has logged.
    fileprivate var workerLogs: [String] {
        let logs = folder.path + "/data/log"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: logs)) ?? []
        return names.filter { $0.hasPrefix("worker") }.compactMap { name in
            try? String(contentsOfFile: "\(logs)/\(name)", encoding: .utf8)
        }
    }
}
