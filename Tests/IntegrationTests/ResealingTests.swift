import Demonstration
import Dossiers
import IntakeProtocol
import PersonalData
import Postgres
import Spool
import Store
import TestSupport
import Testing
import Worker

/// What becomes of personal data that an earlier version has stored, and of what another key has sealed.
@Suite(.takingTurns) struct ResealingTests {
    private static let old = "Ka Ví Tám"

    /// Puts a database into the state that an earlier version has left, by hand.
    private func turnBack(_ centre: Centre) async throws {
        try await centre.session.perform { connection in
            try await connection.runScript(
                """
                UPDATE hoso.dossier SET personal = NULL, applicant_name = 'Ka Ví Tám', applicant_id = '068045060533',
                    content = sha256(convert_to(code, 'UTF8'));
                INSERT INTO hoso.unsealed_dossier SELECT code, content FROM hoso.dossier;
                INSERT INTO hoso.survey_contact (person, asked_on) VALUES (sha256('x'), '2022-03-01');
                INSERT INTO hoso.quarantine (
                    sender, epoch, sequence, content_type, outcome, digest, body, reasons, root_epoch, root_sequence)
                VALUES (1, 1, 1, 2, 3, sha256('y'), '\\x7b7d', '[]', 1, 1);
                """, as: "turn back", within: .seconds(10))
        }
    }

    private func reseal(_ centre: Centre, _ vault: Vault) async throws -> Resealing.Progress {
        try await centre.session.perform { connection in
            _ = try await connection.run("SET ROLE hoso_operations", as: "act")
            var resealing = try await Resealing(connection, vault: vault)
            let progress = try await resealing.run(byWhom: "test") { _ in true }
            _ = try await connection.run("RESET ROLE", as: "act")
            return progress
        }
    }

    @Test func `What an earlier version has in plain text is sealed, hashed again and still recognised`() async throws {
        let centre = try await Centre()
        let spool = try centre.spool("office")
        try spool.accept(SampleSubmissions(count: 30, seed: 1))
        try await centre.run([try await centre.broker(), try centre.worker(), try centre.courier(spool)]) {
            try await Centre.until("it is settled") { try spool.isSettled }
        }
        try await turnBack(centre)
        #expect(try await centre.session.perform { try await ApplicantTable($0).unsealed() } == 32)
        let before = try await centre.session.perform { connection in
            try await connection.run("SELECT code, content FROM hoso.dossier ORDER BY code LIMIT 1", as: "look").bytes(
                0, 1)
        }
        let progress = try await reseal(centre, Centre.vault)
        #expect(progress.dossiers == 30 && progress.entries == 1 && progress.contacts == 1 && progress.isDone)
        #expect(try await centre.session.perform { try await ApplicantTable($0).unsealed() } == 0)
        #expect(try await centre.count("dossier", where: "applicant_name IS NOT NULL OR personal IS NULL") == 0)
        #expect(try await centre.count("survey_contact", where: "person = sha256('x')") == 0)
        #expect(try await centre.count("survey_contact", where: "is_keyed AND asked_on = '2022-03-01'") == 1)
        let (row, content, sealed) = try await centre.session.perform { connection in
            let result = try await connection.run(
                "SELECT code, content FROM hoso.dossier ORDER BY code LIMIT 1", as: "look")
            let row = try await ApplicantTable(connection).find(result.string(0, 0))
            return (row, result.bytes(0, 1), try await HashSecret(connection).sealed { [] })
        }
        let found = try #require(row)
        let details = ApplicantDetails(
            try Centre.vault.open(try #require(found.personal), for: .dossier(found.code)))
        #expect(details?.name == Self.old && details?.id == "068045060533")
        let hash = try Protection(Centre.vault, sealedSecret: sealed).hash
        #expect(try content == hash(#require(Digest(before))).bytes, "the same dossier is known as a duplicate")
        let entry = try await centre.session.perform { connection in
            try await QuarantineTable(connection).entries(.init(), limit: 10, withBodies: true)
        }
        #expect(try entry.first?.opened(by: Centre.vault) == Array("{}".utf8))
        // Once more there is nothing to do.
        let again = try await reseal(centre, Centre.vault)
        #expect(again.dossiers == 0 && again.entries == 0 && again.contacts == 0 && again.isDone)
    }

    @Test func `A dossier that is revised meanwhile is not left behind`() async throws {
        let centre = try await Centre()
        let spool = try centre.spool("office")
        try spool.accept(SampleSubmissions(count: 5, seed: 1))
        try await centre.run([try await centre.broker(), try centre.worker(), try centre.courier(spool)]) {
            try await Centre.until("it is settled") { try spool.isSettled }
        }
        try await turnBack(centre)
        let rows = try await centre.session.perform { connection in
            try await ApplicantTable(connection).stale(after: "", key: Centre.vault.currentKey, limit: 10)
        }
        #expect(rows.count == 5)
        // Somebody else writes one of them between reading and writing.
        let stored = try await centre.session.perform { connection in
            _ = try await connection.run(
                "UPDATE hoso.dossier SET personal = '\\x01' WHERE code = (SELECT min(code) FROM hoso.dossier)",
                as: "revise")
            return try await ApplicantTable(connection).apply(
                rows.map { ApplicantTable.Change(row: $0, personal: [9], content: nil) })
        }
        #expect(stored == 4)
        #expect(try await centre.count("unsealed_dossier") == 1, "it is still to be done")
    }
}
