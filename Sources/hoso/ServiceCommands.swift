import Adoption
import Agent
import ArgumentParser
import Broker
import Dossiers
import Machines
import Mapping
import ServiceLifecycle
import Settings
import Spool
import Supervision
import Surveys
import Worker

struct BrokerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "broker", abstract: "Takes batches from senders and balances them over workers.")
    @OptionGroup var common: CommonOptions

    func run() async throws {
        Lifeline.watch()
        let settings = try common.settings()
        let logger = settings.logger("broker")
        var limits = BrokerLimits()
        limits.memoryBytes = settings.brokerMemory
        limits.lease = settings.lease
        let configuration = BrokerConfiguration(
            front: settings.intakeEndpoints, back: settings.workerEndpoint, limits: limits)
        try await reportingErrors {
            try await serve([BrokerService(configuration, logger: logger)], logger: logger)
        }
    }
}

struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Validates batches, stores them, and acknowledges after COMMIT.")
    @OptionGroup var common: CommonOptions

    func run() async throws {
        Lifeline.watch()
        let settings = try common.settings()
        let logger = settings.logger("worker")
        let configuration = WorkerConfiguration(
            endpoint: settings.workerEndpoint, database: settings.database("worker"),
            batchEntries: settings.batchEntries, zone: settings.zone, policy: settings.catalogue,
            futureTolerance: settings.futureTolerance, survey: settings.survey)
        try await reportingErrors {
            try await serve([WorkerService(configuration, logger: logger)], logger: logger)
        }
    }
}

struct AggregatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "aggregator", abstract: "Folds the ledger into adoption figures, exactly once.")
    @OptionGroup var common: CommonOptions

    func run() async throws {
        Lifeline.watch()
        let settings = try common.settings()
        let logger = settings.logger("aggregator")
        try await reportingErrors {
            let service = try AggregatorService(
                database: settings.database("aggregator"), interval: settings.aggregatorInterval, logger: logger)
            try await serve([service], logger: logger)
        }
    }
}

struct AgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent",
        abstract: "Watches the drop folder, spools what is put there, and sends it to the centre.",
        discussion: """
            Write a file as NAME.part and rename it when it is complete. It goes to done/ or failed/, with a report \
            beside it, once the centre has answered for every row.
            Ghi tệp với tên NAME.part rồi đổi tên khi xong. Tệp được chuyển sang done/ hoặc failed/ kèm báo cáo.
            """)
    @OptionGroup var common: CommonOptions

    func run() async throws {
        Lifeline.watch()
        let settings = try common.settings()
        let logger = settings.logger("agent")
        try await reportingErrors {
            let spool = try settings.openSpool()
            guard let lock = try SpoolLock.acquire(spool: settings.spoolPath) else {
                Console.error("hoso: another process sends from \(settings.spoolPath)")
                throw ExitCode(69)
            }
            defer { withExtendedLifetime(lock) { spool.close() } }
            var services: [any Service] = [
                try Courier(
                    spool, endpoints: settings.intakeEndpoints, software: Program.software, logger: logger)
            ]
            if let inbox = settings.inbox {
                let mapping = try settings.mapping.map { path throws(MappingError) in try MappingFile.load(path: path) }
                services.append(
                    try Inbox(
                        folder: inbox, mapping: mapping ?? .native, spool: spool, language: settings.language,
                        logger: logger))
            }
            try await serve(services, logger: logger)
        }
    }
}

extension HosoSettings {
    /// Opens the spool, or makes it.
    func openSpool() throws(SpoolError) -> SpoolDatabase {
        var options = SpoolOptions()
        options.quotaBytes = spoolQuota
        options.entryBytes = entryLimit
        return try SpoolDatabase(path: spoolPath, sender: senderName, options: options)
    }
}
