import Settings
import Postgres
import Store

/// Puts dossiers into a database without the pipeline: as fast as PostgreSQL takes them.
struct DatabaseFill: Sendable {
    let site: BenchmarkSite
    let database: String

    /// Stores so many dossiers more, over two connections.
    func add(_ count: Int, seed: UInt64) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, share) in [count / 2, count - count / 2].enumerated() where share > 0 {
                group.addTask { try await store(share, seed: seed + UInt64(index)) }
            }
            try await group.waitForAll()
        }
    }

    /// What autovacuum would have done in the time that so many dossiers take in life; left to itself, it would run now,
    /// beside what is measured.
    func settle() async throws {
        try await site.session(database).perform { connection in
            try await connection.runScript("SET statement_timeout = 0", as: "allow time", within: .seconds(10))
            for table in ["dossier", "intake", "survey_task"] {
                try await connection.runScript(
                    "VACUUM (ANALYZE) hoso.\(table)", as: "vacuum what was filled in", within: .seconds(300))
            }
            // Every size begins with an empty log.
            try await connection.runScript("CHECKPOINT", as: "checkpoint", within: .seconds(300))
        }
    }

    private func store(_ count: Int, seed: UInt64) async throws {
        try await site.session(database).perform { connection in
            let sender = try await SenderDirectory(connection).register("fill-\(seed)")
            var supply = DossierSupply(
                count: count, seed: seed, zone: site.settings.zone, survey: site.settings.survey)
            var rows = AcceptedRows()
            var first: UInt64 = 1
            while true {
                try Task.checkCancellation()
                let entries = try supply.entries(1_000, first: first, sender: sender, epoch: seed)
                if entries.isEmpty { return }
                _ = try await connection.commit(
                    copying: rows.tables(entries, entries.indices), as: "fill the database", within: .seconds(60))
                first += UInt64(entries.count)
            }
        }
    }
}
