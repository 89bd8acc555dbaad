import ArgumentParser
import Backups
import Dossiers
import Foundation
import PersonalData
import Settings
import Store

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Writes everything in the database into a folder, while services go on · Sao lưu cơ sở dữ liệu.",
        discussion: """
            The keys are not in it (personal.keys, intake.receipt_key, …): keep copies of them elsewhere. Without the key under \
            which it is sealed, personal data of a backup is lost.
            Khóa không nằm trong bản sao lưu: hãy giữ bản sao của khóa ở nơi khác. Thiếu khóa, dữ liệu cá nhân không đọc lại được.
            """)
    @Argument(help: "Folder that is not there yet · Thư mục mới.", completion: .directory)
    var folder: String
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let settings = try common.settings()
        let language = settings.language
        try await reportingErrors(in: language) {
            Console.error(language.choose("đang sao lưu …", "writing …"))
            let backup = try Backup(of: settings.database("backup", as: nil), software: Program.software)
            let folder = folder
            let manifest = try await endable(in: language) { try await backup.write(to: folder) }
            Console.line(manifest.summary(in: language, folder))
        }
    }
}

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Reads a backup into an empty database · Khôi phục từ bản sao lưu.",
        discussion: """
            Stop the services first. What was handed in after the backup was made is not in it: hoso reconcile names the numbers \
            that senders had announced as soon as they greet.
            Hãy dừng các dịch vụ trước. Hồ sơ nhận sau khi sao lưu không có trong bản sao; hoso reconcile sẽ chỉ ra số còn thiếu.
            """)
    @Argument(help: "Folder of the backup · Thư mục bản sao lưu.", completion: .directory)
    var folder: String
    @Flag(help: "Only check that the backup is whole; changes nothing · Chỉ kiểm tra bản sao lưu.")
    var check = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
        if check { return try await look(common.spoken) }
        let settings = try common.settings()
        let language = settings.language
        try await reportingErrors(in: language) {
            let restoration = try Restoration(into: settings.database("restore", as: nil))
            let (folder, hasRoles) = (folder, settings.hasSeparateRoles)
            let manifest = try await endable(in: language) {
                try await restoration.restore(from: folder, hasRoles: hasRoles) { step in
                    Console.error(step.sentence(in: language))
                }
            }
            Console.line(manifest.summary(in: language, folder))
            Console.line(
                language.choose(
                    "Đã khôi phục. Hãy chạy hoso adoption verify rồi khởi động dịch vụ.",
                    "Restored. Run hoso adoption verify, then start the services."))
        }
    }

    private func look(_ language: Language) async throws {
        try await reportingErrors(in: language) {
            let manifest = try Manifest.read(checking: folder)
            Console.line(manifest.summary(in: language, folder))
            guard manifest.schema > Migrator.neededVersion else { return }
            Console.error(
                language.choose(
                    "hoso: bản sao lưu thuộc phiên bản mới hơn: hãy cập nhật hoso trước",
                    "hoso: the backup is of a newer version: update hoso first"))
            throw ExitCode(78)
        }
    }
}

extension Manifest {
    fileprivate func summary(in language: Language, _ folder: String) -> String {
        let (dossiers, entries) = (rows["dossier"] ?? 0, ledgerRows)
        return language.choose(
            "\(folder): \(dossiers) hồ sơ, \(entries) dòng sổ, lúc \(takenAt), lược đồ \(schema)",
            "\(folder): \(dossiers) dossiers, \(entries) ledger rows, as of \(takenAt), schema \(schema)")
    }
}

extension Restoration.Step {
    fileprivate func sentence(in language: Language) -> String {
        switch self {
        case .checking: language.choose("đang kiểm tra bản sao lưu …", "checking the backup …")
        case .tables: language.choose("đang tạo bảng …", "making tables …")
        case .rows: language.choose("đang nạp dữ liệu …", "reading rows …")
        case .places: language.choose("đang đánh dấu lại vị trí …", "finding the places of fold and relay anew …")
        case .indexes: language.choose("đang tạo chỉ mục …", "making indexes …")
        case .migrations: language.choose("đang nâng cấp và cấp quyền …", "migrating, and granting privileges …")
        case .counting: language.choose("đang đối chiếu …", "comparing with the backup …")
        }
    }
}
