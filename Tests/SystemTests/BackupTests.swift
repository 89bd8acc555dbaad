import Foundation
import Postgres
import Store
import TestSupport
import Testing

/// A backup, and what becomes of it in another cluster.
@Suite(.takingTurns) struct BackupTests {
    @Test func `What was backed up answers the same in another cluster, and goes on from there`() async throws {
        let folder = try TemporaryFolder()
        let backup = folder.path + "/backup"
        var before: [[String: String]] = []
        let sample = try await Program.run(["sample", "--count", "3000"])
        let lines = sample.output.split(separator: "\n")
        let first = try folder.write(
            lines.prefix(2_500).joined(separator: "\n") + "\n{\"dossier_code\":\"\"}\n", to: "a.ndjson")
        let rest = try folder.write(lines.suffix(500).joined(separator: "\n") + "\n", to: "b.ndjson")
        try await Office.open { office async throws in
            // Far above the numbers of a fresh cluster.
            try await office.burnTransactions(20_000)
            #expect(try await office.run(["send", first]).status == 65)
            try await office.until("everything is folded") { try await office.answers()["total"] == "2500" }
            before.append(try await office.answers())
            // What is closed lies in tables of its own, and is in the backup with the rest.
            try await office.endPeriod()
            try await office.until("a period is closed") {
                try await office.run(["retention", "--format", "json"]).output.contains("\"state\":\"closed\"")
            }
            #expect(try await office.answers() == before[0])
            let outcome = try await office.run(["backup", backup])
            #expect(outcome.status == 0, "\(outcome.error)")
            #expect(outcome.output.contains("2500 dossiers"))
            #expect(!outcome.output.contains(" 0 ledger rows"), "\(outcome.output)")
            #expect(try await office.run(["backup", backup]).status == 64, "an older backup stays")
            // Personal data lies sealed in it, like in the database.
            try Self.carryKeys(from: office.folder.path + "/data", to: folder.path)
        }
        #expect(try await Program.run(["restore", "--check", backup]).status == 0)

        try await Office.open { office async throws in
            try await office.until("all is well") { try await office.run(["status"]).status == 0 }
            let refused = try await office.run(["restore", backup])
            #expect(refused.status == 69 && refused.error.contains("stop the services"), "\(refused.error)")
        }
        let second = try TemporaryFolder()
        try await Self.restore(backup, keys: folder.path, into: second)
        try await Office.open(in: second) { office async throws in
            #expect(try await office.answers() == before[0])
            let periods = try await office.run(["retention", "--dry-run", "--format", "csv"])
            #expect(periods.status == 0 && periods.output.contains(",closed,"), "\(periods.error)")
            #expect(try await office.run(["adoption", "verify"]).status == 0)
            let code = try #require(lines[7].firstMatch(of: /"dossier_code":"([^"]+)"/)).1
            let applicant = try await office.run(["applicant", String(code), "--because", "a rehearsal"])
            #expect(applicant.status == 0, "\(applicant.error)")
            #expect(try await office.run(["send", rest]).status == 0)
            try await office.until("everything is folded") { try await office.answers()["total"] == "3000" }
            #expect(try await office.run(["adoption", "verify"]).status == 0)
            let refused = try await office.run(["restore", backup])
            #expect(refused.status == 69 && refused.error.contains("stop the services"), "\(refused.error)")
        }
    }

    @Test func `A backup that is not as it was written is refused`() async throws {
        let folder = try TemporaryFolder()
        let backup = folder.path + "/backup"
        try await Office.open { office async throws in
            #expect(try await office.run(["backup", backup]).status == 0)
        }
        #expect(try await Program.run(["restore", "--check", folder.path]).status == 65)
        let file = backup + "/dump/toc.dat"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(fileURLWithPath: file))
        let outcome = try await Program.run(["restore", "--check", backup])
        #expect(outcome.status == 65 && outcome.error.contains("toc.dat"))
    }

    /// The keys of the first centre, for the second one, in place of those that it would make.
    private static func carryKeys(from data: String, to folder: String) throws {
        try FileManager.default.copyItem(atPath: data + "/keys", toPath: folder + "/keys")
    }

    /// A cluster that has only just been made, with the backup in it: an office that is opened and ended has no data.
    private static func restore(_ backup: String, keys: String, into folder: TemporaryFolder) async throws {
        let data = folder.path + "/data"
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: keys + "/keys", toPath: data + "/keys")
        try await Office.open(in: folder) { office async throws in
            // Only the database stays: its supervisor is stopped, and the services are gone.
            kill(office.process, SIGSTOP)
            for name in ["agent", "worker", "broker", "aggregator", "surveys", "operations"] {
                for pid in office.children(name) { kill(pid, SIGKILL) }
            }
            try await office.until("no service is connected") {
                let outcome = try await office.run(["restore", backup])
                guard outcome.status != 69 else { return false }
                #expect(outcome.status == 0, "\(outcome.error)")
                return true
            }
            kill(office.process, SIGCONT)
        }
    }
}

extension Office {
    /// Uses up numbers of transactions.
    fileprivate func burnTransactions(_ count: Int) async throws {
        try await runScript(
            "DO $$ BEGIN FOR i IN 1..\(count) LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$")
    }

    /// Lets the time of the open period be over.
    fileprivate func endPeriod() async throws {
        try await runScript(
            """
            UPDATE hoso.retention SET period_months = 1;
            UPDATE hoso.period SET began_at = now() - interval '2 months' WHERE closed_at IS NULL
            """)
    }

    private func runScript(_ sql: String) async throws {
        let settings = try String(contentsOfFile: configuration, encoding: .utf8)
        let url = try #require(settings.firstMatch(of: /url: "([^"]+)"/)).1
        try await DatabaseSession(DatabaseAddress(url: String(url), program: "hoso-test")).perform { connection in
            try await connection.runScript(sql, as: "prepare", within: .seconds(60))
        }
    }

    /// What the queries say, as text.
    fileprivate func answers() async throws -> [String: String] {
        var answers: [String: String] = [:]
        let report = try await query(["adoption", "--by", "year,unit,channel"])
        answers["total"] = ((report["total"] as? [String: Any])?["total"] as? Int).map(String.init)
        answers["adoption"] = try await run(["adoption", "--by", "month,unit", "--format", "csv"]).output
        answers["reconcile"] = try await run(["reconcile", "--format", "csv"]).output
        answers["quarantine"] = try await run(["quarantine", "list", "--format", "csv"]).output
        return answers
    }
}
