import Adoption
import ArgumentParser
import Dossiers
import Foundation
import Observability
import Polling
import Postgres
import Settings
import Store

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: """
            Shows how everything fares, on one screen; leaves with 1 when something needs a look · Tình hình chung.
            """)
    @OptionGroup var common: CommonOptions
    @Option(help: "table or json · Dạng kết quả.")
    var format = PlainFormat.table

    func run() async throws {
        let settings = try common.settings()
        try await reportingErrors(in: settings.language) {
            let services = await ServiceState.all(in: settings.healthSockets)
            let report = StatusReport(
                services: services, areServicesExpected: settings.healthSockets != nil,
                isHidden: settings.healthSockets.map {
                    getuid() != 0 && !FileManager.default.isReadableFile(atPath: $0)
                } ?? false,
                centre: try await centre(settings), language: settings.language)
            switch format {
            case .table: report.lines.forEach(Console.line)
            case .json: Console.line(report.json)
            }
            if !report.isWell { throw ExitCode(1) }
        }
    }

    /// Looks twice, a moment apart, which tells how fast what waits is getting less.
    private func centre(_ settings: HosoSettings) async throws -> StatusReport.Centre {
        // A machine with an agent only has no database, and nobody to ask about one.
        let standard = SettingKey.all.first { $0.name == "database.url" }?.standard
        if settings.databaseURL == standard, settings.senderKey != nil { return .elsewhere }
        let (clock, language) = (ContinuousClock(), settings.language)
        do {
            return try await DatabaseSession(settings.database("query", as: .read), patience: .seconds(5)).perform {
                connection in
                switch try await Migrator(connection).state() {
                case .current: break
                case .behind:
                    return .unreachable(
                        language.choose("thiếu lược đồ: hoso migrate", "it lacks migrations: hoso migrate"))
                case .ahead:
                    return .unreachable(language.choose("mới hơn chương trình này", "it is newer than this program"))
                }
                let (before, start) = (try await CentreState(connection), clock.now)
                guard before.senders.contains(where: { $0.waiting > 0 }) else { return .seen(before, drained: nil) }
                try await Task.sleep(for: .seconds(2))
                let after = try await CentreState(connection)
                let arrived =
                    after.senders.reduce(0) { $0 + $1.recorded } - before.senders.reduce(0) { $0 + $1.recorded }
                return .seen(after, drained: Double(arrived) / (start.duration(to: clock.now) / .seconds(1)))
            }
        } catch let error as PostgresError {
            return .unreachable("\(error)")
        }
    }
}

/// How a service of this machine fares.
struct ServiceState: Sendable {
    let name: String
    /// `ready`, `degraded`, `starting`, `stopping`, `stuck`, or `silent` when it does not answer.
    let state: String
    /// Why it is degraded.
    let reason: String?

    /// Asks the services whose sockets are in a folder.
    static func all(in folder: String?) async -> [ServiceState] {
        guard let folder else { return [] }
        let client = HealthClient()
        return await withTaskGroup(of: ServiceState.self) { group in
            for (name, path) in HealthClient.sockets(in: folder) { group.addTask { await ask(name, path, client) } }
            let states = await group.reduce(into: [ServiceState]()) { $0.append($1) }
            return states.sorted { $0.name < $1.name }
        }
    }

    private static func ask(_ name: String, _ path: String, _ client: HealthClient) async -> ServiceState {
        do {
            let answer = try await client.get("/health/ready", from: path)
            let fields = try JSONDecoder().decode([String: String].self, from: Data(answer.body.utf8))
            return ServiceState(name: name, state: fields["status"] ?? "silent", reason: fields["reason"])
        } catch {
            return ServiceState(name: name, state: "silent", reason: nil)
        }
    }
}
