import Foundation
import TestSupport
import Testing

/// That the oracle of the fault tests finds what they are there to find.
@Suite(.takingTurns) struct OracleTests {
    /// What is done to a centre in which all is well, and what the oracle must say of it.
    private static let plants = [
        ("UPDATE hoso.manifest SET cells = '[]'", "every day is closed with equal counts"),
        (
            "DELETE FROM hoso.survey_task WHERE id = (SELECT max(id) FROM hoso.survey_task)",
            "a task exists if and only if its dossier does"
        ),
        (
            """
            UPDATE hoso.adoption SET dossiers = dossiers + 1
            WHERE ctid = (SELECT ctid FROM hoso.adoption WHERE dossiers > 0 LIMIT 1)
            """, "the roll-up equals a recount"
        ),
        (
            "DELETE FROM hoso.dossier WHERE code = (SELECT min(code) FROM hoso.dossier)",
            "none is lost, none is twice"
        ),
        (
            "DELETE FROM hoso.intake WHERE id = (SELECT min(id) FROM hoso.intake WHERE outcome = 1)",
            "lost: receipted and not stored"
        ),
        (
            // In the ledger: what a sender says of its head, its next beat would say again.
            """
            UPDATE hoso.intake SET digest = decode(repeat('00', 32), 'hex')
            WHERE (sender, epoch, sequence) IN (
                SELECT sender, epoch, max(sequence) FROM hoso.intake GROUP BY sender, epoch)
            """, "chains agree"
        ),
        ("DELETE FROM hoso.quarantine", "centre: quarantined:"),
    ]

    @Test func `A lost dossier, a lost task, a wrong roll-up, a lost number and a broken chain are found`() async throws
    {
        try await Site.run { site in
            var numbers = SeededNumbers(seed: 5)
            var oracle = Oracle(site, dossiers: 900)
            while try oracle.drop(&numbers) {}
            _ = try await oracle.settle()
            for _ in 0..<Site.senders { try await oracle.closeDay(&numbers) }
            _ = try await oracle.settle()
            #expect(try await oracle.findings() == [])
            for (statement, finding) in Self.plants {
                let before = try await oracle.findings()
                #expect(!before.contains { $0.contains(finding) }, "not found before \(statement): \(before)")
                // Nothing of the site may mend or fold it meanwhile.
                try await site.sql("SET session_replication_role = replica; \(statement)")
                let after = try await oracle.findings()
                #expect(after.contains { $0.contains(finding) }, "\(statement): \(after)")
            }
        }
    }
}
