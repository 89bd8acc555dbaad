import Adoption
import ArgumentParser
import Dossiers
import Foundation
import PersonalData
import Settings
import Store
import Worker

struct ApplicantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "applicant", abstract: "Shows who handed in a dossier, and notes who looked · Người nộp hồ sơ.",
        discussion: """
            It needs a key of personal.keys. That it was looked at, by whom and why, is noted before anything is shown \
            (hoso audit).
            Cần khóa trong personal.keys. Người xem và lý do được ghi lại trước khi hiển thị (hoso audit).
            """)
    @OptionGroup var common: CommonOptions
    @Argument(help: "Code of the dossier · Mã hồ sơ.")
    var code: String
    @OptionGroup var why: Why
    @Option(help: "table or json · Dạng kết quả.")
    var format = PlainFormat.table

    func run() async throws {
        let settings = try common.settings()
        let language = settings.language
        try await reportingErrors(in: language) {
            let (code, who, why, vault) = (code, operatorName, why.because, try settings.vault())
            let found = try await DatabaseSession(settings.database("operations", as: .operations)).perform {
                connection in
                guard let row = try await ApplicantTable(connection).find(code) else { return ApplicantTable.Row?.none }
                if row.personal != nil || row.plain.id != nil || row.plain.name != nil || row.plain.phone != nil {
                    try await AccessAudit(connection).note(.read, of: [code], by: who, because: why)
                }
                return row
            }
            guard let found else {
                Console.error("hoso: " + language.choose("không có hồ sơ \(code)", "there is no dossier \(code)"))
                throw ExitCode(1)
            }
            let details = try Self.details(found, vault)
            let fields: [(name: String, title: String, value: String?)] = [
                ("applicant_name", language.choose("Họ tên", "Name"), details?.name),
                ("applicant_id", language.choose("Số định danh", "Id"), details?.id),
                ("applicant_phone", language.choose("Điện thoại", "Phone"), details?.phone),
            ]
            switch format {
            case .json:
                var object: [String: Any] = ["dossier_code": code, "erased": found.isErased]
                for field in fields { object[field.name] = field.value ?? NSNull() }
                let data = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
                Console.line(String(decoding: data, as: UTF8.self))
            case .table:
                if found.isErased { Console.line(language.choose("Đã xóa.", "It was erased.")) }
                for field in fields { Console.line("\(field.title): \(field.value ?? "–")") }
            }
        }
    }

    private static func details(
        _ row: ApplicantTable.Row, _ vault: Vault
    ) throws(VaultError) -> ApplicantDetails? {
        guard let personal = row.personal else {
            return ApplicantDetails(id: row.plain.id, name: row.plain.name, phone: row.plain.phone)
        }
        return ApplicantDetails(try vault.open(personal, for: .dossier(row.code)))
    }
}

struct Erase: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Erases who handed in a dossier, for good · Xóa dữ liệu cá nhân của một hồ sơ.",
        discussion: """
            Its applicant's data is overwritten with the salt of its key, and so is what was quarantined of it. The dossier \
            stays in every figure; chains and receipts still hold. Who did it, and why, is recorded. Backups of before have it \
            until they expire, and a sender's machine has what it keeps itself.
            Dữ liệu của người nộp cùng phần tạo khóa, và nội dung bị giữ lại, bị ghi đè. Hồ sơ vẫn nằm trong số liệu; chuỗi và biên nhận vẫn kiểm \
            tra được. Người thực hiện và lý do được ghi nhận. Bản sao lưu cũ còn giữ dữ liệu cho đến khi hết hạn; máy của điểm gửi giữ phần của mình.
            """)
    @OptionGroup var common: CommonOptions
    @Argument(help: "Code of the dossier · Mã hồ sơ.")
    var code: String
    @OptionGroup var why: Why

    func run() async throws {
        let settings = try common.settings()
        let language = settings.language
        try await reportingErrors(in: language) {
            let (code, who, why) = (code, operatorName, why.because)
            let session = try DatabaseSession(settings.database("operations", as: .operations))
            let (erased, known) = try await session.perform { connection in
                let table = ApplicantTable(connection)
                return (try await table.erase(code, by: who, because: why), try await table.find(code))
            }
            guard erased.dossiers + erased.entries == 0 else {
                return Console.line(
                    language.choose(
                        "Đã xóa dữ liệu cá nhân của \(code): \(erased.dossiers) hồ sơ, \(erased.entries) bản ghi bị giữ lại.",
                        "Erased of \(code): dossiers \(erased.dossiers), quarantined entries \(erased.entries)."))
            }
            if known?.isErased == true {
                return Console.line(language.choose("\(code) đã được xóa từ trước.", "\(code) was erased before."))
            }
            Console.error("hoso: " + language.choose("không có hồ sơ \(code)", "there is no dossier \(code)"))
            throw ExitCode(1)
        }
    }
}

struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows who opened or erased personal data · Nhật ký truy cập dữ liệu cá nhân.")
    @OptionGroup var common: CommonOptions
    @Argument(help: "Only of the dossier with this code · Mã hồ sơ.")
    var code: String?
    @Option(help: "Lines at most, the newest first · Số dòng tối đa.")
    var limit = 1_000
    @Option(help: "table, json or csv · Dạng kết quả.")
    var format = OutputFormat.table

    func validate() throws {
        guard (1...100_000).contains(limit) else { throw ValidationError("--limit: 1 … 100000.") }
    }

    func run() async throws {
        let settings = try common.settings()
        try await reportingErrors(in: settings.language) {
            let (code, limit) = (code, limit)
            let rows = try await DatabaseSession(settings.database("query", as: .read)).perform { connection in
                try await AccessAudit(connection).rows(subject: code, limit: limit)
            }
            let report = AccessReport(rows: rows, zone: settings.zone)
            switch format {
            case .table: report.table(in: settings.language).forEach(Console.line)
            case .json: Console.line(report.json)
            case .csv: report.csv.forEach(Console.line)
            }
        }
    }
}

struct Reseal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Seals personal data anew with the first key of personal.keys · Mã hóa lại bằng khóa mới.",
        discussion: """
            To change the key: hoso keygen FILE --for personal; name FILE after the old one in personal.keys on every machine of \
            the centre and restart the services, so that all can open what it seals; then name it first, restart again, and run \
            this. Once nothing is left of the old key, it can be taken out and destroyed. It may be interrupted and run again, \
            and services go on meanwhile.
            Đổi khóa: tạo khóa mới; ghi tệp mới sau tệp cũ trong personal.keys trên mọi máy rồi khởi động lại các dịch vụ; sau đó ghi \
            tệp mới lên đầu, khởi động lại, rồi chạy lệnh này. Khi không còn gì dùng khóa cũ thì có thể bỏ và hủy. Có thể ngắt và \
            chạy lại; các dịch vụ vẫn hoạt động.
            """)
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let settings = try common.settings()
        let language = settings.language
        try await reportingErrors(in: language) {
            let (who, vault) = (operatorName, try settings.vault())
            let session = try DatabaseSession(settings.database("reseal", as: .operations))
            let progress = try await interruptible { interruption in
                try await session.perform { connection in
                    var resealing = try await Resealing(connection, vault: vault)
                    let progress = try await resealing.run(byWhom: who) { progress in
                        if Console.isWatched {
                            Console.write("\r\(progress.line(in: language))", to: .standardError)
                        }
                        return !interruption.isWanted
                    }
                    if Console.isWatched { Console.write("\r\u{1B}[K", to: .standardError) }
                    return progress
                }
            }
            Console.line(progress.line(in: language))
            if progress.closed > 0 {
                Console.error(
                    "hoso: "
                        + language.choose(
                            "\(progress.closed) mục không mở được bằng các khóa trong personal.keys, giữ nguyên",
                            "\(progress.closed) do not open with the keys of personal.keys, and stay as they are"))
                throw ExitCode(65)
            }
            guard progress.isDone else {
                Console.error("hoso: " + language.choose("chưa xong, hãy chạy lại", "not done yet, run it again"))
                throw ExitCode(69)
            }
        }
    }
}

extension Resealing.Progress {
    /// How far it is, in a sentence.
    func line(in language: Language) -> String {
        let (first, second) = (Figures.grouped(Int64(dossiers), language), Figures.grouped(Int64(entries), language))
        return language.choose(
            "đã mã hóa lại: \(first) hồ sơ, \(second) bản ghi bị giữ lại",
            "sealed anew: \(first) dossiers, \(second) quarantined entries")
    }
}
