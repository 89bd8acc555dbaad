import Adoption
import ArgumentParser
import Demonstration
import Dossiers
import Foundation
import Mapping
import Settings
import Store

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Brings the database to the version this program needs · Nâng cấp cơ sở dữ liệu.")
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let settings = try common.settings()
        let language = settings.language
        try await reportingErrors(in: language) {
            let hasRoles = settings.hasSeparateRoles
            let days = settings.personalRetentionDays
            let session = try DatabaseSession(settings.database("migrate", as: nil))
            let applied = try await session.perform { try await Migrator($0).migrate(hasRoles: hasRoles) }
            try await session.perform { try await Retention($0).keep(days: days) }
            let unsealed = try await session.perform { try await ApplicantTable($0).unsealed() }
            Console.line(
                applied.isEmpty
                    ? language.choose("cơ sở dữ liệu đã ở phiên bản mới nhất", "the database is up to date")
                    : language.choose("đã áp dụng: ", "applied: ") + applied.joined(separator: ", "))
            guard unsealed > 0 else { return }
            let number = Figures.grouped(unsealed, language)
            Console.line(
                language.choose(
                    "\(number) hồ sơ cũ còn dữ liệu cá nhân chưa mã hóa: hãy chạy `hoso reseal`",
                    "personal data of \(number) older dossiers is not sealed yet: run `hoso reseal`"))
        }
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
        let language = try common.settings().language
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
