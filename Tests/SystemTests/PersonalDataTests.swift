import Foundation
import Observability
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// Personal data as it goes through the whole of a centre: who sees it, and where nothing of it may be found.
@Suite(.takingTurns) struct PersonalDataTests {
    /// What nobody is called, and what nobody's number is: made up for looking for it afterwards.
    private static let names = ["Canary Mot", "Canary Hai", "Canary Ba", "Canary Bon", "Canary Nam", "Canary Sau"]
    private static let ids = ["068045060533", "068099060534"]
    private static let phones = ["0998703870", "0998703871"]

    /// Lines of a file: stored, quarantined for different faults, and a conflict.
    private static func lines() -> [String] {
        func line(
            _ number: Int, name: String, id: String = ids[0], phone: String = phones[0], channel: String = "postal",
            more: String = ""
        ) -> String {
            """
            {"dossier_code":"H36.26-220301-\(1_000 + number)","received_at":"2022-03-01T09:00:00+07:00","unit":"H36.26",\
            "procedure":"1.004194","channel":"\(channel)","applicant_kind":"citizen","applicant_id":"\(id)",\
            "applicant_name":"\(name)","applicant_phone":"\(phone)"\(more)}
            """
        }
        return [
            line(1, name: names[0]), line(2, name: names[1], id: ids[1], phone: phones[1]),
            // Quarantined, for what is not personal and for what is.
            line(3, name: names[2], channel: "pigeon"), line(4, name: names[3], phone: "\(phones[0]) \(names[3])"),
            line(5, name: names[4], id: "\(ids[1])7"), line(6, name: String(repeating: names[5], count: 60)),
            // Another one under the first code, and a date that nobody can read.
            line(1, name: names[2]), line(7, name: names[0], more: #","due_at":"\#(names[0])""#),
        ]
    }

    private static var planted: [String] { names + ids + phones + phones.map { "+84" + $0.dropFirst() } }

    /// The values among what a text or file says.
    private static func found(in data: Data) -> [String] {
        planted.filter { data.range(of: Data($0.utf8)) != nil }
    }

    private func files(below path: String) -> [String] {
        let files = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
        return files.map { "\(path)/\($0)" }.filter { name in
            (try? FileManager.default.attributesOfItem(atPath: name))?[.type] as? FileAttributeType == .typeRegular
        }
    }

    @Test func `Nothing of a person is in logs, answers, errors or the database, and who may see it does`() async throws
    {
        let folder = try TemporaryFolder()
        var answers: [(what: String, data: Data)] = []
        try await Office.open(environment: ["HOSO_SURVEY_QUIET_DAYS": "30"], in: folder) { office async throws in
            let file = try folder.write(Self.lines().joined(separator: "\n") + "\n", to: "canary.ndjson")
            let sent = try await office.run(["send", file])
            #expect(sent.status == 65, "\(sent.output)\(sent.error)")
            try await office.expectDossiers(2)
            let contacts = try await contacts(of: 2, office)
            #expect(contacts.contains(Self.names[0]) && contacts.contains("+84998703871"), "\(contacts)")

            let code = "H36.26-220301-1001"
            for command in [
                ["quarantine"], ["quarantine", "list", "--entries"],
                ["quarantine", "list", "--entries", "--format", "json"],
                ["quarantine", "show", "1"], ["quarantine", "show", "2", "--format", "json"],
                ["quarantine", "show", "5"],
                ["quarantine", "replay", "--dry-run"], ["quarantine", "replay"], ["trace", code], ["reconcile"],
                ["adoption"], ["adoption", "verify"], ["adoption", "explain"], ["adoption", "diff", "2020-01-01"],
                ["status"],
                ["status", "--format", "json"], ["retention"], ["receipt", code], ["audit"], ["sender", "list"],
                ["applicant", "H36.26-220301-9999", "--because", "no such code"],
            ] {
                let outcome = try await office.run(command)
                answers.append((command.joined(separator: " "), Data((outcome.output + outcome.error).utf8)))
            }
            let metrics = try await HealthClient().get(
                "/metrics", from: folder.path + "/data/run/health/operations.sock")
            #expect(metrics.status == 200)
            answers.append(("/metrics", Data(metrics.body.utf8)))
            // A dump in plain text; values of bytes stand in it in hexadecimal.
            let settings = try String(contentsOfFile: office.configuration, encoding: .utf8)
            let url = try #require(settings.firstMatch(of: /url: "([^"]+)"/)).1
            let dump = try await Program.run(["--schema=hoso", "-d", String(url)], program: "/usr/bin/pg_dump")
            #expect(dump.status == 0 && dump.output.contains(code), "\(dump.error)")
            answers.append(("pg_dump", Data(dump.output.utf8)))
            for value in Self.planted {
                let digits = value.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
                #expect(!dump.output.contains(digits), "a dump has \(value) in hexadecimal")
            }
            // Its own spool has what was refused, for its own eyes; the sender's screen names no person.
            answers.append(("send", Data((sent.output + sent.error).utf8)))

            let shown = try await office.query(["applicant", code, "--because", "a test"])
            #expect(shown["applicant_name"] as? String == Self.names[0])
            #expect(shown["applicant_phone"] as? String == "+84998703870")
            let audit = try #require(try await office.query(["audit"])["accesses"] as? [[String: Any]])
            let actions = Set(audit.compactMap { $0["action"] as? String })
            #expect(actions == ["read", "survey", "replay"], "\(actions)")
            #expect(audit.first?["subject"] as? String == code && audit.first?["because"] as? String == "a test")
            // Who saw this citizen's data: by the dossier's code, whatever it was read for.
            let own = try #require(try await office.query(["audit", code])["accesses"] as? [[String: Any]])
            #expect(Set(own.compactMap { $0["action"] as? String }) == ["read", "survey", "replay"], "\(own)")
            for name in ["worker", "broker", "surveys", "agent", "aggregator"] {
                let process = try #require(office.children(name).first)
                let limits = try String(contentsOfFile: "/proc/\(process)/limits", encoding: .utf8)
                #expect(limits.contains(#/Max core file size +0 +0 /#), "\(name) may leave its memory behind")
            }
            #expect(try await office.run(["worker"], environment: ["HOSO_PERSONAL_KEYS": ""]).status == 78)
        }
        for (what, data) in answers { #expect(Self.found(in: data) == [], "hoso \(what)") }
        let written = files(below: folder.path + "/data/postgres") + files(below: folder.path + "/data/log")
        #expect(written.count > 100)
        for path in written + [folder.path + "/up.log"] {
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            #expect(Self.found(in: data) == [], "\(path)")
        }
        // That the search finds what is there.
        let spool = files(below: folder.path + "/data/senders").map { try? Data(contentsOf: URL(fileURLWithPath: $0)) }
        #expect(spool.contains { $0.map { Self.found(in: $0) != [] } ?? false })
    }

    /// What the survey senders of an office are told of its tasks.
    private func contacts(of count: Int, _ office: Office) async throws -> String {
        let outcome = try await Program.run(["surveys", "listen", "--config", office.configuration]) { running in
            try await office.until("the tasks are there") {
                running.log.split(separator: "\n").count { $0.contains("dossier_code") } >= count
            }
            try await running.end(by: SIGTERM)
        }
        return outcome.output
    }

    @Test func `A dossier is erased: who handed it in is gone, everything else still holds`() async throws {
        try await Office.open { office async throws in
            let file = try office.folder.write(Self.lines().joined(separator: "\n") + "\n", to: "canary.ndjson")
            _ = try await office.run(["send", file])
            try await office.expectDossiers(2)
            let code = "H36.26-220301-1001"
            let erased = try await office.run(["erase", code, "--because", "the citizen asked for it"])
            #expect(erased.status == 0 && erased.output.contains("dossiers 1, quarantined entries 1"), "\(erased)")
            #expect(try await office.run(["erase", code, "--because", "again"]).output.contains("was erased before"))
            #expect(try await office.run(["erase", "H36.26-220301-9999", "--because", "slip"]).status == 1)
            #expect(try await office.run(["erase", code]).status == 64, "without a reason")
            let shown = try await office.query(["applicant", code, "--because", "a look"])
            #expect(shown["erased"] as? Bool == true && shown["applicant_name"] is NSNull)
            // Figures, chains and receipts.
            try await office.expectDossiers(2)
            #expect(try await office.run(["adoption", "verify"]).status == 0)
            #expect(try await office.run(["reconcile"]).status == 0)
            let path = office.folder.path + "/receipt"
            // It is kept with the next transaction, or after a second without one.
            try await office.until("the receipt is kept") {
                try await office.run(["receipt", code, "--out", path]).status == 0
            }
            let verified = try await office.run(["verify-receipt", path])
            #expect(verified.status == 0, "\(verified.output)\(verified.error)")
            // The same file once more brings nothing back.
            let again = try await office.run(["send", file])
            #expect(again.output.contains("2 duplicate"), "\(again.output)")
            let after = try await office.query(["applicant", code, "--because", "a look"])
            #expect(after["applicant_name"] is NSNull)
            let audit = try await office.run(["audit", code, "--language", "vi"])
            #expect(
                audit.output.contains("xóa") && audit.output.contains("the citizen asked for it"), "\(audit.output)")
        }
    }

    @Test func `The key is changed: what was sealed opens with the new one, and the old one can go`() async throws {
        try await Office.open { office async throws in
            let file = try office.folder.write(Self.lines().joined(separator: "\n") + "\n", to: "canary.ndjson")
            _ = try await office.run(["send", file])
            try await office.expectDossiers(2)
            let code = "H36.26-220301-1002", old = office.folder.path + "/data/keys/personal"
            let new = office.folder.path + "/data/keys/personal-2"
            #expect(try await Program.run(["keygen", new, "--for", "personal"]).status == 0)
            let newOnly = ["HOSO_PERSONAL_KEYS": new], both = ["HOSO_PERSONAL_KEYS": "\(new),\(old)"]
            let look = ["applicant", code, "--because", "a look"]
            let early = try await office.run(look, environment: newOnly)
            #expect(early.status == 78 && early.error.contains("not among personal.keys"), "\(early.error)")
            // A worker whose keys do not fit neither stores nor makes a secret of its own.
            let stranger = try await office.run(["worker"], environment: newOnly)
            #expect(stranger.status == 78 && stranger.error.contains("not among personal.keys"), "\(stranger.error)")
            let resealed = try await office.run(["reseal"], environment: both)
            #expect(
                resealed.status == 0 && resealed.output.contains("2 dossiers, 6 quarantined entries"), "\(resealed)")
            #expect(try await office.run(["reseal"], environment: both).output.contains("0 dossiers, 0 quarantined"))
            let name = try await office.query(look, environment: newOnly)["applicant_name"] as? String
            #expect(name == Self.names[1])
            #expect(try await office.run(["quarantine", "show", "1"], environment: newOnly).status == 0)
            let oldOnly = try await office.run(look, environment: ["HOSO_PERSONAL_KEYS": old])
            #expect(oldOnly.status == 78)
        }
    }
}
