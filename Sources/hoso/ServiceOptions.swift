import ArgumentParser
import CoreMetrics
import Foundation
import Logging
import NIOPosix
import Observability
import Operations
import ServiceLifecycle
import Settings
import Supervision
import Systemd

/// Options of every service.
struct ServiceOptions: ParsableArguments {
    @OptionGroup var common: CommonOptions
    @Option(
        help: ArgumentHelp(
            "Name of this process in logs, metrics and the folder of health sockets · Tên tiến trình.",
            valueName: "name"))
    var instance: String?

    func validate() throws {
        guard let instance else { return }
        let isName =
            (1...64).contains(instance.utf8.count)
            && instance.utf8.allSatisfy { byte in
                (97...122).contains(byte) || (48...57).contains(byte) || [45, 46, 95].contains(byte)
            }
        guard isName, !instance.hasPrefix(".") else { throw ValidationError("--instance: 1 … 64: a-z 0-9 . _ -") }
    }
}

/// What every service has: its name, its log, its metrics, and who is told how it fares.
struct Observed {
    let name: String
    let vitals: Vitals
    let board: MetricsBoard
    let logger: Logger
    let settings: HosoSettings

    /// Begins to observe a service, once in a process.
    /// - Parameter kind: what it is, and its name unless it was given another.
    init(_ kind: String, _ options: ServiceOptions, _ settings: HosoSettings) {
        Lifeline.watch()
        name = options.instance ?? kind
        vitals = Vitals(manager: .current)
        board = MetricsBoard(service: name)
        MetricsSystem.bootstrap(board)
        logger = settings.logger(name)
        self.settings = settings
    }

    /// What is answered about it.
    var health: HealthRoutes { HealthRoutes(vitals, board, version: Program.version) }

    /// Where it is answered, beside other places of the service.
    var places: [HealthServer.Place] {
        var places: [HealthServer.Place] = []
        if let folder = settings.healthSockets { places.append(.socket("\(folder)/\(name).sock")) }
        if let listen = settings.healthListen { places.append(HealthServer.Place(listen)) }
        return places
    }

    /// Runs the service until SIGTERM, Ctrl-C or the end of the terminal, and answers about it meanwhile.
    func serve(_ services: [any Service]) async throws {
        // What is started first is ended last.
        let first: [any Service] = places.isEmpty ? [] : [HealthServer(places, health, logger: logger)]
        try await hoso.serve(first + services, logger: logger)
    }
}

extension HealthServer.Place {
    /// A place of the settings.
    init(_ address: ListenAddress) { self = .network(host: address.host, port: address.port) }
}
