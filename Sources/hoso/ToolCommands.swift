import Adoption
import ArgumentParser
import Demonstration
import Dossiers
import Foundation
import Keys
import Mapping
import Postgres
import Settings
import Store
import Worker

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Brings the database to the version this program needs · Nâng cấp cơ sở dữ liệu.")
    @OptionGroup var common: CommonOptions
    @Flag(help: "Wait for a database that cannot be reached yet · Chờ đến khi kết nối được.")
    var wait = false
    @Flag(help: "Only say what is missing; leaves with 1 when something is · Chỉ kiểm tra.")
    var check = false

    func run() async throws {
        let settings = try common.settings()
        let language = settings.language
        try await reportingErrors(in: language) {
            if check { return try await look(settings) }
            let hasRoles = settings.hasSeparateRoles
            let kept = settings.kept
            let session = try DatabaseSession(settings.database("migrate", as: nil))
            if wait { try await waitForDatabase(session, language) }
            let applied = try await session.perform { try await Migrator($0).migrate(hasRoles: hasRoles) }
            try await session.perform { try await Retention($0).keep(kept) }
            Console.line(
                applied.isEmpty
                    ? language.choose("cơ sở dữ liệu đã ở phiên bản mới nhất", "the database is up to date")
                    : language.choose("đã áp dụng: ", "applied: ") + applied.joined(separator: ", "))
            if let progress = try await settings.sealWhatIsOld(session) { Console.line(progress.line(in: language)) }
        }
    }

    /// Says what is missing; whoever may read the schema may ask.
    private func look(_ settings: HosoSettings) async throws {
        let language = settings.language
        let (state, missing) = try await DatabaseSession(settings.database("migrate", as: nil)).perform { connection in
            let migrator = Migrator(connection)
            return (try await migrator.state(), try await migrator.missing())
        }
        switch state {
        case .current:
            Console.line(language.choose("cơ sở dữ liệu đã ở phiên bản mới nhất", "the database is up to date"))
        case .behind:
            Console.line(language.choose("còn thiếu: ", "missing: ") + missing.joined(separator: ", "))
            throw ExitCode(1)
        case .ahead(let version):
            Console.line(
                language.choose(
                    "cơ sở dữ liệu ở phiên bản \(version), mới hơn chương trình này: hãy cập nhật hoso",
                    "the database is at version \(version) and does not serve this program: update hoso"))
            throw ExitCode(1)
        }
    }
}

extension Migrate {
    /// When a machine starts, its database may be the last to be there, and nobody is at hand to try again.
    private func waitForDatabase(_ session: DatabaseSession, _ language: Language) async throws {
        var hasComplained = false
        while true {
            do { return try await session.perform { _ = try await Migrator($0).state() } } catch let error
                as PostgresError
                where error.isRetriable
            {
                if !hasComplained {
                    Console.error(
                        "hoso: " + language.choose("chờ cơ sở dữ liệu", "waiting for the database") + ": \(error)")
                }
                hasComplained = true
                try await Task.sleep(for: .seconds(1))
            }
        }
    }
}

extension HosoSettings {
    /// Seals what an earlier version has stored in plain text, before anybody compares with it or adds to it.
    /// - Returns: what was done; `nil` where there was nothing to do.
    func sealWhatIsOld(_ session: DatabaseSession) async throws -> Resealing.Progress? {
        guard try await session.perform({ try await ApplicantTable($0).unsealed() }) > 0 else { return nil }
        let vault = try vault()
        return try await session.perform { connection in
            var resealing = try await Resealing(connection, vault: vault)
            return try await resealing.run(byWhom: "hoso migrate") { _ in true }
        }
    }
}

extension HosoSettings {
    /// For how long things are kept, as the database is told.
    var kept: Retention.Lengths {
        Retention.Lengths(
            personalDays: personalRetentionDays, periodMonths: periodMonths, ledgerMonths: ledgerMonths,
            dossierMonths: dossierMonths)
    }
}

extension HosoSettings {
    /// What is wrong with the key files that are named, a sentence each.
    fileprivate func unreadableKeys() -> [String] {
        var problems: [String] = []
        func look(_ setting: String, _ path: String?, _ read: (String) throws(KeyError) -> Void) {
            guard let path else { return }
            do throws(KeyError) { try read(path) } catch {
                problems.append("\(setting): " + language.choose(error.vietnamese, error.english))
            }
        }
        let curves = [
            ("intake.server_key", serverKey), ("intake.next_server_key", nextServerKey), ("sender.key", senderKey),
            ("worker.key", workerKey), ("survey.server_key", surveyServerKey), ("survey.key", surveyKey),
        ]
        for (setting, path) in curves { look(setting, path) { path throws(KeyError) in _ = try KeyFile.secret(path) } }
        for (setting, path) in [("intake.receipt_key", receiptKey), ("sender.signing_key", signingKey)] {
            look(setting, path) { path throws(KeyError) in _ = try KeyFile.signingKey(path) }
        }
        for path in personalKeys {
            look("personal.keys", path) { path throws(KeyError) in _ = try KeyFile.sealingKey(path) }
        }
        return problems
    }
}

struct CheckConfig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Reports every problem of the configuration at once · Kiểm tra cấu hình.",
        discussion: "Settings · Các thiết lập:\n"
            + SettingKey.all.map { "  \($0.name) [\($0.standard)]: \($0.english) · \($0.vietnamese)" }
            .joined(separator: "\n"))
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let settings = try common.settings()
        let language = settings.language
        let problems = settings.unreadableKeys()
        problems.forEach { Console.error("hoso: \($0)") }
        guard problems.isEmpty else { throw ExitCode(78) }
        for warning in settings.warnings {
            Console.error("hoso: " + language.choose("lưu ý: ", "note: ") + warning.sentence(in: language))
        }
        let place = common.file.map { "\($0): " } ?? ""
        Console.line(
            place + language.choose("cấu hình đầy đủ và nhất quán", "the configuration is complete and consistent"))
    }
}

struct Sample: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes valid, made-up dossiers as NDJSON, for load tests · Tạo hồ sơ giả để thử tải.")
    @Option(help: "How many · Số lượng.")
    var count = 1_000
    @Option(help: "The same seed gives the same dossiers, another one others · Cùng số cho cùng hồ sơ.")
    var seed: UInt64 = 1

    func run() async throws {
        guard (0...100_000_000).contains(count) else { throw ValidationError("--count: 0 … 100000000.") }
        var buffer = Data()
        for submission in SampleSubmissions(count: count, seed: seed) {
            buffer.append(contentsOf: submission.nativeLine())
            if buffer.count > 1 << 18 {
                try FileHandle.standardOutput.write(contentsOf: buffer)
                buffer.removeAll(keepingCapacity: true)
            }
        }
        try FileHandle.standardOutput.write(contentsOf: buffer)
    }
}
