import ArgumentParser
import Cluster
import Dossiers
import Foundation
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Settings
import Spool
import SystemPackage
import ZeroMQ

struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs everything on this machine, with a database cluster of its own · Chạy toàn bộ trên máy này.",
        discussion: """
            Writes DIR/hoso.yaml. The other commands find it by themselves in the standard folder, and else by \
            --config DIR/hoso.yaml.
            Ghi DIR/hoso.yaml. Các lệnh khác tự tìm thấy tệp này trong thư mục mặc định; với thư mục khác, hãy dùng \
            --config DIR/hoso.yaml.
            """)
    @OptionGroup var common: CommonOptions
    @Option(
        help: """
            Folder for everything (default: /var/lib/hoso as root, else ~/.local/share/hoso) · Thư mục chứa mọi thứ.
            """, completion: .directory)
    var data: String?
    @Option(help: "Zone of local days, for example Asia/Ho_Chi_Minh, written into hoso.yaml · Múi giờ tính ngày.")
    var timeZone: String?
    @Option(
        help: """
            Port at which senders reach the broker over this machine's loopback; 0: none. Written into hoso.yaml when it is made \
            · Cổng cho điểm gửi.
            """)
    var port = 5_710
    @Option(
        help: """
            Port of the page, metrics and health at 127.0.0.1; 0: one that the system chooses. Written into hoso.yaml when it is \
            made · Cổng trang web và số liệu giám sát.
            """)
    var page = 8_610
    @Flag(help: "Hand in a made-up year of Lâm Hà district, and check what comes out · Chạy thử với số liệu giả.")
    var demo = false
    @Flag(
        help: """
            Leave with 0 when the demo's input is receipted, folded and its survey tasks delivered; 1 if not so · \
            Dừng khi chạy thử xong.
            """)
    var once = false

    func validate() throws {
        let language = common.spoken
        guard (0...65_535).contains(port) else { throw ValidationError("--port: 0 … 65535.") }
        guard (0...65_535).contains(page) else { throw ValidationError("--page: 0 … 65535.") }
        if once, !demo { throw ValidationError(language.choose("--once cần --demo.", "--once needs --demo.")) }
        if common.config != nil {
            throw ValidationError(
                language.choose(
                    "hoso up tự ghi cấu hình của mình: hãy chọn thư mục bằng --data thay vì --config.",
                    "hoso up writes its own configuration: choose its folder by --data instead of --config."))
        }
        if let timeZone, LocalZone(identifier: timeZone) == nil {
            throw ValidationError(
                language.choose("Không có múi giờ “\(timeZone)”.", "There is no time zone “\(timeZone)”."))
        }
    }

    func run() async throws {
        let place = data.map { Installation(folder: $0) } ?? .standard
        let language = common.spoken
        try await reportingErrors(in: language) {
            try refuseDemo(in: place, language)
            let zone = try zone(of: place, language)
            try prepare(place, language)
            let lock = try lock(place, language)
            defer { withExtendedLifetime(lock) {} }
            let cluster = try PrivateCluster(folder: place.folder + "/postgres", logger: .silent)
            try place.writeConfiguration(
                databaseURL: cluster.url, timeZone: zone, language: common.language, port: port, page: page)
            try place.addPersonalKey(to: try common.settings(file: place.configuration))
            let settings = try common.settings(file: place.configuration)
            try claim(settings.intakeEndpoints + settings.nextIntakeEndpoints, language)
            try await claim(settings.operationsListen, language)
            let service = UpService(place: place, cluster: cluster, settings: settings, isDemo: demo, isOnce: once)
            try await ServiceGroup(
                configuration: ServiceGroupConfiguration(
                    services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                    gracefulShutdownSignals: EndingSignals.all, logger: .silent)
            ).run()
            let verdict = await service.verdict
            if verdict == false || once && verdict == nil { throw ExitCode(1) }
        }
    }

    /// Finds out at once what a broker that cannot listen would only write into its log.
    private func claim(_ endpoints: [String], _ language: Language) throws {
        let context = try Context()
        let socket = try Socket(.router, in: context)
        for endpoint in endpoints where endpoint.hasPrefix("tcp://") {
            do {
                try socket.bind(endpoint, as: .server(CurveSecretKey(), domain: "hoso.nobody"))
            } catch {
                let sentence = language.choose(
                    "không mở được \(endpoint) cho điểm gửi (đang có chương trình khác dùng?): sửa intake.endpoints trong "
                        + "hoso.yaml, hoặc --port với thư mục mới",
                    "cannot listen for senders at \(endpoint) (does another program?): change intake.endpoints in hoso.yaml, or, "
                        + "in a new folder, choose a --port")
                Console.error("hoso: \(sentence): \(error)")
                throw ExitCode(69)
            }
        }
    }

    /// Finds out at once whether operations could answer.
    private func claim(_ page: ListenAddress, _ language: Language) async throws {
        do {
            try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: page.host, port: page.port).get().close()
        } catch {
            let sentence = language.choose(
                "không mở được \(page.host):\(page.port) cho trang web (đang có chương trình khác dùng?): sửa "
                    + "operations.listen trong hoso.yaml, hoặc --page với thư mục mới",
                "cannot listen for the page at \(page.host):\(page.port) (does another program?): change operations.listen in "
                    + "hoso.yaml, or, in a new folder, choose a --page")
            Console.error("hoso: \(sentence)")
            throw ExitCode(69)
        }
    }

    /// The standard folder may hold a real centre; made-up dossiers do not belong there.
    private func refuseDemo(in place: Installation, _ language: Language) throws {
        guard demo, data == nil, place.hasCluster else { return }
        let sentence = language.choose(
            "\(place.folder) đã có cơ sở dữ liệu; hãy chạy thử trong thư mục khác: --data DIR",
            "\(place.folder) has a database already; run the demo in another folder: --data DIR")
        Console.error("hoso: \(sentence)")
        throw ExitCode(78)
    }

    /// The zone to be written, or the one that has been: a change would leave days counted in both.
    private func zone(of place: Installation, _ language: Language) throws -> String {
        let overrides = timeZone.map { ["time_zone": $0] } ?? [:]
        guard place.isConfigured else { return try common.settings(file: nil, overrides).zone.identifier }
        let zone = try common.settings(file: place.configuration).zone.identifier
        guard let timeZone, timeZone != zone else { return zone }
        throw ValidationError(
            language.choose(
                "\(place.configuration) ghi múi giờ “\(zone)”; số liệu đã tính theo múi giờ đó.",
                "\(place.configuration) says “\(zone)”, and days have been counted in that zone."))
    }

    private func prepare(_ place: Installation, _ language: Language) throws {
        do { try place.prepare() } catch let error as ClusterError { throw error } catch {
            let sentence = language.choose("không dùng được thư mục", "is no folder that can be used")
            Console.error("hoso: \(place.folder): \(sentence): \(error.localizedDescription)")
            throw ExitCode(78)
        }
    }

    private func lock(_ place: Installation, _ language: Language) throws -> FileLock {
        let path = place.folder + "/hoso.lock"
        do throws(Errno) {
            if let lock = try FileLock(path: path) { return lock }
        } catch {
            Console.error("hoso: \(path): \(error.localizedDescription)")
            throw ExitCode(78)
        }
        let sentence = language.choose(
            "một `hoso up` khác đang chạy trong \(place.folder)", "another `hoso up` runs in \(place.folder)")
        Console.error("hoso: \(sentence)")
        throw ExitCode(69)
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
