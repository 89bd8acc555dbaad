import Dossiers
import Postgres
import Spool
import Store
import Synchronization

/// The whole way of a backlog, with what its processes take and how far the figures lie behind.
struct PipelineMeasurement: Sendable {
    /// What one run showed.
    struct Outcome: Sendable {
        let pipeline: PipelineFigures
        let cost: CostFigures
        let lag: LagFigures
    }

    let site: BenchmarkSite
    let dossiers: Int

    func run() async throws -> Outcome {
        site.say("Pipeline: \(dossiers) hồ sơ …", "Pipeline: \(dossiers) dossiers …")
        return try await site.withDatabase("pipeline") { database in
            let centre = try Centre(site: site, database: database)
            let spool = try BenchmarkSpool(site: site, sender: "pipeline")
            let outcome = try await centre.run { try await measure(centre, spool) }
            await spool.close()
            return outcome
        }
    }

    private func measure(_ centre: Centre, _ spool: BenchmarkSpool) async throws -> Outcome {
        let session = try site.session(centre.database)
        let lag = LagRecorder()
        let census = CensusRecorder()
        let times = try await Burst(centre: centre, spool: spool).run(dossiers, seed: 1) {
            try await lag.record(site, centre.database)
        } atStart: {
            // The agent is not there yet, so that its whole life is counted.
            census.begin(try await session.perform { try await ProcessCensus.take($0) })
        } atEnd: {
            census.end(try await session.perform { try await ProcessCensus.take($0) })
        }
        let cost = try census.figures(dossiers)
        let figures = lag.figures
        // No verdict on what nobody looked at.
        guard figures.samples > 0, cost.largestOwnPeak > 0 else { throw BenchmarkError(.notObserved) }
        try await Exactness(session: session).check(dossiers, spool: spool)
        return Outcome(
            pipeline: PipelineFigures(
                dossiers: dossiers, receiptSeconds: Statistics.rounded(times.toReceipts.seconds),
                foldSeconds: Statistics.rounded(times.toFigures.seconds),
                receiptRate: times.receiptRate, foldRate: times.foldRate,
                logBytesPerDossier: cost.logBytesPerDossier), cost: cost, lag: figures)
    }
}

/// The processes before and after.
private final class CensusRecorder: Sendable {
    private let state = Mutex<(start: ProcessCensus?, end: ProcessCensus?)>((nil, nil))

    func begin(_ census: ProcessCensus) { state.withLock { $0.start = census } }
    func end(_ census: ProcessCensus) { state.withLock { $0.end = census } }

    func figures(_ dossiers: Int) throws(BenchmarkError) -> CostFigures {
        let (start, end) = state.withLock { $0 }
        guard let start, let end else { throw BenchmarkError(.notObserved) }
        return CostFigures(from: start, to: end, dossiers: dossiers)
    }
}

/// Makes sure that what was sent is what is there.
struct Exactness: Sendable {
    let session: DatabaseSession

    /// Compares the spool, the database and the figures with what was sent.
    /// - Throws: ``BenchmarkError`` at the first difference.
    func check(_ sent: Int, spool: BenchmarkSpool) async throws {
        let expected = Int64(sent)
        try Self.equal("receipts “stored”", try await spool.counts().stored, expected)
        let (stored, recount) = try await session.perform { connection in
            let stored = try await connection.run(
                "SELECT count(*) FROM hoso.intake WHERE outcome = 1 AND part = 0", as: "count the ledger")
            return (stored.int64(0, 0), try await Recount(connection).run())
        }
        try Self.equal("ledger rows", stored, expected)
        try Self.equal("dossiers", recount.dossiers, expected)
        guard recount.difference == nil else { throw BenchmarkError(.rollUpDiffers) }
    }

    private static func equal(_ what: String, _ found: Int64, _ expected: Int64) throws(BenchmarkError) {
        guard found == expected else { throw BenchmarkError(.inexact(what: what, expected: expected, found: found)) }
    }
}
