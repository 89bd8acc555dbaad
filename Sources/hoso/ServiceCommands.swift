import Adoption
import Agent
import ArgumentParser
import Broker
import Dossiers
import Foundation
import IntakeProtocol
import Keys
import Machines
import Mapping
import Observability
import Operations
import PersonalData
import Store
import ServiceLifecycle
import Settings
import Spool
import Supervision
import Surveys
import Systemd
import Worker
import ZeroMQ

struct BrokerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "broker",
        abstract: "Takes batches from senders and balances them over workers · Nhận và chia lô hồ sơ.")
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        DescriptorLimit.raise()
        let settings = try service.common.settings()
        let observed = Observed("broker", service, settings)
        var limits = BrokerLimits()
        limits.memoryBytes = settings.brokerMemory
        limits.lease = settings.lease
        try await reportingErrors(in: settings.language) {
            var configuration = BrokerConfiguration(
                front: settings.intakeEndpoints, back: settings.workerEndpoint, limits: limits,
                serverKey: try HosoSettings.curveKey(settings.serverKey))
            configuration.workerKeys = settings.workerKeys
            configuration.workerUser = try settings.workerUserNumber()
            configuration.nextFront = settings.nextIntakeEndpoints
            configuration.nextServerKey = try HosoSettings.curveKey(settings.nextServerKey)
            configuration.inherited = .inherited
            try await observed.serve([
                BrokerService(configuration, vitals: observed.vitals, logger: observed.logger)
            ])
        }
    }
}

struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Validates batches, stores them, and acknowledges after COMMIT · Kiểm tra và lưu.")
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        let settings = try service.common.settings()
        let observed = Observed("worker", service, settings)
        try await reportingErrors(in: settings.language) {
            // Unsigned, receipts would not be what senders were promised: without the key there is no worker.
            let key = try HosoSettings.signingKey(settings.receiptKey)
            var configuration = try WorkerConfiguration(settings, vault: try settings.vault(), receiptKey: key)
            configuration.security = try settings.workerSecurity()
            try await observed.serve([
                WorkerService(configuration, vitals: observed.vitals, logger: observed.logger)
            ])
        }
    }
}

struct AggregatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "aggregator", abstract: "Folds the ledger into adoption figures, exactly once · Tổng hợp số liệu.")
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        let settings = try service.common.settings()
        let observed = Observed("aggregator", service, settings)
        try await reportingErrors(in: settings.language) {
            let aggregator = try AggregatorService(
                database: settings.database("aggregator", as: .fold), interval: settings.aggregatorInterval,
                receiptDays: Int32(settings.receiptDays), vitals: observed.vitals, logger: observed.logger)
            try await observed.serve([aggregator])
        }
    }
}

struct OperationsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "operations",
        abstract: "Answers over HTTP: /v1 for adoption and more, /metrics, /health · Trả lời qua HTTP.")
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        let settings = try service.common.settings()
        let observed = Observed("operations", service, settings)
        try await reportingErrors(in: settings.language) {
            let context = OperationsContext(
                pool: try QueryPool(settings.database("operations", as: .read)), zone: settings.zone,
                language: settings.language, program: Program.software)
            let api = APIRoutes(context, access: AccessPolicy(settings))
            let server = OperationsServer(
                at: HealthServer.Place(settings.operationsListen), observed.places, observed.health,
                sockets: settings.healthSockets, own: observed.name, logger: observed.logger
            ) { router in
                api.add(to: router)
            }
            let watch = try CentreWatch(
                database: settings.database("operations", as: .read), board: observed.board, vitals: observed.vitals,
                logger: observed.logger)
            try await serve([server, watch], logger: observed.logger)
        }
    }
}

extension AccessPolicy {
    /// The policy of these settings.
    init(_ settings: HosoSettings) {
        self.init()
        mode =
            switch settings.operationsAccess {
            case .loopback: .loopback
            case .token: .token
            case .proxy: .proxy
            }
        proxyHeader = settings.operationsProxyHeader
        requestsPerMinute = settings.operationsRequests
    }
}

extension WorkerConfiguration {
    /// The worker of these settings.
    /// - Parameter receiptKey: the key by which receipts are signed; only a worker needs it.
    init(_ settings: HosoSettings, vault: Vault, receiptKey: SigningKey? = nil) throws {
        self.init(
            endpoint: settings.workerEndpoint, database: try settings.database("worker", as: .ingest), vault: vault,
            batchEntries: settings.batchEntries, zone: settings.zone, policy: settings.catalogue,
            futureTolerance: settings.futureTolerance, survey: settings.survey,
            receiptKey: receiptKey)
    }
}

