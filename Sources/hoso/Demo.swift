import ArgumentParser
import Demonstration
import Dossiers
import Foundation
import Mapping
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
        session = try DatabaseSession(settings.database("demo", as: nil))
    }

    /// The agents that take part.
    var senders: [String] { ["post-office", "portal"] }

    /// Adds the catalogues and puts the files into the drop folders, unless there are dossiers already.
    func prepare() async throws {
        let isUsed = try await session.perform { connection in
            try await !Reconciliation(connection).balances().isEmpty
        }
        guard !isUsed else {
            let sentence = settings.language.choose(
                "đã có hồ sơ; chạy thử cần một thư mục --data trống",
                "holds dossiers already; the demo needs an empty --data folder")
            Console.error("hoso: \(place.folder): \(sentence)")
            throw ExitCode(78)
        }
        try await addCatalogues()
        for file in year.files { try write(file) }
    }

    private func addCatalogues() async throws {
        let units = LamHa.units.map { CatalogueTable.Unit(code: $0.code, name: $0.name, kind: $0.kind) }
        let procedures = LamHa.procedures.map { procedure in
            CatalogueTable.Procedure(
                code: procedure.code, title: procedure.title, sector: procedure.sector,
                onlineLevel: OnlineLevel(code: procedure.onlineLevel)?.rawValue)
        }
        try await session.perform { connection in
            try await CatalogueTable(connection).add(units: units, procedures: procedures)
        }
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
        let problems = finding.differences(from: year.expectation, in: settings.language)
        for problem in problems { Console.error("✗ \(problem)") }
        if problems.isEmpty {
            Console.line(
                settings.language.choose(
                    "✓ Mọi số liệu khớp với dữ liệu đã gửi.", "✓ Every figure agrees with what was sent."))
        }
        return problems.isEmpty
    }

    private func watch() async throws -> DemoFinding {
        let expected = year.expectation
        let zone = settings.zone.identifier
        var progress = DemoProgress(total: expected.sent, language: settings.language)
        defer { progress.finish() }
        let deadline = ContinuousClock.now.advanced(by: .seconds(600))
        while true {
            let state = try await session.perform { connection in try await DemoState(connection) }
            progress.show(state)
            if state.isFinished(expected.sent) || deadline < .now { break }
            try await Task.sleep(for: .milliseconds(200))
        }
        return try await session.perform { connection in try await DemoFinding(connection, timeZone: zone) }
    }
}
