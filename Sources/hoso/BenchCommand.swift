import ArgumentParser
import Benchmark
import Cluster
import Dossiers
import Foundation
import ServiceLifecycle
import Settings

struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures this machine with everything in a temporary folder · Đo hiệu năng trên máy này.",
        discussion: """
            Starts a database cluster with default durability and all services, measures, prints, and removes everything.
            Environment variables HOSO_… are not used.
            Khởi động cụm cơ sở dữ liệu (độ bền mặc định) và mọi dịch vụ, đo, in kết quả rồi xóa hết. \
            Không dùng các biến môi trường HOSO_….
            NAME: \(MeasurementName.allCases.map(\.rawValue).joined(separator: " "))
            """)
    @OptionGroup var common: CommonOptions
    @Flag(help: "Small sizes: at most some three minutes on two cores · Đo nhanh, khoảng ba phút.")
    var quick = false
    @Option(help: "Folder for the temporary folder (default: TMPDIR) · Nơi đặt thư mục tạm.", completion: .directory)
    var data: String?
    @Option(help: "Workers (default: worker.count) · Số worker.")
    var workers: Int?
    @Option(help: "Measurements, with commas: NAME,… (default: all) · Chỉ đo các mục này.")
    var only: String?
    @Option(help: "table or json · Dạng kết quả.")
    var format = PlainFormat.table
    @Option(help: .hidden)
    var scale = 1.0

    func validate() throws {
        let language = common.spoken
        if common.config != nil {
            throw ValidationError(
                language.choose(
                    "hoso bench tự ghi cấu hình của mình; không dùng --config.",
                    "hoso bench writes its own configuration; --config is not used."))
        }
        if let workers, !(1...64).contains(workers) { throw ValidationError("--workers: 1 … 64.") }
        if !(0.001...1).contains(scale) { throw ValidationError("--scale: 0.001 … 1.") }
        _ = try chosen()
    }

    private func chosen() throws -> Set<MeasurementName> {
        do throws(UnknownMeasurement) { return try MeasurementName.list(only ?? "") } catch {
            throw ValidationError(
                common.spoken.choose("--only: không có “\(error.name)”.", "--only: “\(error.name)” is not known."))
        }
    }

    /// Settings of a centre that this user runs must not lead made-up dossiers there, nor anything else astray.
    private func forgetSettings() {
        for name in ProcessInfo.processInfo.environment.keys where name.hasPrefix("HOSO_") { unsafe unsetenv(name) }
    }

    func run() async throws {
        let language = common.spoken
        forgetSettings()
        let base = data ?? FileManager.default.temporaryDirectory.path
        let place = Installation(folder: "\(base)/hoso-bench-\(UUID().uuidString.prefix(8).lowercased())")
        let report = try await reportingErrors(in: language) { try await measure(in: place) }
        guard let report else {
            Console.error(language.choose("Đã ngắt.", "Interrupted."))
            throw ExitCode(69)
        }
        switch format {
        case .table: report.table(in: language).forEach(Console.line)
        case .json: Console.line(try report.json())
        }
    }

    /// The report; `nil` when SIGTERM or Ctrl-C came first.
    private func measure(in place: Installation) async throws -> BenchmarkReport? {
        let cluster = try PrivateCluster(folder: place.folder + "/postgres", logger: .silent)
        defer {
            try? cluster.remove()
            try? place.remove()
        }
        try prepare(place)
        let zone = try common.settings(file: nil).zone.identifier
        try place.writeConfiguration(
            databaseURL: cluster.url, timeZone: zone, language: common.language, port: 0, page: 0)
        let count = workers.map { ["worker.count": String($0)] } ?? [:]
        let settings = try common.settings(file: place.configuration, count)
        let plan = BenchmarkPlan(
            isQuick: quick, workers: settings.workerCount, chosen: try chosen(), scale: scale)
        let run = BenchmarkRun(
            site: BenchmarkSite(place, cluster, settings, in: common.spoken), plan: plan, version: Program.version)
        let service = BenchService(cluster: cluster, benchmark: run)
        try await ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                gracefulShutdownSignals: EndingSignals.all, logger: .silent)
        ).run()
        return await service.report
    }

    private func prepare(_ place: Installation) throws {
        do { try place.prepare() } catch let error as ClusterError { throw error } catch {
            let sentence = common.spoken.choose("không dùng được thư mục", "is no folder that can be used")
            Console.error("hoso: \(place.folder): \(sentence): \(error.localizedDescription)")
            throw ExitCode(78)
        }
    }
}

/// The cluster and the measurements in it.
private actor BenchService: Service {
    private let cluster: PrivateCluster
    private let benchmark: BenchmarkRun

    /// What was measured; `nil` when it did not come to its end.
    private(set) var report: BenchmarkReport?

    init(cluster: PrivateCluster, benchmark: BenchmarkRun) {
        self.cluster = cluster
        self.benchmark = benchmark
    }

    func run() async throws {
        try await cluster.prepare()
        let cluster = cluster
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await cluster.run() }
            group.addTask { try await self.measure() }
            // Whichever ends first ends the other: the services before the database.
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func measure() async throws {
        let (cluster, benchmark) = (cluster, benchmark)
        do {
            report = try await cancelWhenGracefulShutdown {
                try await cluster.waitUntilReady()
                return try await benchmark.run()
            }
        } catch {
            // Whatever fails while everything is being ended, fails because of that.
            guard Task.isShuttingDownGracefully else { throw error }
        }
    }
}

extension BenchmarkSite {
    /// An installation as the place of a benchmark.
    fileprivate init(
        _ place: Installation, _ cluster: PrivateCluster, _ settings: HosoSettings, in language: Language
    ) {
        self.init(
            folder: place.folder, settings: settings, program: Installation.program,
            configuration: place.configuration, url: { cluster.url(database: $0) },
            services: { place.centre(settings, $0) }, agent: { place.agent($0, settings, $1) },
            say: { Console.error(language.choose($0, $1)) })
    }
}