extension HosoSettings {
    /// The ways of this sender to the centre: over a network only with keys, and never to where a broker listens at large.
    func routes() throws -> [IntakeRoute] {
        let key = try Self.curveKey(senderKey)
        let routes = intakeEndpoints.flatMap { endpoint -> [IntakeRoute] in
            guard !endpoint.hasPrefix("ipc://") else { return [IntakeRoute(local: endpoint)] }
            guard let key, !endpoint.hasPrefix("tcp://*") else { return [] }
            return centreKeys.map { IntakeRoute(endpoint: endpoint, security: .client(key, server: $0)) }
        }
        guard routes.isEmpty else { return routes }
        let sentence = language.choose(
            "không có đường gửi nào trong intake.endpoints: qua tcp:// cần sender.key, intake.centre_keys và tên máy của "
                + "trung tâm",
            "intake.endpoints has no way to send: over tcp:// it takes sender.key, intake.centre_keys and the centre's host"
        )
        Console.error("hoso: \(sentence)")
        throw ExitCode(78)
    }

    /// The secret key of a file, where one is named.
    static func curveKey(_ path: String?) throws(KeyError) -> CurveSecretKey? {
        guard let path else { return nil }
        return try KeyFile.secret(path)
    }

    /// The signing key of a file, where one is named.
    static func signingKey(_ path: String?) throws(KeyError) -> SigningKey? {
        guard let path else { return nil }
        return try KeyFile.signingKey(path)
    }

    /// The number of the user as which workers of this machine run, where one is named.
    func workerUserNumber() throws -> UInt32? {
        guard let workerUser else { return nil }
        if let user = SystemUser(named: workerUser) { return user.number }
        let sentence = language.choose("máy này không có người dùng", "this machine has no user")
        Console.error("hoso: intake.worker_user: \(sentence) \(workerUser)")
        throw ExitCode(78)
    }

    /// How this worker and the broker know each other.
    func workerSecurity() throws -> Security {
        try security(of: workerEndpoint, key: workerKey, "worker.key", server: centreKeys.first, "intake.centre_keys")
    }

    /// How this survey sender and the relay know each other.
    func surveySecurity() throws -> Security {
        try security(of: surveyEndpoint, key: surveyKey, "survey.key", server: surveyCentreKey, "survey.centre_key")
    }

    private func security(
        of endpoint: String, key: String?, _ keySetting: String, server: CurvePublicKey?, _ serverSetting: String
    ) throws -> Security {
        guard !endpoint.hasPrefix("ipc://") else { return .local(domain: nil) }
        if let key = try Self.curveKey(key), let server, !endpoint.hasPrefix("tcp://*") {
            return .client(key, server: server)
        }
        let sentence = language.choose(
            "kết nối \(endpoint) cần \(keySetting), \(serverSetting) và tên máy của trung tâm",
            "to connect to \(endpoint) takes \(keySetting), \(serverSetting) and the centre's host")
        Console.error("hoso: \(sentence)")
        throw ExitCode(78)
    }

    /// The vault of this centre: without a key nothing personal is stored, and so nothing at all.
    func vault() throws -> Vault {
        var keys: [SealingKey] = []
        for path in personalKeys { keys.append(try KeyFile.sealingKey(path)) }
        if let vault = Vault(keys) { return vault }
        let sentence = language.choose(
            "thiếu khóa mã hóa dữ liệu cá nhân: tạo bằng `hoso keygen TỆP --for personal` rồi ghi vào personal.keys",
            "there is no key for personal data: make one by `hoso keygen FILE --for personal` and name it in personal.keys"
        )
        Console.error("hoso: \(sentence)")
        throw ExitCode(78)
    }

    /// What this sender signs and checks.
    func evidence() throws(KeyError) -> AgentEvidence {
        AgentEvidence(
            signingKey: try Self.signingKey(signingKey),
            receiptKeys: receiptKeys, keptDays: keptReceiptDays)
    }

    /// Opens the spool, or makes it.
    func openSpool() throws(SpoolError) -> SpoolDatabase {
        var options = SpoolOptions()
        options.quotaBytes = spoolQuota
        options.entryBytes = entryLimit
        return try SpoolDatabase(path: spoolPath, sender: senderName, options: options)
    }
}

extension CommonOptions {
    /// Does something with the spool of this sender, which must be there: to look into one that was just made would only
    /// say that all is well.
    func withSpool(_ body: (SpoolDatabase, HosoSettings) async throws -> Void) async throws {
        let settings = try senderSettings()
        try await reportingErrors(in: settings.language, spool: settings.spoolPath) {
            guard FileManager.default.fileExists(atPath: settings.spoolPath) else {
                let sentence = settings.language.choose("chưa có hàng đợi nào ở", "there is no spool at")
                Console.error("hoso: \(sentence) \(settings.spoolPath)")
                throw ExitCode(78)
            }
            let spool = try settings.openSpool()
            defer { spool.close() }
            try await body(spool, settings)
        }
    }
}
