import Postgres
import Store
import Synchronization

/// The pipeline with and without a transaction that is held open elsewhere, by turns.
///
/// The fold stands still behind such a transaction, and leaves its share of the processor to the pipeline meanwhile: what
/// shows here is whether storing suffers, not what the figures cost later.
struct HeldMeasurement: Sendable {
    let site: BenchmarkSite
    let plan: BenchmarkPlan

    func run() async throws -> HeldFigures {
        site.say("Giao dịch treo …", "A transaction held open …")
        return try await site.withDatabase("held") { database in
            let centre = try Centre(site: site, database: database)
            let spool = try BenchmarkSpool(site: site, sender: "held")
            let figures = try await centre.run { try await measure(centre, spool) }
            await spool.close()
            return figures
        }
    }

    private func measure(_ centre: Centre, _ spool: BenchmarkSpool) async throws -> HeldFigures {
        let burst = Burst(centre: centre, spool: spool)
        let holder = try site.session(centre.database)
        // The first one finds empty tables, and is not counted.
        _ = try await burst.run(plan.burst, seed: 200)
        var free: [Double] = []
        var held: [Double] = []
        for turn in 0..<UInt64(plan.bursts) {
            free.append(try await burst.run(plan.burst, seed: 201 + 2 * turn).receiptRate)
            held.append(try await receiptRate(burst, seed: 202 + 2 * turn, beside: holder))
        }
        let (freeRate, heldRate) = (Statistics.median(free), Statistics.median(held))
        return HeldFigures(
            burst: plan.burst, freeRate: freeRate, heldRate: heldRate,
            ratio: Statistics.rounded(freeRate > 0 ? heldRate / freeRate : 0))
    }

    /// The rate to the last receipt while a transaction with a number is open; it ends then, for the figures wait for it.
    private func receiptRate(_ burst: Burst, seed: UInt64, beside holder: DatabaseSession) async throws -> Double {
        let isHeld = Mutex(false)
        let times = try await burst.run(plan.burst, seed: seed) {
            try await holder.perform { connection in
                try await connection.runScript(
                    "SET idle_in_transaction_session_timeout = 0", as: "prepare", within: .seconds(10))
                try await connection.runScript(
                    "BEGIN; SELECT pg_current_xact_id()", as: "hold a transaction open", within: .seconds(10))
                isHeld.withLock { $0 = true }
                // Until the last receipt; the connection is closed with the transaction.
                try? await Task.sleep(for: .seconds(3_600))
            }
        }
        guard isHeld.withLock({ $0 }) else { throw BenchmarkError(.notObserved) }
        return times.receiptRate
    }
}
