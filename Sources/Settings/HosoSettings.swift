package import Dossiers
import Foundation
package import IntakeProtocol
package import Logging
package import ZeroMQ

/// The settings of all services.
package struct HosoSettings: Sendable {
    /// Zone of local days.
    package var zone: LocalZone
    /// Language of what people read.
    package var language: Language
    /// Least level that is logged.
    package var logLevel: Logger.Level
    /// How log lines are written; `nil`: as suits whoever reads them.
    package var logFormat: LogFormat?
    /// Folder of the services' health sockets, or `nil`.
    package var healthSockets: String?
    /// Where a service also answers about its health, or `nil`.
    package var healthListen: ListenAddress?
    /// Where operations answers.
    package var operationsListen: ListenAddress
    /// How callers of the HTTP API show who they are.
    package var operationsAccess: OperationsAccess
    /// The field by which a proxy names its user.
    package var operationsProxyHeader: String
    /// Questions a minute of each caller of the HTTP API; 0: as many as they like.
    package var operationsRequests: Int
    /// What happens to unknown units and procedures.
    package var catalogue: Catalogue.Policy
    /// Endpoints of brokers for senders.
    package var intakeEndpoints: [String]
    /// File with the broker's secret key, or `nil`.
    package var serverKey: String?
    /// Endpoints at which the broker is known by its next key.
    package var nextIntakeEndpoints: [String]
    /// File with the broker's next secret key, or `nil`.
    package var nextServerKey: String?
    /// Public keys of the centre: the one in force, and during a change the next one.
    package var centreKeys: [CurvePublicKey]
    /// File with the key by which receipts are signed, or `nil`.
    package var receiptKey: String?
    /// Public keys by which receipts are checked; empty: they are not.
    package var receiptKeys: [VerificationKey]
    /// Days for which the centre keeps signatures.
    package var receiptDays: Int
    /// Endpoint of the broker for workers.
    package var workerEndpoint: String
    /// Name of the user of this machine as which workers run, where that is not the broker's own.
    package var workerUser: String?
    /// Public keys of workers on other machines.
    package var workerKeys: [CurvePublicKey]
    /// File with the secret key of a worker, or `nil`.
    package var workerKey: String?
    /// File with the secret key of the survey relay, or `nil`.
    package var surveyServerKey: String?
    /// Public keys of survey senders on other machines.
    package var surveySenderKeys: [CurvePublicKey]
    /// File with the secret key of a survey sender, or `nil`.
    package var surveyKey: String?
    /// Public key of the survey relay, or `nil`.
    package var surveyCentreKey: CurvePublicKey?
    /// A worker that is silent for longer loses its batches.
    package var lease: Duration
    /// Bytes that the broker holds at most.
    package var brokerMemory: Int
    /// libpq's connection string.
    package var databaseURL: String
    /// Whether each service connects as a role of its own.
    package var hasSeparateRoles: Bool
    /// File with the password, or folder with a file per role; `nil` for none.
    package var passwordPath: String?
    /// Where systemd has put this service's copies of key files; `nil` for a program that it did not start.
    package var credentials: Credentials
    /// Files with the keys under which personal data is sealed, the one in force first.
    package var personalKeys: [String]
    /// Days after the last step of a dossier after which its applicant's data is erased; 0: never.
    package var personalRetentionDays: Int
    /// Months of a period of the ledger; 0: one for ever.
    package var periodMonths: Int
    /// Months after its end for which a period is kept; 0: for ever.
    package var ledgerMonths: Int
    /// Months after its last step for which a dossier is kept; 0: for ever.
    package var dossierMonths: Int
    /// Workers that `hoso up` starts.
    package var workerCount: Int
    /// Entries of a transaction.
    package var batchEntries: Int
    /// Seconds by which a sender's clock may be ahead.
    package var futureTolerance: Int64
    /// Name of this sender.
    package var senderName: String
    /// File with the sender's secret key, or `nil`.
    package var senderKey: String?
    /// File with the key by which the sender signs its batches, or `nil`.
    package var signingKey: String?
    /// Days for which the sender keeps signed receipts.
    package var keptReceiptDays: Int
    /// File of the spool.
    package var spoolPath: String
    /// Bytes that the spool grows to.
    package var spoolQuota: Int
    /// Bytes of the largest entry.
    package var entryLimit: Int
    /// Drop folder, or `nil`.
    package var inbox: String?
    /// Mapping file of the drop folder, or `nil` for hoso's own NDJSON.
    package var mapping: String?
    /// When the sender closes its day; `nil` for never.
    package var closesAt: ClosingTime?
    /// Endpoint of the survey relay.
    package var surveyEndpoint: String
    /// Which dossiers get a survey task.
    package var survey: SurveyPolicy
    /// A survey task that is not acknowledged for longer is delivered again.
    package var surveyLease: Duration
    /// Pause between two looks of the aggregator.
    package var aggregatorInterval: Duration

    /// Reads the settings; relative paths are relative to the file's folder.
    /// - Throws: ``SettingsError`` with every problem there is.
    package static func load(
        file: String?, environment: [String: String] = [:], overrides: [String: String] = [:]
    ) throws(SettingsError) -> HosoSettings {
        var source = SettingSource(file: file, environment: environment, overrides: overrides)
        let folder = file.map { URL(fileURLWithPath: $0).deletingLastPathComponent().path }
        let credentials = Credentials(folder: environment["CREDENTIALS_DIRECTORY"])
        let settings = HosoSettings(
            from: &source, paths: Paths(folder: folder, credentials: credentials), locale: environment["LANG"])
        guard source.problems.isEmpty, let settings else {
            let language = Language(rawValue: source.text("language")) ?? Language(locale: environment["LANG"])
            throw SettingsError(problems: source.problems, language: language)
        }
        return settings
    }

    private init?(from source: inout SettingSource, paths: Paths, locale: String?) {
        credentials = paths.credentials
        let zone = LocalZone(identifier: source.text("time_zone"))
        if zone == nil {
            source.complain(
                "time_zone", "không có trong cơ sở dữ liệu múi giờ", "is not a name of the time zone database")
        }
        let language = source.text("language")
        self.language = Language(rawValue: language) ?? Language(locale: locale)
        logLevel = source.word(
            "log_level", Logger.Level.init(rawValue:), "trace, debug, info, notice, warning, error", .info)
        logFormat = source.word(
            "log_format", { ["auto": LogFormat?.none, "json": .json, "text": .text][$0] }, "auto, json, text", nil)
        healthSockets = paths.optional(source.text("health.sockets"))
        healthListen = ListenAddress(source.text("health.listen"))
        operationsListen = ListenAddress(source.text("operations.listen")) ?? .standard
        operationsAccess = source.word(
            "operations.access", OperationsAccess.init(rawValue:), "loopback, token, proxy", .token)
        operationsProxyHeader = source.text("operations.proxy_header")
        operationsRequests = source.integer("operations.requests_per_minute", in: 0...1_000_000)
        catalogue = source.word("catalogue", Catalogue.Policy.init(rawValue:), "open, closed", .open)
        intakeEndpoints = source.list("intake.endpoints").map(paths.endpoint)
        serverKey = paths.key(source.text("intake.server_key"))
        nextIntakeEndpoints = source.list("intake.next_endpoints")
        nextServerKey = paths.key(source.text("intake.next_server_key"))
        centreKeys = source.list("intake.centre_keys").compactMap(CurvePublicKey.init(z85:))
        receiptKey = paths.key(source.text("intake.receipt_key"))
        receiptKeys = source.list("intake.receipt_keys").compactMap(VerificationKey.init(hexadecimal:))
        receiptDays = source.integer("intake.keep_receipts_days", in: 1...36_500)
        workerEndpoint = paths.endpoint(source.text("intake.workers"))
        workerUser = source.text("intake.worker_user").isEmpty ? nil : source.text("intake.worker_user")
        workerKeys = source.list("intake.worker_keys").compactMap(CurvePublicKey.init(z85:))
        workerKey = paths.key(source.text("worker.key"))
        surveyServerKey = paths.key(source.text("survey.server_key"))
        surveySenderKeys = source.list("survey.sender_keys").compactMap(CurvePublicKey.init(z85:))
        surveyKey = paths.key(source.text("survey.key"))
        surveyCentreKey = CurvePublicKey(z85: source.text("survey.centre_key"))
        lease = .seconds(source.integer("intake.lease_seconds", in: 2...600))
        brokerMemory = source.integer("intake.memory_bytes", in: 1_048_576...1 << 36)
        databaseURL = source.text("database.url")
        hasSeparateRoles = source.word(
            "database.roles", { ["separate": true, "single": false][$0] }, "separate, single", true)
        personalKeys = source.list("personal.keys").compactMap(paths.key)
        personalRetentionDays = source.integer("personal.retention_days", in: 0...36_500)
        periodMonths = source.integer("retention.period_months", in: 0...12)
        ledgerMonths = source.integer("retention.ledger_months", in: 0...1_200)
        dossierMonths = source.integer("retention.dossier_months", in: 0...1_200)
        workerCount = source.integer("worker.count", in: 1...64)
        batchEntries = source.integer("worker.batch_entries", in: 1...10_000)
        futureTolerance = Int64(source.integer("worker.future_tolerance_hours", in: 0...8_760)) * 3_600
        senderName = source.text("sender.name")
        senderKey = paths.key(source.text("sender.key"))
        signingKey = paths.key(source.text("sender.signing_key"))
        keptReceiptDays = source.integer("sender.keep_receipts_days", in: 0...36_500)
        spoolPath = paths.path(source.text("sender.spool"))
        spoolQuota = source.integer("sender.spool_quota_bytes", in: 1_048_576...1 << 40)
        entryLimit = source.integer("sender.entry_limit_bytes", in: 256...65_536)
        inbox = paths.optional(source.text("sender.inbox"))
        mapping = paths.optional(source.text("sender.mapping"))
        closesAt = ClosingTime(text: source.text("sender.closes_at"))
        surveyEndpoint = paths.endpoint(source.text("survey.endpoint"))
        survey = SurveyPolicy(
            samplingRate: source.share("survey.sampling_rate"),
            quietDays: source.integer("survey.quiet_days", in: 0...3_650),
            channels: Set(source.list("survey.channels").compactMap(Channel.init(code:))),
            minimumContactAge: source.integer("survey.minimum_contact_age_hours", in: 0...87_600))
        surveyLease = .seconds(source.integer("survey.lease_seconds", in: 1...86_400))
        aggregatorInterval = .milliseconds(source.integer("aggregator.interval_milliseconds", in: 10...60_000))
        passwordPath = paths.optional(source.text("database.password_file"))
        // With a problem noted already, any zone lets the other settings be checked.
        guard let zone = zone ?? LocalZone(identifier: "UTC") else { return nil }
        self.zone = zone
        check(&source, language: language)
    }
}

/// Completes paths by the folder of the configuration file.
private struct Paths {
    let folder: String?
    let credentials: Credentials

    func path(_ path: String) -> String {
        guard !path.isEmpty, !path.hasPrefix("/"), let folder else { return path }
        return URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: folder, isDirectory: true)).path
    }

    func optional(_ path: String) -> String? { path.isEmpty ? nil : self.path(path) }

    /// A file with a secret: the copy that this service was given, where there is one.
    func key(_ path: String) -> String? { optional(path).map { credentials.copy(of: $0) ?? $0 } }

    func endpoint(_ endpoint: String) -> String {
        guard endpoint.hasPrefix("ipc://") else { return endpoint }
        return "ipc://" + path(String(endpoint.dropFirst(6)))
    }
}
