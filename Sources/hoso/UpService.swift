import Cluster
import Dossiers
import Logging
import ServiceLifecycle
import Settings
import Store
import Supervision

/// All services of one machine, as one.
actor UpService: Service {
    private let place: Installation
    private let cluster: PrivateCluster
    private let settings: HosoSettings
    private let isDemo: Bool
    private let isOnce: Bool

    /// Whether the demo came out as expected; `nil` without a demo, or when it did not come to its end.
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
        let cluster = cluster
        guard try await unlessShutDown({ try await cluster.waitUntilReady() }) != nil else { return }
        let (hasRoles, kept) = (settings.hasSeparateRoles, settings.kept)
        let session = try DatabaseSession(settings.database("up", as: nil))
        try await session.perform { connection in
            _ = try await Migrator(connection).migrate(hasRoles: hasRoles)
            try await Retention(connection).keep(kept)
        }
        _ = try await settings.sealWhatIsOld(session)
        let supervisor = try Supervisor(logger: .silent)
        let demo = isDemo ? try Demo(place: place, settings: settings) : nil
        try await demo?.prepare()
        let stages = place.stages(settings, demoSenders: demo?.senders)
        try await supervisor.run(stages) { try await self.stay(demo) }
    }

    private func stay(_ demo: Demo?) async throws {
        let words = Words(settings.language)
        Console.line(words.running(place.configuration))
        if let demo {
            verdict = try await unlessShutDown { try await demo.run() }
            if isOnce, verdict != nil { return }
            if verdict != nil { Console.line(words.stayingUp) }
        }
        try? await gracefulShutdown()
        Console.line(words.stopping)
    }

    /// What some work comes to; `nil` when SIGTERM or Ctrl-C came first.
    private func unlessShutDown<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value? {
        do { return try await cancelWhenGracefulShutdown(work) } catch {
            if Task.isShuttingDownGracefully { return nil }
            throw error
        }
    }
}

/// What `hoso up` tells its user.
struct Words {
    private let language: Language

    init(_ language: Language) { self.language = language }

    func starting(_ folder: String) -> String {
        language.choose("Đang khởi động trong \(folder) …", "Starting in \(folder) …")
    }

    func running(_ file: String) -> String {
        language.choose(
            "Đang chạy. Các lệnh khác: hoso … --config \(file)", "Running. Other commands: hoso … --config \(file)")
    }

    var stayingUp: String { language.choose("Nhấn Ctrl-C để dừng.", "Press Ctrl-C to stop.") }
    var stopping: String { language.choose("Đang dừng …", "Stopping …") }
    var stopped: String { language.choose("Đã dừng.", "Stopped.") }
}
