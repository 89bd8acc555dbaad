import Postgres
import Settings
import Logging
import Store
import Supervision
import Synchronization

/// All services over a database, as `hoso up` runs them.
struct Centre: Sendable {
    let site: BenchmarkSite
    let database: String
    private let supervisor: Supervisor
    private let session: DatabaseSession

    init(site: BenchmarkSite, database: String) throws {
        self.site = site
        self.database = database
        var logger = Logger(label: "hoso") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        supervisor = try Supervisor(logger: logger)
        session = try site.session(database)
    }

    /// Where the services' database is, for a process.
    var environment: [String: String] {
        ["HOSO_DATABASE_URL": site.url(database), "HOSO_SENDER_CLOSES_AT": "", "HOSO_SENDER_INBOX": ""]
    }

    /// Runs the services around some work, which begins once all of them are connected.
    func run<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        try await keeping(site.services(environment)) {
            try await waitUntilConnected()
            return try await work()
        }
    }

    /// Runs the agent of a spool around some work.
    func runAgent<Value: Sendable>(
        _ spool: BenchmarkSpool, _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await keeping([[site.agent(spool.sender, environment)]], work)
    }

    private func keeping<Value: Sendable>(
        _ stages: [[ChildService]], _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let result = Slot<Value>()
        try await supervisor.run(stages) { result.fill(try await work()) }
        guard let value = result.value else { throw CancellationError() }
        return value
    }

    private func waitUntilConnected() async throws {
        let deadline = ContinuousClock.now.advanced(by: .seconds(60))
        let needed = Int64(site.settings.workerCount + 2)
        while try await connectedServices() < needed {
            guard deadline > .now else { throw BenchmarkError(.notReady) }
            try await Task.sleep(for: .milliseconds(50))
        }
        // Their greetings to the broker follow at once.
        try await Task.sleep(for: .milliseconds(300))
    }

    private func connectedServices() async throws -> Int64 {
        try await session.perform { connection in
            try await connection.run(
                """
                SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                AND application_name IN ('hoso-worker', 'hoso-aggregator', 'hoso-surveys')
                """, as: "count the services"
            ).int64(0, 0)
        }
    }
}

/// What a task leaves for the one that started it.
private final class Slot<Value: Sendable>: Sendable {
    private let content = Mutex<Value?>(nil)

    var value: Value? { content.withLock { $0 } }

    func fill(_ value: Value) { content.withLock { $0 = value } }
}
