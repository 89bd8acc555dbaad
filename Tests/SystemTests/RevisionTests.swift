import Foundation
import TestSupport
import Testing

/// What was refused comes back: corrections, replays, and the day's manifest.
@Suite(.takingTurns) struct RevisionTests {
    @Test func `What was refused is mended in the drop folder, arrives as a correction, and is counted once`()
        async throws
    {
        try await Office.open { office async throws in
            let inbox = office.folder.path + "/data/inbox"
            var lines = try await sample(6)
            lines[1] = lines[1].replacing(/"channel":"[a-z_]+"/, with: #""channel":"pigeon""#)
            lines[4] = lines[4].replacing(/"unit":"[^"]+"/, with: #""unit":"""#)
            try write(lines, to: inbox + "/day.ndjson")
            let refused = inbox + "/failed/day.ndjson.rejected.ndjson"
            try await office.until("the refused lines are there") { FileManager.default.fileExists(atPath: refused) }
            let report = try String(contentsOfFile: inbox + "/failed/day.ndjson.report.txt", encoding: .utf8)
            #expect(report.contains("day.ndjson.rejected.ndjson"))
            var mended = try String(contentsOfFile: refused, encoding: .utf8).split(separator: "\n").map(String.init)
            #expect(
                mended.count == 2 && mended.allSatisfy { $0.contains("\"corrects\":") && $0.contains("\"reasons\":") })
            mended[0].replace("pigeon", with: "postal")
            // The other line still lacks its unit: it comes back once more.
            try write(mended, to: inbox + "/day.ndjson.rejected.ndjson")
            // The first file of refused lines is still there, so what belongs to the second has a number.
            let second = inbox + "/failed/day.ndjson.2.corrected.ndjson"
            try await office.until("the corrections are answered") { FileManager.default.fileExists(atPath: second) }
            let rest = try String(contentsOfFile: inbox + "/failed/day.ndjson.2.rejected.ndjson", encoding: .utf8)
            #expect(rest.split(separator: "\n").count == 1)
            // The same lines once more are refused: they would undo what was mended.
            try write(mended, to: inbox + "/again.rejected.ndjson")
            let stale = inbox + "/failed/again.corrected.ndjson.report.txt"
            try await office.until("the old corrections are refused") { FileManager.default.fileExists(atPath: stale) }
            #expect(try String(contentsOfFile: stale, encoding: .utf8).contains("2 unreadable"))
            let rejected = try await office.query(["agent", "rejected"])
            #expect((rejected["rejected"] as? [Any])?.count == 1)

            let number = try #require((rejected["rejected"] as? [[String: Any]])?.first?["sequence"] as? Int)
            let corrected = try await office.run(["agent", "correct", "\(number)", "--set", "unit=H36.26"])
            #expect(corrected.status == 0 && corrected.output.contains("✓ Stored."), "\(corrected.output)")
            let twice = try await office.run(["agent", "correct", "\(number)", "--set", "unit=H36"])
            #expect(twice.status == 1 && twice.error.contains("was corrected by"), "\(twice.error)")
            #expect(try await office.query(["quarantine"])["reasons"] as? [String] == [])
            let balance = try await office.balance()
            #expect(balance["assigned"] as? Int == 9 && balance["stored"] as? Int == 6)
            #expect(balance["quarantined"] as? Int == 3 && (balance["missing"] as? [Any])?.isEmpty == true)
            try await office.expectDossiers(6)
        }
    }

    @Test func `A correction of a stored dossier restates the figures by one`() async throws {
        try await Office.open { office async throws in
            let lines = try await sample(3)
            let online = lines.map { $0.replacing(/"channel":"[a-z_]+"/, with: #""channel":"online""#) }
            #expect(try await office.run(["send", office.folder.write(joined(online), to: "a.ndjson")]).status == 0)
            try await office.expectDossiers(3)
            let correction = online[0].replacing(#""channel":"online""#, with: #""channel":"postal","corrects":"1""#)
            #expect(
                try await office.run(["send", office.folder.write(joined([correction]), to: "b.ndjson")]).status == 0)
            try await office.expectDossiers(3)
            let channels = try #require(try await office.total()["channels"] as? [String: [String: Any]])
            #expect(channels["online"]?["count"] as? Int == 2 && channels["postal"]?["count"] as? Int == 1)
            // Another code is another dossier.
            let moved = online[1].replacing(/"dossier_code":"[^"]+"/, with: #""dossier_code":"H36.26-220101-0001""#)
            let refused = moved.replacing("{", with: #"{"corrects":"2","#)
            let outcome = try await office.run(["send", office.folder.write(joined([refused]), to: "c.ndjson")])
            #expect(outcome.status == 65 && outcome.output.contains("cannot be changed"), "\(outcome.output)")
            for (place, wrong) in ["x", "0", "1/2/3", "-1", "+1", "01", "99"].enumerated() {
                let row = online[2].replacing("{", with: "{\"corrects\":\"\(wrong)\",")
                let file = try office.folder.write(joined([row]), to: "wrong\(place).ndjson")
                #expect(try await office.run(["send", file]).output.contains("1 unreadable"))
            }
            try await office.expectDossiers(3)
        }
    }

    @Test func `A replay says first what it would do, then does it once, and is on record`() async throws {
        // The office knows no unit; later its operator opens the catalogue.
        let closed = ["HOSO_CATALOGUE": "closed"], opened = ["HOSO_CATALOGUE": "open"]
        try await Office.open(environment: closed) { office async throws in
            var lines = try await sample(40)
            lines[7] = lines[7].replacing(/"channel":"[a-z_]+"/, with: #""channel":"pigeon""#)
            // The same dossier twice, once with other content.
            lines.append(lines[0])
            lines.append(
                lines[1].replacing(/"received_at":"2022-01-01T[0-9:]+/, with: #""received_at":"2022-01-01T06:00:00"#))
            let sent = try await office.run(["send", office.folder.write(joined(lines), to: "a.ndjson")])
            #expect(sent.output.contains("0 stored, 0 duplicate, 42 quarantined"), "\(sent.output)")
            let strict = try await office.query(["quarantine", "replay", "--dry-run"], environment: closed)
            #expect(strict["examined"] as? Int == 42 && strict["refused"] as? Int == 42)
            let expected = ["examined": 42, "stored": 39, "duplicate": 1, "refused": 2]
            let dry = try await office.query(["quarantine", "replay", "--dry-run"], environment: opened)
            #expect(dry.filter { expected[$0.key] != nil } as? [String: Int] == expected)
            let reasons = (dry["reasons"] as? [[String: Any]])?.compactMap { $0["reason"] as? String }
            #expect(Set(reasons ?? []) == ["channel_unknown", "conflict"])
            #expect(try await office.balance()["quarantined"] as? Int == 42, "nothing is changed by a dry run")
            try await office.expectDossiers(0)

            let real = try await office.query(["quarantine", "replay"], environment: opened)
            #expect(real.filter { expected[$0.key] != nil } as? [String: Int] == expected)
            try await office.expectDossiers(39)
            let balance = try await office.balance()
            #expect(
                balance["stored"] as? Int == 39 && balance["duplicate"] as? Int == 1
                    && balance["quarantined"] as? Int == 2)
            let again = try await office.query(["quarantine", "replay"], environment: opened)
            #expect(again["examined"] as? Int == 2 && again["stored"] as? Int == 0, "what is closed is left alone")
            let listed = try await office.query(["quarantine", "list", "--entries"])
            let open = try #require(listed["entries"] as? [[String: Any]])
            #expect(open.count == 2)
            let id = try #require(open.first?["id"] as? Int)
            let shown = try await office.run(["quarantine", "show", "\(id)"])
            #expect(try await office.run(["quarantine", "replay", "999"], environment: opened).status == 1)
            #expect(shown.output.components(separatedBy: "replayed by").count == 3, "\(shown.output)")
            #expect(!shown.output.contains("Thử"), "no name of a citizen is shown")
            let dismissed = try await office.run(["quarantine", "dismiss", "\(id)", "999", "--because", "a test"])
            #expect(dismissed.status == 1 && dismissed.output.contains("\(id) dismissed"), "\(dismissed.error)")
            let left = try await office.query(["quarantine", "list", "--entries"])["entries"] as? [Any]
            #expect(left?.count == 1)
            #expect(try await office.balance()["open"] as? Int == 1)
        }
    }

    @Test func `A replay that is interrupted says how far it came, and the next one does the rest`() async throws {
        try await Office.open(environment: ["HOSO_CATALOGUE": "closed"]) { office async throws in
            let lines = try await sample(80)
            let sent = try await office.run(["send", office.folder.write(joined(lines), to: "a.ndjson")])
            #expect(sent.output.contains("80 quarantined"), "\(sent.output)")
            let arguments = ["quarantine", "replay", "--rate", "10", "--config", office.configuration]
            let outcome = try await Program.run(arguments, environment: ["HOSO_CATALOGUE": "open"]) { running in
                try await office.until("some are counted") { try await office.total()["total"] as? Int ?? 0 > 0 }
                try await running.end(by: SIGINT)
            }
            #expect(outcome.status == 69 && outcome.output.contains("interrupted"), "\(outcome.output)")
            let done = try #require(outcome.output.firstMatch(of: /: ([0-9]+) stored/)?.1)
            #expect((1..<80).contains(Int(done) ?? 0), "\(outcome.output)")
            let rest = try await office.query(["quarantine", "replay"], environment: ["HOSO_CATALOGUE": "open"])
            #expect(rest["stored"] as? Int == 80 - (Int(done) ?? 0))
            try await office.expectDossiers(80)
        }
    }

    @Test func `A trace tells the whole way`() async throws {
        try await Office.open { office async throws in
            let lines = try await sample(1)
            #expect(try await office.run(["send", office.folder.write(joined(lines), to: "a.ndjson")]).status == 0)
            let code = try #require(lines[0].firstMatch(of: /"dossier_code":"([^"]+)"/)?.1)
            let listener = Task {
                try await office.run(["surveys", "listen", "--exec", "/bin/true"])
            }
            defer { listener.cancel() }
            let way = [
                "accepted", "sent", "received", "validated", "stored", "survey_task", "receipted",
                "survey_acknowledged", "counted",
            ]
            try await office.until("the way is whole") {
                let events = try await office.query(["trace", String(code)])["events"] as? [[String: Any]]
                return Set(events?.compactMap { $0["event"] as? String } ?? []) == Set(way)
            }
            let events = try #require(try await office.query(["trace", String(code)])["events"] as? [[String: Any]])
            #expect(events.map { $0["event"] as? String ?? "" }.prefix(6) == way.prefix(6))
            #expect(events.first { $0["event"] as? String == "sent" }?["tries"] as? Int == 1)
            let counted = events.first { $0["event"] as? String == "counted" }?["detail"] as? String ?? ""
            #expect(counted.hasPrefix("+1 2022-01-"), "\(counted)")
        }
    }

    @Test func `A day is closed with equal counts, and one that differs is told to the unit`() async throws {
        try await Office.open { office async throws in
            var lines = try await sample(30)
            lines[3] = lines[3].replacing(/"channel":"[a-z_]+"/, with: #""channel":"pigeon""#)
            #expect(try await office.run(["send", office.folder.write(joined(lines), to: "a.ndjson")]).status == 65)
            let closed = try await office.run(["agent", "close-day"])
            #expect(closed.status == 0 && closed.output.contains("30 entries  equal"), "\(closed.output)")
            #expect(try await office.run(["agent", "close-day"]).output.contains("nothing new"))
            let manifest = try #require((try await office.balance()["manifests"] as? [[String: Any]])?.first)
            #expect(manifest["equal"] as? Bool == true && manifest["dossiers"] as? Int == 30)

            let more = try await sample(32).suffix(2)
            #expect(
                try await office.run(["send", office.folder.write(joined(Array(more)), to: "b.ndjson")]).status == 0)
            // A sender that counted one dossier which it never numbered.
            try await office.spool("INSERT INTO tally VALUES ('postal', '1.000001', 1)")
            let differing = try await office.run(["agent", "close-day"])
            #expect(differing.status == 65 && differing.output.contains("postal/1.000001"), "\(differing.output)")
            #expect(differing.output.contains("sender=1,centre=0"))
            let reconciled = try await office.run(["reconcile"])
            #expect(reconciled.status == 1 && reconciled.output.contains("Postal · 1.000001: sender 1, centre 0"))
            let days = try await office.query(["agent", "days"])["days"] as? [[String: Any]]
            #expect(days?.compactMap { $0["state"] as? String } == ["differs", "equal"])
        }
    }

    @Test func `The agent closes by itself a day that is over`() async throws {
        try await Office.open(environment: ["HOSO_SENDER_CLOSES_AT": "00:00"]) { office async throws in
            #expect(
                try await office.run(["send", office.folder.write(joined(try await sample(5)), to: "a.ndjson")]).status
                    == 0)
            // As if they had been accepted the day before.
            try await office.spool("UPDATE closing SET since = since - 86400000000")
            try await office.until("the day is closed and equal") {
                let days = try await office.query(["agent", "days"])["days"] as? [[String: Any]]
                return days?.first?["state"] as? String == "equal"
            }
        }
    }

    private func sample(_ count: Int) async throws -> [String] {
        try await Program.run(["sample", "--count", "\(count)"]).output.split(separator: "\n").map(String.init)
    }

    private func joined(_ lines: [String]) -> String { lines.joined(separator: "\n") + "\n" }

    private func write(_ lines: [String], to path: String) throws {
        try Data(joined(lines).utf8).write(to: URL(fileURLWithPath: path + ".part"))
        try FileManager.default.moveItem(atPath: path + ".part", toPath: path)
    }
}

extension Office {
    /// The balance of the only sender.
    fileprivate func balance() async throws -> [String: Any] {
        let outcome = try await run(["reconcile", "--format", "json"])
        let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
        return (object?["senders"] as? [[String: Any]])?.first ?? [:]
    }

    fileprivate func total() async throws -> [String: Any] {
        try await query(["adoption"])["total"] as? [String: Any] ?? [:]
    }

    /// Waits until so many dossiers are counted, and recounts.
    func expectDossiers(_ count: Int) async throws {
        try await until("\(count) dossiers are counted") { try await total()["total"] as? Int == count }
        let verified = try await run(["adoption", "verify"])
        #expect(verified.status == 0, "\(verified.output)")
    }

    /// Changes the spool as nobody should.
    fileprivate func spool(_ sql: String) async throws {
        let path = folder.path + "/data/senders/local.sqlite"
        let outcome = try await Program.run(
            [
                "-c", "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], 30); c.execute(sys.argv[2]); c.commit()",
                path, sql,
            ],
            program: "/usr/bin/python3")
        #expect(outcome.status == 0, "\(outcome.error)")
    }
}
