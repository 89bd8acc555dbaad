import Dossiers
import Foundation
import IntakeProtocol
import Settings
import TestSupport
import Testing
import ZeroMQ

@Suite struct SettingsTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func load(_ yaml: String, _ environment: [String: String] = [:]) throws(SettingsError) -> HosoSettings {
        let file = (try? folder.write(yaml, to: "hoso.yaml")) ?? ""
        return try HosoSettings.load(file: file, environment: environment)
    }

    private func problems(_ yaml: String, _ environment: [String: String] = [:]) -> [String] {
        do throws(SettingsError) {
            _ = try load(yaml, environment)
            return []
        } catch {
            return error.problems.map { $0.sentence(in: .english) }
        }
    }

    @Test func `The defaults are complete and consistent`() throws {
        let settings = try HosoSettings.load(file: nil)
        #expect(settings.zone.identifier == "Asia/Ho_Chi_Minh")
        #expect(settings.catalogue == .open)
        #expect(settings.senderName == "local")
    }

    @Test func `The command line wins over the environment, which wins over the file`() throws {
        let file = try folder.write("sender: { name: from-file }\nworker: { count: 3 }\nlanguage: vi\n", to: "a.yaml")
        let environment = ["HOSO_SENDER_NAME": "from-environment", "HOSO_WORKER_COUNT": "4"]
        let settings = try HosoSettings.load(
            file: file, environment: environment, overrides: ["sender.name": "from-command-line"])
        #expect(settings.senderName == "from-command-line")
        #expect(settings.workerCount == 4)
        #expect(settings.language == .vietnamese)
    }

    @Test func `Every problem is told at once, with its key`() {
        let problems = problems(
            """
            time_zone: Mars/Olympus
            catalogue: ajar
            worker: { count: 0, batch_entries: many }
            sender: { name: "Bưu điện" }
            survey: { sampling_rate: 2, channels: [online, pigeon] }
            surprise: 1
            """)
        let expected = [
            "time_zone", "catalogue", "worker.count", "worker.batch_entries", "sender.name", "survey.sampling_rate",
            "survey.channels", "surprise",
        ]
        for key in expected {
            #expect(problems.contains { $0.hasPrefix(key + ":") }, "\(key) is not told")
        }
        #expect(problems.contains { $0.contains("line 6") })
    }

    @Test func `What listens to a network, or sends over one, needs keys`() throws {
        #expect(problems("intake: { endpoints: \"tcp://0.0.0.0:5710\" }").count == 1)
        #expect(problems("intake: { endpoints: \"tcp://*:5710\", server_key: server.curve }").isEmpty)
        let key = try CurveSecretKey().publicKey.z85
        let sender = "sender: { key: sender.curve }\nintake: { endpoints: \"tcp://centre:5710\""
        #expect(problems("\(sender), centre_keys: [\"\(key)\"] }").isEmpty)
        #expect(problems("\(sender), centre_keys: [\"\(key)\", \"\(try CurveSecretKey().publicKey)\"] }").isEmpty)
        #expect(problems("\(sender) }").count == 1)
        #expect(problems("\(sender), centre_keys: [\"short\"] }").count == 2)
        let server = "server_key: server.curve, endpoints: \"tcp://*:5710\""
        #expect(problems("intake: { \(server), next_server_key: n, next_endpoints: [\"tcp://*:5711\"] }").isEmpty)
        #expect(problems("intake: { \(server), next_server_key: n }").count == 1)
        #expect(problems("intake: { \(server), next_server_key: n, next_endpoints: [\"ipc://x\"] }").count == 1)
        for wrong in ["tcp://centre", "tcp://centre:0", "tcp://centre:65536", "tcp://:5710", "tcp://centre:x"] {
            #expect(
                problems("intake: { endpoints: \"\(wrong)\", server_key: server.curve }").count == 1, "\(wrong)")
        }
        #expect(problems("intake: { endpoints: \"udp://centre:1\", server_key: server.curve }").count == 1)
        #expect(problems("survey: { endpoint: \"tcp://127.0.0.1:1\" }").count == 1)
        #expect(problems("survey: { endpoint: \"tcp://*:1\", server_key: s, sender_keys: [\"\(key)\"] }").isEmpty)
        #expect(problems("survey: { endpoint: \"tcp://centre:1\", key: s, centre_key: \"\(key)\" }").isEmpty)
        #expect(problems("survey: { endpoint: \"tcp://centre:1\", key: s, centre_key: short }").count == 2)
        #expect(problems("intake: { workers: \"tcp://*:5711\" }").count == 1)
        #expect(problems("intake: { workers: \"tcp://*:5711\", server_key: s, worker_keys: [\"\(key)\"] }").isEmpty)
        #expect(
            problems("worker: { key: w }\nintake: { workers: \"tcp://centre:5711\", centre_keys: [\"\(key)\"] }")
                .isEmpty)
        #expect(problems("intake: { workers: \"tcp://*:5711\", server_key: s, worker_keys: [\"short\"] }").count == 2)
        #expect(problems("intake: { workers: \"ipc:///\(String(repeating: "x", count: 120))\" }").count == 1)
    }

    @Test func `A proxy is trusted only where nobody else can reach, and names its user in a field of HTTP`() throws {
        #expect(try load("operations: { access: proxy }").operationsAccess == .proxy)
        #expect(try load("").operationsAccess == .loopback)
        #expect(problems("operations: { access: proxy, listen: '0.0.0.0:8610' }").count == 1)
        #expect(
            problems("operations: { access: open }") == ["operations.access: must be one of loopback, token, proxy"])
        for field in ["", "a b", "Authorization", "host", "Hoso-Peer", "Tên"] {
            #expect(problems("operations: { proxy_header: '\(field)' }").count == 1, "\(field)")
        }
    }

    @Test func `A password stands in its own file, never in the connection string`() throws {
        #expect(problems("database: { url: \"host=/run password=secret\" }").count == 1)
        #expect(problems("database: { url: \"postgresql://user:secret@localhost/hoso\" }").count == 1)
        #expect(problems("database: { url: \"postgresql://user@[::1]:5432/hoso\" }").isEmpty)
        try folder.write("secret\n", to: "password")
        let settings = try load("database: { password_file: password }")
        #expect(try settings.databasePassword(of: "hoso_ingest") == "secret")
        // A service that has no business with the database is given none, and reads the same settings.
        let missing = try load("database: { password_file: missing }")
        #expect(throws: SettingsError.self) { try missing.databasePassword(of: "hoso_ingest") }
    }

    @Test func `Each role's password may have a file of its own in a folder`() throws {
        try FileManager.default.createDirectory(atPath: folder.path + "/passwords", withIntermediateDirectories: true)
        try folder.write("one\n", to: "passwords/hoso_ingest")
        let settings = try load("database: { password_file: passwords }")
        #expect(try settings.databasePassword(of: "hoso_ingest") == "one")
        #expect(throws: SettingsError.self) { try settings.databasePassword(of: "hoso_fold") }
    }

    @Test func `A service that systemd gave copies of its secrets reads these`() throws {
        try FileManager.default.createDirectory(atPath: folder.path + "/credentials", withIntermediateDirectories: true)
        try folder.write("two\n", to: "credentials/keys_hoso_ingest")
        try folder.write("", to: "credentials/keys_server")
        let environment = ["CREDENTIALS_DIRECTORY": folder.path + "/credentials"]
        let settings = try load(
            """
            database: { password_file: /nowhere/passwords }
            intake: { server_key: /nowhere/broker/server, receipt_key: /nowhere/worker/receipts }
            """, environment)
        #expect(try settings.databasePassword(of: "hoso_ingest") == "two")
        #expect(settings.serverKey == folder.path + "/credentials/keys_server")
        #expect(settings.receiptKey == "/nowhere/worker/receipts")
    }

    @Test(arguments: [
        ("dbname=hoso", true), ("host=/run/postgresql dbname=hoso", true), ("host=localhost", true),
        ("host=127.0.0.1 sslmode=disable", true), ("postgresql:///hoso?host=%2Frun", true),
        ("postgresql://[::1]/hoso", true),
        ("host=db dbname=hoso", false), ("host=db sslmode=require", false), ("hostaddr=10.0.0.7", false),
        ("host = 'db' sslmode = 'verify-full'", true), ("host=db,db2 sslmode=verify-full", true),
        ("host=localhost,db", false), ("host=127.evil.example", false), ("service=remote", false),
        ("dbname=postgres://db/hoso", false), ("postgresql://user@db:5432/hoso", false),
        ("postgresql://db/hoso?sslmode=verify-ca", false),
        ("postgres://db1,db2:5433/hoso?target_session_attrs=read-write&sslmode=verify-full", true),
    ])
    func `A database on another machine has to prove who it is`(url: String, isAccepted: Bool) {
        #expect(problems("database: { url: \"\(url)\" }").isEmpty == isAccepted)
    }

    @Test func `Relative paths are relative to the file`() throws {
        let settings = try load("sender: { spool: here.sqlite }\nintake: { endpoints: \"ipc://run/a.sock\" }\n")
        #expect(settings.spoolPath == folder.path + "/here.sqlite")
        #expect(settings.intakeEndpoints == ["ipc://\(folder.path)/run/a.sock"])
    }

    @Test func `The file that hoso writes reads as it was written`() throws {
        let yaml = HosoSettings.yaml(["sender.name": "a.b", "database.url": "host=/\"x\\y\" dbname=hoso"])
        let settings = try load(yaml)
        #expect(settings.senderName == "a.b")
        #expect(settings.databaseURL == "host=/\"x\\y\" dbname=hoso")
    }

    @Test func `A file that is no YAML is a clear error`() {
        #expect(problems("a: [1").count == 1)
        #expect(problems("- 1\n- 2\n").count == 1)
    }

    @Test func `Groups and single values are told apart`() {
        #expect(problems("worker: 5") == ["worker: must be a group of settings"])
        #expect(problems("sender: { name: [a] }") == ["sender.name: must be a single value"])
    }

    @Test func `A zone that contradicts the file is refused: days would be counted in two zones`() throws {
        #expect(problems("time_zone: Europe/Amsterdam", ["HOSO_TIME_ZONE": "Asia/Tokyo"]).count == 1)
        #expect(problems("time_zone: Europe/Amsterdam", ["HOSO_TIME_ZONE": "Europe/Amsterdam"]).isEmpty)
        #expect(try load("", ["HOSO_TIME_ZONE": "Asia/Tokyo"]).zone.identifier == "Asia/Tokyo")
    }

    @Test func `Problems are told in the language that the file asks for`() throws {
        let file = try folder.write("language: vi\nworker: { count: 0 }\n", to: "hoso.yaml")
        let error = #expect(throws: SettingsError.self) { try HosoSettings.load(file: file) }
        #expect(error?.language == .vietnamese)
        #expect(error?.problems.map { $0.sentence(in: .vietnamese) } == ["worker.count: phải là số nguyên từ 1 đến 64"])
    }

    @Test func `The language follows LANG unless it is set`() throws {
        #expect(try load("", ["LANG": "vi_VN.UTF-8"]).language == .vietnamese)
        #expect(try load("", ["LANG": "C"]).language == .english)
        #expect(try load("language: en", ["LANG": "vi_VN.UTF-8"]).language == .english)
    }

    @Test func `What is dropped has to be cut into periods before, and the ledger goes before the dossiers`() throws {
        let standard = try HosoSettings.load(file: nil)
        #expect(standard.periodMonths == 0 && standard.ledgerMonths == 0 && standard.dossierMonths == 0)
        #expect(standard.warnings.isEmpty)
        let settings = try load("retention: { period_months: 3, ledger_months: 24, dossier_months: 120 }")
        #expect(settings.periodMonths == 3 && settings.ledgerMonths == 24 && settings.dossierMonths == 120)
        #expect(settings.warnings.map(\.key) == ["intake.keep_receipts_days"])
        let kept = try load(
            """
            retention: { period_months: 3, ledger_months: 24, dossier_months: 36 }
            intake: { keep_receipts_days: 365 }
            personal: { retention_days: 3650 }
            """)
        #expect(kept.warnings.map(\.key) == ["personal.retention_days"])
        for (wrong, key) in [
            ("period_months: 13", "retention.period_months"), ("period_months: -1", "retention.period_months"),
            ("period_months: 3, ledger_months: 12", "retention.ledger_months"),
            ("ledger_months: 24", "retention.ledger_months"), ("dossier_months: 24", "retention.dossier_months"),
            ("period_months: 3, ledger_months: 24, dossier_months: 23", "retention.dossier_months"),
        ] {
            let problems = problems("retention: { \(wrong) }")
            #expect(problems.count == 1 && problems[0].hasPrefix(key + ":"), "\(wrong): \(problems)")
        }
    }

    @Test func `Keys by which receipts are checked are read, and a wrong one is named`() throws {
        let key = SigningKey().publicKey, next = SigningKey().publicKey
        let settings = try load(
            """
            intake: { receipt_key: keys/receipts, receipt_keys: ["\(key)", "\(next)"], keep_receipts_days: 30 }
            sender: { signing_key: desk.sign, keep_receipts_days: 0 }
            """)
        #expect(settings.receiptKeys == [key, next] && settings.receiptDays == 30)
        #expect(settings.receiptKey == folder.path + "/keys/receipts")
        #expect(settings.signingKey == folder.path + "/desk.sign" && settings.keptReceiptDays == 0)
        let standard = try HosoSettings.load(file: nil)
        #expect(standard.receiptKeys.isEmpty && standard.receiptKey == nil && standard.signingKey == nil)
        for wrong in ["\"\(key)0\"", "abc", try CurveSecretKey().publicKey.z85.replacing("\"", with: "")] {
            let problems = problems("intake: { receipt_keys: [\"\(key)\", '\(wrong)'] }")
            #expect(problems.contains { $0.contains("intake.receipt_keys") }, "\(wrong): \(problems)")
        }
        #expect(problems("intake: { keep_receipts_days: 0 }").count == 1)
    }
}
