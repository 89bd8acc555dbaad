import Adoption
import ArgumentParser
import Cluster
import Dossiers
import Foundation
import Logging
import Polling
import ServiceLifecycle
import Settings
import Store
import Supervision
import UnixSignals

struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs everything on this machine, with a database cluster of its own.",
        discussion: """
            Writes DIR/hoso.yaml for the other commands: hoso adoption --config DIR/hoso.yaml
            Chạy toàn bộ hệ thống trên máy này; các lệnh khác dùng DIR/hoso.yaml.
            """)
    @OptionGroup var common: CommonOptions
    @Option(help: "Folder for everything (default: /var/lib/hoso as root, else ~/.local/share/hoso).")
    var data: String?
    @Flag(help: "Hand in a made-up year of Lâm Hà district, and check what comes out.")
    var demo = false
    @Flag(help: "Leave with 0 when the demo's input is receipted, folded and its survey tasks delivered; 1 if not so.")
    var once = false

    func validate() throws {
        if once, !demo { throw ValidationError("--once needs --demo.") }
    }

    func run() async throws {
        let folder = data ?? Self.standardFolder
        let place = Installation(folder: folder)
        try await reportingErrors {
            do { try place.prepare() } catch {
                Console.error("hoso: \(place.folder) is no folder that can be used: \(error.localizedDescription)")
                throw ExitCode(78)
            }
            guard let lock = FileLock(path: place.folder + "/hoso.lock") else {
                Console.error("hoso: another `hoso up` runs in \(place.folder)")
                throw ExitCode(69)
            }
            defer { withExtendedLifetime(lock) {} }
            let cluster = try PrivateCluster(folder: place.folder + "/postgres", logger: .silent)
            try place.writeConfiguration(databaseURL: cluster.url, timeZone: common.timeZone)
            var common = common
            common.config = place.configuration
            let settings = try common.settings()
            let service = UpService(
                place: place, cluster: cluster, settings: settings, isDemo: demo, isOnce: once)
            try await ServiceGroup(
                configuration: ServiceGroupConfiguration(
                    services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                    gracefulShutdownSignals: [.sigterm, .sigint], logger: .silent)
            ).run()
            if await service.verdict == false { throw ExitCode(1) }
        }
    }

    private static var standardFolder: String {
        if getuid() == 0 { return "/var/lib/hoso" }
        let environment = ProcessInfo.processInfo.environment
        let base = environment["XDG_DATA_HOME"] ?? (environment["HOME"] ?? ".") + "/.local/share"
        return base + "/hoso"
    }
}

extension Logger {
    /// A logger for what matters to an operator of `hoso up`: warnings and errors.
    static var silent: Logger {
        var logger = Logger(label: "hoso") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        return logger
    }
}

/// All services of one machine, as one.
actor UpService: Service {
    private let place: Installation
    private let cluster: PrivateCluster
    private let settings: HosoSettings
    private let isDemo: Bool
    private let isOnce: Bool

    /// Whether the demo came out as expected; `nil` without a demo or before its end.
    private(set) var verdict: Bool?

    init(place: Installation, cluster: PrivateCluster, settings: HosoSettings, isDemo: Bool, isOnce: Bool) {
        self.place = place
        self.cluster = cluster
        self.settings = settings
        self.isDemo = isDemo
        self.isOnce = isOnce
    }

    func run() async throws {
        let words = Words(settings.language)
        Console.line(words.starting(place.folder))
        try await cluster.prepare()
        let cluster = cluster
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await cluster.run() }
            group.addTask { try await self.runServices() }
            // Whichever ends first ends the other: the services before the database.
            defer { group.cancelAll() }
            try await group.next()
        }
        Console.line(words.stopped)
    }

    private func runServices() async throws {
        try await cluster.waitUntilReady()
        _ = try await DatabaseSession(settings.database("up")).perform { connection in
            try await Migrator(connection).migrate()
        }
        let supervisor = try Supervisor(logger: .silent)
        let demo = isDemo ? try Demo(place: place, settings: settings) : nil
        try await demo?.prepare()
        let stages = place.stages(workers: settings.workerCount, senders: demo?.senders ?? [settings.senderName])
        try await supervisor.run(stages) { try await self.stay(demo) }
    }

    private func stay(_ demo: Demo?) async throws {
        let words = Words(settings.language)
        Console.line(words.running(place.configuration))
        if let demo {
            verdict = try await cancelWhenGracefulShutdown { try await demo.run() }
            if isOnce || Task.isShuttingDownGracefully { return }
            Console.line(words.stayingUp)
        }
        try? await gracefulShutdown()
        Console.line(words.stopping)
    }
}

/// What `hoso up` tells its user.
struct Words {
    private let language: Language

    init(_ language: Language) { self.language = language }

    private func choose(_ vietnamese: String, _ english: String) -> String {
        language == .vietnamese ? vietnamese : english
    }

    func starting(_ folder: String) -> String { choose("Đang khởi động trong \(folder) …", "Starting in \(folder) …") }

    func running(_ file: String) -> String {
        choose("Đang chạy. Các lệnh khác: hoso … --config \(file)", "Running. Other commands: hoso … --config \(file)")
    }

    var stayingUp: String { choose("Nhấn Ctrl-C để dừng.", "Press Ctrl-C to stop.") }
    var stopping: String { choose("Đang dừng …", "Stopping …") }
    var stopped: String { choose("Đã dừng.", "Stopped.") }
}
