import Adoption
import ArgumentParser
import Demonstration
import Dossiers
import Foundation
import Mapping
import Postgres
import Settings
import Store
import Surveys

/// The demo: hands in a year of Lâm Hà through two agents, and compares what comes out with what was sent.
struct Demo: Sendable {
    private let place: Installation
    private let settings: HosoSettings
    private let year = LamHaYear()
    private let session: DatabaseSession

    init(place: Installation, settings: HosoSettings) throws {
        self.place = place
        self.settings = settings
        session = try DatabaseSession(settings.database("demo"))
    }

    /// The agents that take part.
    var senders: [String] { ["post-office", "portal"] }

    /// Adds the catalogues and puts the files into the drop folders.
    func prepare() async throws {
        let units = LamHa.units.map { CatalogueTable.Unit(code: $0.code, name: $0.name, kind: $0.kind) }
        let procedures = LamHa.procedures.map { procedure in
            CatalogueTable.Procedure(
                code: procedure.code, title: procedure.title, sector: procedure.sector,
                onlineLevel: OnlineLevel(code: procedure.onlineLevel)?.rawValue)
        }
        let isUsed = try await session.perform { connection in
            try await CatalogueTable(connection).add(units: units, procedures: procedures)
            return try await !Reconciliation(connection).balances().isEmpty
        }
        if isUsed {
            Console.error("hoso: \(place.folder) holds dossiers already; the demo needs an empty --data folder")
            throw ExitCode(78)
        }
        for file in year.files { try write(file) }
    }

    private func write(_ file: LamHaYear.File) throws {
        let inbox = place.inbox(of: file.sender)
        try FileManager.default.createDirectory(atPath: inbox, withIntermediateDirectories: true)
        var data = Data()
        for submission in file.submissions { data.append(contentsOf: submission.nativeLine()) }
        let path = inbox + "/" + file.name
        try data.write(to: URL(fileURLWithPath: path + ".part"))
        try FileManager.default.moveItem(atPath: path + ".part", toPath: path)
    }

    /// Waits until everything has arrived, prints the figures, and says whether they are the expected ones.
    func run() async throws -> Bool {
        let listener = try SurveyListener(
            endpoint: settings.surveyEndpoint, credit: 4_000, logger: .silent, carryOut: { _ in true })
        let finding = try await withThrowingTaskGroup(of: DemoFinding?.self) { group in
            group.addTask {
                try await listener.run()
                return nil
            }
            group.addTask { try await watch() }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
        finding.lines(in: settings.language).forEach(Console.line)
        let problems = finding.differences(from: year.expectation)
        for problem in problems { Console.error("✗ \(problem)") }
        if problems.isEmpty {
            Console.line(
                settings.language == .vietnamese
                    ? "✓ Mọi số liệu khớp với dữ liệu đã gửi." : "✓ Every figure agrees with what was sent.")
        }
        return problems.isEmpty
    }

    private func watch() async throws -> DemoFinding {
        let expected = year.expectation
        let zone = settings.zone.identifier
        var progress = DemoProgress(total: expected.sent, language: settings.language)
        let deadline = ContinuousClock.now.advanced(by: .seconds(600))
        while true {
            let state = try await session.perform { connection in try await DemoState(connection) }
            progress.show(state)
            if state.isFinished(expected.sent) || deadline < .now { break }
            try await Task.sleep(for: .milliseconds(200))
        }
        progress.finish()
        return try await session.perform { connection in try await DemoFinding(connection, timeZone: zone) }
    }
}

/// How far the demo is.
struct DemoState: Sendable {
    let received: Int64
    let backlog: Int64
    let tasks: Int64
    let delivered: Int64

    init(_ connection: Connection) async throws(PostgresError) {
        let balances = try await Reconciliation(connection).balances()
        received = balances.reduce(0) { $0 + $1.stored + $1.duplicate + $1.quarantined }
        backlog = try await Fold(connection).backlog()
        (tasks, delivered) = try await Outbox(connection).counts()
    }

    func isFinished(_ sent: Int) -> Bool { received >= Int64(sent) && backlog == 0 && delivered == tasks }
}

/// The line that shows how far the demo is.
struct DemoProgress {
    private let total: Int
    private let language: Language

    init(total: Int, language: Language) {
        self.total = total
        self.language = language
    }

    mutating func show(_ state: DemoState) {
        guard Console.isWatched else { return }
        let filled = min(24, Int(state.received) * 24 / max(total, 1))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
        let text =
            language == .vietnamese
            ? "\(bar) đã nhận \(state.received)/\(total) · chưa tổng hợp \(state.backlog) · khảo sát \(state.delivered)/\(state.tasks)  "
            : "\(bar) received \(state.received)/\(total) · to fold \(state.backlog) · surveys \(state.delivered)/\(state.tasks)  "
        Console.write("\r" + text, to: .standardError)
    }

    func finish() {
        if Console.isWatched { Console.write("\n", to: .standardError) }
    }
}
