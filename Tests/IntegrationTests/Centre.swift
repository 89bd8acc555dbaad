import Agent
import Broker
import Demonstration
import Dossiers
import Foundation
import IntakeProtocol
import Logging
import Machines
import Mapping
import PersonalData
import Polling
import Postgres
import ServiceLifecycle
import Spool
import Store
import Surveys
import TestSupport
import Testing
import WireMessages
import Worker
import ZeroMQ

/// A broker, a database and whatever else a test starts, all real and in this process.
final class Centre: Sendable {
    let folder: TemporaryFolder
    let database: DatabaseAddress
    let session: DatabaseSession

    init() async throws {
        folder = try TemporaryFolder()
        database = try await TestCluster.shared.migratedDatabase()
        session = try DatabaseSession(database)
    }

    var intake: String { "ipc://\(folder.path)/intake" }
    var workers: String { "ipc://\(folder.path)/workers" }
    var surveys: String { "ipc://\(folder.path)/surveys" }

    static var logger: Logger {
        var logger = Logger(label: "test") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .critical
        return logger
    }

    func broker(_ change: (inout BrokerLimits) -> Void = { _ in }) async throws -> BrokerService {
        var limits = BrokerLimits()
        change(&limits)
        var configuration = BrokerConfiguration(front: [intake], back: workers, limits: limits)
        // The memory of this process is that of all tests, not of a broker.
        configuration.overhead = 1 << 40
        // The sockets of an earlier one in this process are closed a moment after it has ended.
        for _ in 0..<200 {
            do { return try await BrokerService(configuration, logger: Self.logger) } catch is ZeroMQError {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        return try await BrokerService(configuration, logger: Self.logger)
    }

    /// The keys of all centres of these tests.
    static let vault = Protection.forNothing.vault

    func worker(
        survey: SurveyPolicy = SurveyPolicy(), policy: Catalogue.Policy = .open, at endpoint: String? = nil,
        as security: Security = .local(domain: nil)
    ) throws -> WorkerService {
        guard let zone = LocalZone(identifier: "Asia/Ho_Chi_Minh") else { throw NoZone() }
        var configuration = WorkerConfiguration(
            endpoint: endpoint ?? workers, database: database.acting(as: .ingest), vault: Self.vault, zone: zone,
            policy: policy, survey: survey)
        configuration.security = security
        return try WorkerService(configuration, logger: Self.logger)
    }

    func spool(_ name: String) throws -> SpoolDatabase {
        try SpoolDatabase(path: folder.path + "/\(name).sqlite", sender: name)
    }

    func courier(_ spool: SpoolDatabase) throws -> Courier {
        try Courier(spool, routes: [IntakeRoute(local: intake)], software: "test/1", logger: Self.logger)
    }

    /// Numbers of rows of a table, or of those that a condition selects.
    func count(_ table: String, where condition: String = "true") async throws -> Int {
        try await session.perform { connection in
            let sql = "SELECT count(*) FROM hoso.\(table) WHERE \(condition)"
            return Int(try await connection.run(sql, as: "count").int64(0, 0))
        }
    }

    /// Runs services around a piece of work, then ends them.
    func run(_ services: [any Service], _ work: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for service in services { group.addTask { try await service.run() } }
            group.addTask {
                try await work()
                throw Done()
            }
            do {
                while try await group.next() != nil {}
            } catch is Done {
                group.cancelAll()
            }
        }
    }

    private struct Done: Error {}
    private struct NoZone: Error {}

    /// Waits until something holds; a minute is far more than it takes.
    static func until(_ what: String, _ condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now.advanced(by: .seconds(60))
        while try await !condition() {
            guard deadline > .now else {
                Issue.record("waited in vain until \(what)")
                return
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

extension SpoolDatabase {
    /// Accepts submissions.
    func accept(_ submissions: some Sequence<Submission>) throws {
        let drafts = try submissions.map { submission in
            SpoolDraft(
                body: try WireEntry(intake: submission).encoded(as: .protobuf),
                contentType: ContentType.protobuf.rawValue)
        }
        for start in stride(from: 0, to: drafts.count, by: 500) {
            try append(Array(drafts[start..<min(start + 500, drafts.count)]))
        }
    }

    var isSettled: Bool { get throws { try counts().pending == 0 } }
}
