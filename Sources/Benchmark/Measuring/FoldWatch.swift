import Postgres
import Store
import Synchronization

/// Looks for the oldest committed ledger row that is not in the figures.
struct FoldWatch {
    private let connection: Connection

    init(_ connection: Connection) { self.connection = connection }

    /// Its number and its age in microseconds, counted from the start of its transaction; `nil` when all are folded.
    func ageOfOldest() async throws(PostgresError) -> (position: Int64, microseconds: Int64)? {
        let result = try await connection.run(
            """
            SELECT i.id, (extract(epoch FROM clock_timestamp() - i.recorded_at) * 1000000)::bigint
            FROM hoso.fold f CROSS JOIN LATERAL (
                SELECT id, recorded_at FROM hoso.intake n WHERE (n.xid, n.id) > (f.xid, f.id)
                ORDER BY n.xid, n.id LIMIT 1) i
            WHERE f.name = 'adoption'
            """, as: "look for the oldest row that is not folded")
        return result.count == 0 ? nil : (result.int64(0, 0), result.int64(0, 1))
    }
}

/// How far the figures lie behind the ledger, ten times per second.
final class LagRecorder: Sendable {
    private let samples = Mutex<[Double]>([])

    /// Samples until the task is cancelled.
    func record(_ site: BenchmarkSite, _ database: String) async throws {
        try await site.session(database).perform { connection in
            let fold = FoldWatch(connection)
            var next = ContinuousClock.now
            while !Task.isCancelled {
                do {
                    let age = try await fold.ageOfOldest()?.microseconds ?? 0
                    samples.withLock { $0.append(Double(age) / 1_000) }
                } catch {
                    if Task.isCancelled { return }
                    throw error
                }
                next = max(next.advanced(by: .milliseconds(100)), .now)
                try? await Task.sleep(until: next, clock: .continuous)
            }
        }
    }

    /// What was seen.
    var figures: LagFigures {
        let samples = samples.withLock { $0 }
        return LagFigures(
            samples: samples.count, medianMilliseconds: Statistics.rounded(Statistics.median(samples)),
            greatestMilliseconds: Statistics.rounded(samples.max() ?? 0))
    }
}
