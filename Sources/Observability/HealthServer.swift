import Foundation
import HTTPTypes
package import Hummingbird
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Answers whoever asks how a service fares, over HTTP on a Unix socket or a loopback address.
///
/// `GET /health/live` is 200 while the work loops come round, `/health/ready` while the service does all that it is for, each with
/// `{"status": …}` and 503 otherwise; `/metrics` is for Prometheus.
package struct HealthServer: Service {
    /// Where it answers.
    package enum Place: Sendable, Hashable {
        /// At a Unix socket.
        case socket(String)
        /// At a TCP port.
        case network(host: String, port: Int)
    }

    private let places: [Place]
    private let routes: HealthRoutes
    private let logger: Logger

    /// A server for the vitals of a service.
    package init(_ places: [Place], _ routes: HealthRoutes, logger: Logger) {
        self.places = places
        self.routes = routes
        self.logger = logger
    }

    /// Answers until the service is shut down.
    package func run() async throws {
        let threads = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        try await withThrowingDiscardingTaskGroup { group in
            for place in places {
                let router = Router()
                routes.add(to: router)
                group.addTask { await place.keepServing(router, on: threads, logger: logger) }
            }
        }
        try await threads.shutdownGracefully()
    }
}

extension HealthServer.Place {
    /// Answers there until the service is shut down; while it cannot, it tries again: nobody's dossiers wait for that.
    package func keepServing(
        _ router: Router<BasicRequestContext>, on threads: any EventLoopGroup, logger: Logger
    ) async {
        var said: String?
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            do { return try await serve(router, on: threads, logger: logger) } catch {
                if said != "\(error)" {
                    logger.error("nobody can ask how this service fares", metadata: ["reason": "\(error)"])
                }
                said = "\(error)"
            }
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(5)) }
        }
    }

    /// Answers there until the service is shut down.
    /// - Throws: ``HealthServer/Failure`` when it cannot.
    package func serve(
        _ router: Router<BasicRequestContext>, on threads: any EventLoopGroup, logger: Logger
    ) async throws {
        let address: BindAddress
        switch self {
        case .network(let host, let port): address = .hostname(host, port: port)
        case .socket(let path):
            if await isAnswered(path, threads) {
                throw HealthServer.Failure(place: self, reason: "another process answers there")
            }
            removeLeftover(path)
            address = .unixDomainSocket(path: path)
        }
        // What a scrape does to us is no event, and what fails is told once, by us.
        var quiet = logger
        quiet.logLevel = .critical
        let application = Application(
            responder: PeerResponder(inner: router.buildResponder()),
            configuration: ApplicationConfiguration(address: address, serverName: "hoso"),
            onServerRunning: { _ in openToGroup() }, eventLoopGroupProvider: .shared(threads), logger: quiet)
        do { try await application.run() } catch {
            throw HealthServer.Failure(place: self, reason: "\(error)")
        }
        if case .socket(let path) = self { removeLeftover(path) }
    }

    /// Whether a process listens there.
    private func isAnswered(_ path: String, _ threads: any EventLoopGroup) async -> Bool {
        guard let channel = try? await ClientBootstrap(group: threads).connect(unixDomainSocketPath: path).get() else {
            return false
        }
        try? await channel.close()
        return true
    }

    /// A socket is its process's; one that is left over from a process that was killed is in the way.
    private func removeLeftover(_ path: String) {
        guard let kind = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType,
            kind == .typeSocket
        else { return }
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The folder decides who may come near; in it, whoever belongs to its group may ask.
    private func openToGroup() {
        guard case .socket(let path) = self else { return }
        try? FileManager.default.setAttributes([.posixPermissions: 0o660], ofItemAtPath: path)
    }
}

extension HealthServer {
    /// It cannot answer where it should.
    package struct Failure: Error, CustomStringConvertible {
        /// Where.
        package let place: Place
        /// Why.
        package let reason: String

        package var description: String { "cannot listen at \(place): \(reason)" }
    }
}

extension HealthServer.Place: CustomStringConvertible {
    package var description: String {
        switch self {
        case .socket(let path): path
        case .network(let host, let port): "\(host):\(port)"
        }
    }
}

/// What a health server answers.
package struct HealthRoutes: Sendable {
    private let vitals: Vitals
    private let board: MetricsBoard
    private let version: String

    /// The routes for a service.
    package init(_ vitals: Vitals, _ board: MetricsBoard, version: String) {
        self.vitals = vitals
        self.board = board
        self.version = version
    }

    /// Adds them to a router.
    package func add(to router: Router<BasicRequestContext>, metrics: (@Sendable () async -> Exposition)? = nil) {
        router.get("health/live") { _, _ in live }
        router.get("health/ready") { _, _ in ready }
        router.get("metrics") { _, _ in
            let exposition = if let metrics { await metrics() } else { exposition }
            return Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: exposition.text)))
        }
    }

    private var live: Response {
        let report = vitals.report
        return answer(report.isAlive ? .ok : .serviceUnavailable, report.isAlive ? "live" : "stuck")
    }

    private var ready: Response {
        let report = vitals.report
        switch report.condition {
        case .ready where report.isAlive: return answer(.ok, "ready")
        case .ready: return answer(.serviceUnavailable, "stuck")
        case .degraded(let reason): return answer(.serviceUnavailable, "degraded", reason)
        case .starting: return answer(.serviceUnavailable, "starting")
        case .stopping: return answer(.serviceUnavailable, "stopping")
        }
    }

    private func answer(_ status: HTTPResponse.Status, _ word: String, _ reason: String? = nil) -> Response {
        var fields = ["status": word]
        fields["reason"] = reason
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = (try? encoder.encode(fields)) ?? Data()
        return Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body + Data("\n".utf8))))
    }

    /// The samples of this process.
    package var exposition: Exposition {
        let report = vitals.report
        var samples = ProcessFacts.samples
        samples[.buildInfo] = 1
        samples[.ready] = report.condition == .ready && report.isAlive ? 1 : 0
        samples[.workLoopAge] = Double(report.age.components.seconds) + Double(report.age.components.attoseconds) / 1e18
        return board.exposition(samples, version: version)
    }
}
