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
        commandName: "broker",
        abstract: "Takes batches from senders and balances them over workers · Nhận và chia lô hồ sơ.")
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
        try await reportingErrors(in: settings.language) {
            try await serve([BrokerService(configuration, logger: logger)], logger: logger)
        }
    }
}

struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Validates batches, stores them, and acknowledges after COMMIT · Kiểm tra và lưu.")
    @OptionGroup var common: CommonOptions

    func run() async throws {
        Lifeline.watch()
        let settings = try common.settings()
        let logger = settings.logger("worker")
        let configuration = WorkerConfiguration(
            endpoint: settings.workerEndpoint, database: settings.database("worker"),
            batchEntries: settings.batchEntries, zone: settings.zone, policy: settings.catalogue,
            futureTolerance: settings.futureTolerance, survey: settings.survey)
        try await reportingErrors(in: settings.language) {
            try await serve([WorkerService(configuration, logger: logger)], logger: logger)
        }
    }
}

struct AggregatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "aggregator", abstract: "Folds the ledger into adoption figures, exactly once · Tổng hợp số liệu.")
    @OptionGroup var common: CommonOptions

    func run() async throws {
        Lifeline.watch()
        let settings = try common.settings()
        let logger = settings.logger("aggregator")
        try await reportingErrors(in: settings.language) {
            let service = try AggregatorService(
                database: settings.database("aggregator"), interval: settings.aggregatorInterval, logger: logger)
            try await serve([service], logger: logger)
        }
    }
}

struct AgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent",
        abstract: "Watches the drop folder and sends what is put there · Theo dõi thư mục và gửi hồ sơ.",
        discussion: """
            Write a file as NAME.part and rename it when it is complete. It goes to done/ or failed/, with a report \
            beside it, once the centre has answered for every row.
            Ghi tệp với tên NAME.part rồi đổi tên khi xong. Tệp được chuyển sang done/ hoặc failed/ kèm báo cáo.
            """)
    @OptionGroup var common: CommonOptions

    func run() async throws {
        Lifeline.watch()
        let settings = try common.senderSettings()
        let logger = settings.logger("agent")
        try await reportingErrors(in: settings.language, spool: settings.spoolPath) {
            let mapping = try mapping(settings)
            let spool = try settings.openSpool()
            guard let lock = try SpoolLock.acquire(spool: settings.spoolPath) else {
                let sentence = settings.language.choose("tiến trình khác đang gửi từ", "another process sends from")
                Console.error("hoso: \(sentence) \(settings.spoolPath)")
                throw ExitCode(69)
            }
            defer { withExtendedLifetime(lock) { spool.close() } }
            var services: [any Service] = [
                try Courier(
                    spool, endpoints: settings.intakeEndpoints, software: Program.software, logger: logger)
            ]
            if let inbox = settings.inbox {
                services.append(
                    try Inbox(
                        folder: inbox, mapping: mapping, spool: spool, language: settings.language, logger: logger))
            }
            try await serve(services, logger: logger)
        }
    }

    /// The rules for the drop folder; where they are wrong, the configuration is, and to start again would not help.
    private func mapping(_ settings: HosoSettings) throws -> MappingFile {
        guard let path = settings.mapping else { return .native }
        do throws(MappingError) { return try MappingFile.load(path: path) } catch {
            error.sentences(in: settings.language).forEach { Console.error("hoso: sender.mapping: \($0)") }
            throw ExitCode(78)
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
