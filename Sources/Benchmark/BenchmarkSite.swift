import Postgres
import Polling
package import Settings
import Store
package import Supervision

/// The place where everything runs: a cluster, and how the processes are started.
package struct BenchmarkSite: Sendable {
    /// The folder of everything.
    package let folder: String
    /// The settings of the services.
    package let settings: HosoSettings
    /// The program whose processes are measured.
    package let program: String
    /// The configuration file that they are given.
    package let configuration: String
    /// libpq's connection string for a database of the cluster.
    package let url: @Sendable (_ database: String) -> String
    /// Broker, workers, aggregator and survey relay, with some variables beside the inherited ones.
    package let services: @Sendable (_ environment: [String: String]) -> [[ChildService]]
    /// The agent of a sender, the same way.
    package let agent: @Sendable (_ sender: String, _ environment: [String: String]) -> ChildService
    /// Says in Vietnamese or English what is being done.
    package let say: @Sendable (_ vietnamese: String, _ english: String) -> Void

    /// A site.
    package init(
        folder: String, settings: HosoSettings, program: String, configuration: String,
        url: @escaping @Sendable (_ database: String) -> String,
        services: @escaping @Sendable (_ environment: [String: String]) -> [[ChildService]],
        agent: @escaping @Sendable (_ sender: String, _ environment: [String: String]) -> ChildService,
        say: @escaping @Sendable (_ vietnamese: String, _ english: String) -> Void
    ) {
        self.folder = folder
        self.settings = settings
        self.program = program
        self.configuration = configuration
        self.url = url
        self.services = services
        self.agent = agent
        self.say = say
    }

    /// `application_name` of the benchmark's own sessions.
    static let sessionName = "hoso-bench"

    func session(
        _ database: String, plans: DatabaseAddress.Plans = .fresh
    ) throws(PollingError) -> DatabaseSession {
        var address = DatabaseAddress(url: url(database), program: Self.sessionName)
        address.plans = plans
        return try DatabaseSession(address)
    }
}

extension BenchmarkSite {
    /// The database of which every measurement gets a copy.
    private static let template = "hoso"
    private static let maintenance = "postgres"

    /// Migrates the database that the others are copies of.
    func prepare() async throws {
        _ = try await session(Self.template).perform { try await Migrator($0).migrate() }
    }

    /// Does some work with an empty database of its own, so that no measurement sees what another one left.
    func withDatabase<Value: Sendable>(
        _ name: String, _ work: @Sendable (_ database: String) async throws -> Value
    ) async throws -> Value {
        let database = "bench_\(name)"
        let maintenance = try session(Self.maintenance)
        try await maintenance.perform { connection in
            try await connection.runScript(
                "CREATE DATABASE \(database) TEMPLATE \(Self.template)", as: "make a database", within: .seconds(60))
            // Every measurement begins with an empty log.
            try await connection.runScript("CHECKPOINT", as: "checkpoint", within: .seconds(120))
        }
        let value = try await work(database)
        try await maintenance.perform { connection in
            try await connection.runScript(
                "DROP DATABASE \(database) WITH (FORCE)", as: "drop a database", within: .seconds(60))
        }
        return value
    }
}
