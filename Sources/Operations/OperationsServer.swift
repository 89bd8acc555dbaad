package import Hummingbird
package import Logging
import NIOPosix
package import Observability
import ServiceLifecycle

/// The HTTP of operations: health, and the metrics of all services of this machine in one answer.
package struct OperationsServer: Service {
    private let main: HealthServer.Place
    private let places: [HealthServer.Place]
    private let health: HealthRoutes
    private let sockets: String?
    private let own: String
    private let more: @Sendable (Router<BasicRequestContext>) -> Void
    private let logger: Logger

    /// A server.
    /// - Parameters:
    ///   - main: what it is for: where this fails, the service does.
    ///   - places: where it tells how it fares too.
    ///   - sockets: folder with the health sockets of this machine's services.
    ///   - own: the name of this service, whose socket need not be asked.
    ///   - more: adds what else is answered.
    package init(
        at main: HealthServer.Place, _ places: [HealthServer.Place], _ health: HealthRoutes, sockets: String?,
        own: String, logger: Logger,
        more: @escaping @Sendable (Router<BasicRequestContext>) -> Void = { _ in }
    ) {
        self.more = more
        self.main = main
        self.places = places
        self.health = health
        self.sockets = sockets
        self.own = own
        self.logger = logger
    }

    /// Answers until the service is shut down.
    package func run() async throws {
        let threads = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        try await withThrowingDiscardingTaskGroup { group in
            for place in [main] + places {
                let router = Router()
                health.add(to: router) { await everybodys(HealthClient(threads: threads)) }
                more(router)
                let isMain = place == main
                group.addTask {
                    guard isMain else { return await place.keepServing(router, on: threads, logger: logger) }
                    try await place.serve(router, on: threads, logger: logger)
                }
            }
        }
        try await threads.shutdownGracefully()
    }

    /// The samples of all services that answer; one that does not is missed by whoever watches.
    private func everybodys(_ client: HealthClient) async -> Exposition {
        var exposition = health.exposition
        guard let sockets else { return exposition }
        let others = HealthClient.sockets(in: sockets).filter { $0.service != own }
        let answers = await withTaskGroup(of: String?.self) { group in
            for other in others {
                group.addTask { try? await client.get("/metrics", from: other.path).body }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        for case let text? in answers.sorted(by: { ($0 ?? "") < ($1 ?? "") }) { exposition.add(text) }
        return exposition
    }
}
