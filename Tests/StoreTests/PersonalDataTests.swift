import Dossiers
import Polling
import Postgres
import Store
import TestSupport
import Testing

/// What the database does about personal data; that it is sealed is the worker's business.
@Suite(.takingTurns) struct PersonalDataTests {
    private func erase(_ code: String, _ ledger: Ledger) async throws -> (dossiers: Int64, entries: Int64) {
        try await ledger.acting(as: .operations) {
            try await ApplicantTable(ledger.connection).erase(code, by: "tester", because: "asked for")
        }
    }

    private func personal(_ code: String, _ ledger: Ledger) async throws -> [UInt8]? {
        try await ledger.acting(as: .operations) { try await ApplicantTable(ledger.connection).find(code)?.personal }
    }

    @Test func `Erasing takes the applicant and what was quarantined, and nothing that is counted`() async throws {
        try await Ledger.perform { ledger async throws in
            _ = try await ledger.write([ledger.completeEntry(1, code: "A"), ledger.completeEntry(2, code: "B")])
            _ = try await ledger.quarantine(ledger.refused(3, salt: 0, outcome: .conflict, dossier: "A"))
            // Its code could not be read; it names the entry with which the dossier began.
            _ = try await ledger.quarantine(ledger.refused(4, salt: 0, outcome: .rejected, correcting: 1))
            _ = try await ledger.quarantine(ledger.refused(5, salt: 0, outcome: .rejected, dossier: "B"))
            try await ledger.foldAll()
            let before = try await Reconciliation(ledger.connection).balances()
            #expect(try await personal("A", ledger) == [1, 2, 255])
            let erased = try await erase("A", ledger)
            #expect(erased.dossiers == 1 && erased.entries == 2)
            #expect(try await personal("A", ledger) == nil)
            #expect(try await personal("B", ledger) != nil)
            let bodies = try await ledger.acting(as: .operations) {
                var selection = QuarantineTable.Selection()
                selection.includesClosed = true
                return try await QuarantineTable(ledger.connection).entries(selection, limit: 10, withBodies: true)
            }
            #expect(bodies.map { $0.body == nil } == [true, true, false])
            #expect(bodies.map(\.closure?.cause) == ["erased", "erased", nil])
            #expect(bodies.allSatisfy { $0.digest.count == 32 && $0.reasons.contains("channel_unknown") })
            #expect(try await ledger.isExact())
            #expect(try await Reconciliation(ledger.connection).balances() == before)
            let again = try await erase("A", ledger)
            #expect(again.dossiers == 0 && again.entries == 0)
            let rows = try await ledger.acting(as: .read) { try await AccessAudit(ledger.connection).rows(limit: 9) }
            #expect(rows.count == 1 && rows[0].action == "erase" && rows[0].subject == "A" && rows[0].entries == 3)
            #expect(rows[0].byWhom == "tester" && rows[0].because == "asked for")
        }
    }

    @Test func `What was erased is not brought back by a correction, and the correction counts`() async throws {
        try await Ledger.perform { ledger async throws in
            _ = try await ledger.write([ledger.completeEntry(1, code: "A"), ledger.completeEntry(2, code: "B")])
            _ = try await erase("A", ledger)
            let corrections = [
                ledger.revision(3, of: 1, code: "A", channel: .inPerson),
                ledger.revision(4, of: 2, code: "B", channel: .inPerson),
            ]
            #expect(try await ledger.revise(corrections) == [.recorded(.stored), .recorded(.stored)])
            #expect(try await ledger.channels() == [1: 2])
            #expect(try await personal("A", ledger) == nil)
            #expect(try await personal("B", ledger) == [4])
        }
    }

    @Test func `By its age personal data is erased only when a migration has said so, and the young stays`()
        async throws
    {
        try await Ledger.perform { ledger async throws in
            let young = Int32(WallClock.microseconds / 86_400_000_000)
            // One of 2022, one of today, and one of 2022 of which something happened today.
            _ = try await ledger.write([
                ledger.completeEntry(1, code: "OLD"), ledger.entry(2, code: "YOUNG", day: young),
                ledger.completeEntry(3, code: "ALIVE"),
            ])
            _ = try await ledger.quarantine(ledger.refused(4, salt: 0, outcome: .rejected))
            for sql in [
                "UPDATE hoso.dossier SET personal = '\\x09' WHERE code = 'YOUNG'",
                "UPDATE hoso.dossier SET returned_at = now() WHERE code = 'ALIVE'",
            ] { _ = try await ledger.connection.run(sql, as: "prepare") }
            let retention = Retention(ledger.connection)
            #expect(try await ledger.acting(as: .fold) { try await retention.erase() } == 0)
            try await retention.keep(Retention.Lengths(personalDays: 365))
            #expect(try await ledger.acting(as: .fold) { try await retention.erase() } == 1)
            #expect(try await ledger.acting(as: .fold) { try await retention.erase() } == 0)
            #expect(try await personal("OLD", ledger) == nil)
            #expect(try await personal("YOUNG", ledger) == [9])
            #expect(try await personal("ALIVE", ledger) != nil)
            #expect(try await ledger.open() == 1, "what was quarantined today stays")
            do {
                try await retention.keep(Retention.Lengths(personalDays: 7))
                Issue.record("a week was accepted")
            } catch {
                #expect("\(error)".contains("23514"), "\(error)")
            }
        }
    }

    @Test func `Of a quarantined entry nothing changes but its body`() async throws {
        try await Ledger.perform { ledger async throws in
            _ = try await ledger.quarantine(ledger.refused(1, salt: 0, outcome: .rejected))
            for sql in [
                "UPDATE hoso.quarantine SET reasons = '[]'", "UPDATE hoso.quarantine SET dossier = 'x'",
                "DELETE FROM hoso.quarantine", "TRUNCATE hoso.quarantine CASCADE",
            ] {
                do {
                    _ = try await ledger.connection.run(sql, as: "meddle")
                    Issue.record("\(sql) was let through")
                } catch {
                    #expect("\(error)".contains("42501"), "\(sql): \(error)")
                }
            }
            _ = try await ledger.connection.run("UPDATE hoso.quarantine SET body = '\\x01'", as: "seal anew")
            _ = try await ledger.connection.run("UPDATE hoso.quarantine SET body = NULL", as: "erase")
            do {
                _ = try await ledger.connection.run("UPDATE hoso.quarantine SET body = '\\x01'", as: "bring back")
                Issue.record("what was erased came back")
            } catch {
                #expect("\(error)".contains("42501"))
            }
        }
    }

    @Test func `Every process has the same hash secret, whoever made it`() async throws {
        let database = try await TestCluster.shared.migratedDatabase()
        let secrets = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for number in 0..<6 as Range<UInt8> {
                group.addTask {
                    try await DatabaseSession(database).perform { connection in
                        try await connection.acting(as: .ingest) {
                            try await HashSecret(connection).sealed { [number] }
                        }
                    }
                }
            }
            return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
        }
        #expect(secrets.count == 1 && secrets.first?.count == 1)
    }
}
