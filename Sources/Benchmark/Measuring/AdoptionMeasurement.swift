import Postgres
import Store
import Subprocess
import SystemPackage

/// Questions to a roll-up of ten years, by the code that answers them in life, and by the whole command.
struct AdoptionMeasurement: Sendable {
    let site: BenchmarkSite
    let plan: BenchmarkPlan

    /// A question.
    private struct Question: Sendable {
        let text: String
        let dimensions: [Dimension]
        let units: [String]
        let arguments: [String]
    }

    private static let oneUnit = Question(
        text: "month,channel of one unit", dimensions: [.month, .channel], units: [RollUp.firstUnit],
        arguments: ["--by", "month,channel", "--unit", RollUp.firstUnit])
    private static let allUnits = Question(
        text: "unit,month of all", dimensions: [.unit, .month], units: [], arguments: ["--by", "unit,month"])

    func run() async throws -> AdoptionFigures {
        site.say("Tra cứu mười năm …", "Questions to ten years …")
        return try await site.withDatabase("adoption") { database in
            let session = try site.session(database)
            try await RollUp(shape: plan.rollUp).make(session)
            let (rows, rowsOfUnit) = try await session.perform { connection in
                var parameters = Parameters()
                parameters.append(RollUp.firstUnit)
                let result = try await connection.run(
                    "SELECT count(*), count(*) FILTER (WHERE unit = $1) FROM hoso.adoption", parameters,
                    as: "count the roll-up", within: .seconds(60))
                return (result.int64(0, 0), result.int64(0, 1))
            }
            return AdoptionFigures(
                rows: rows, rowsOfUnit: rowsOfUnit,
                oneUnit: try await ask(Self.oneUnit, plan.questions, session, database),
                // A tenth of the times: each takes as long as all rows take.
                allUnits: try await ask(Self.allUnits, max(3, plan.questions / 10), session, database))
        }
    }

    private func ask(
        _ question: Question, _ times: Int, _ session: DatabaseSession, _ database: String
    ) async throws -> QuestionFigures {
        let durations = try await session.perform { connection in
            let query = AdoptionQuery(connection)
            var durations: [Double] = []
            for _ in 0..<times {
                let start = ContinuousClock.now
                _ = try await query.groups(by: question.dimensions, from: nil, to: nil, units: question.units)
                durations.append(start.duration(to: .now).seconds * 1_000)
            }
            return durations
        }
        var commands: [Double] = []
        for _ in 0..<3 { commands.append(try await command(question.arguments, database)) }
        return QuestionFigures(
            question: question.text, times: times,
            p50Milliseconds: Statistics.rounded(Statistics.median(durations)),
            p99Milliseconds: Statistics.rounded(Statistics.percentile(99, of: durations)),
            commandMilliseconds: Statistics.rounded(Statistics.median(commands)))
    }

    /// Milliseconds that `hoso adoption` takes.
    private func command(_ arguments: [String], _ database: String) async throws -> Double {
        let start = ContinuousClock.now
        let result = try await Subprocess.run(
            .path(FilePath(site.program)),
            arguments: Arguments(["adoption", "--config", site.configuration, "--format", "json"] + arguments),
            environment: .inherit.updating(["HOSO_DATABASE_URL": site.url(database)]), input: .none,
            output: .string(limit: 256 << 20), error: .string(limit: 65_536))
        guard result.terminationStatus == .exited(0) else {
            throw BenchmarkError(.commandFailed(command: "hoso adoption", status: "\(result.terminationStatus)"))
        }
        return start.duration(to: .now).seconds * 1_000
    }
}
