import ArgumentParser
import Dossiers
import Foundation
import Settings

struct Setup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes this machine a centre, or a post office's, with services of systemd · Thiết lập máy này.",
        discussion: """
            hoso setup                       a centre: asks for what it needs to know, and does the rest
            hoso setup --database local --yes    a centre with the PostgreSQL server of this machine, without questions
            hoso setup --sender              a post office: asks for the code that the centre made by hoso sender enrol
            Writes /etc/hoso/hoso.yaml, and keys into /etc/hoso/keys. What is there already stays, so it can be run again: \
            after an interruption, and after a change of the settings or of a key, which it hands to the services.
            Ghi /etc/hoso/hoso.yaml và khóa vào /etc/hoso/keys. Những gì đã có được giữ nguyên, nên có thể chạy lại: sau khi bị \
            ngắt, hoặc sau khi đổi thiết lập hay khóa.
            """)
    @Argument(
        help: "With --sender: file with the code (default: it is asked for) · Với --sender: tệp chứa mã ghi danh.",
        completion: .file())
    var file: String?
    @Flag(help: "A post office, by an enrolment code, in place of a centre · Máy của bưu điện.")
    var sender = false
    @Option(help: "local, or a connection string of libpq without a password · Cơ sở dữ liệu.")
    var database: String?
    @Option(
        help: """
            File with the password of the role hoso_migrate, for a database elsewhere · Tệp chứa mật khẩu của hoso_migrate.
            """, completion: .file())
    var passwordFile: String?
    @Option(help: "Zone of local days (default: Asia/Ho_Chi_Minh) · Múi giờ tính ngày.")
    var timeZone: String?
    @Option(help: "Workers, 1 to 64 (default: as many as the machine has processors, 2 to 8) · Số worker.")
    var workers: Int?
    @Flag(help: "Ask nothing: what is not said is as by default · Không hỏi, dùng giá trị mặc định.")
    var yes = false
    @Option(help: "vi or en (default: from LANG) · Ngôn ngữ.")
    var language: String?

    private var spoken: Language { .spoken(language) }

    func validate() throws {
        if let language, Language(rawValue: language) == nil {
            throw ValidationError("--language: “\(language)”: vi, en.")
        }
        if let timeZone, LocalZone(identifier: timeZone) == nil {
            throw ValidationError(
                spoken.choose("Không có múi giờ “\(timeZone)”.", "There is no time zone “\(timeZone)”."))
        }
        guard (1...64).contains(workers ?? 1) else { throw ValidationError("--workers: 1 … 64.") }
        guard sender || file == nil else {
            throw ValidationError(spoken.choose("Tệp chỉ dùng với --sender.", "A file goes with --sender only."))
        }
        if sender, database != nil || passwordFile != nil || workers != nil {
            throw ValidationError(
                spoken.choose(
                    "--database, --password-file, --workers: không dùng với --sender.",
                    "--database, --password-file and --workers do not go with --sender."))
        }
        // Of a password, in the list of processes everybody could read it.
        if let database, database.contains("password") {
            throw ValidationError(
                spoken.choose(
                    "--database: không ghi mật khẩu; dùng --password-file.",
                    "--database: no password; use --password-file."))
        }
    }

    func run() async throws {
        let language = spoken
        try await reportingErrors(in: language) {
            guard getuid() == 0 else {
                throw refusal(
                    language.choose("hãy chạy với quyền root: sudo hoso setup", "run it as root: sudo hoso setup"), 64)
            }
            let units = ServiceUnits(language: language)
            try units.check()
            if sender {
                try await SenderSetup(language: language, units: units, spoken: self.language).run(
                    file: file, timeZone: timeZone)
            } else {
                try await CentreSetup(language: language, units: units, wishes: self).run()
            }
        }
    }

    /// Whether somebody is there to answer.
    var asks: Bool { !yes && isatty(STDIN_FILENO) == 1 }
}

/// Settings as they are in the file, whatever the variables of whoever runs the set-up say.
func siteSettings(_ language: Language) throws -> HosoSettings {
    do throws(SettingsError) { return try HosoSettings.load(file: Site.configuration) } catch {
        error.problems.forEach { Console.error("\(Site.configuration): \($0.sentence(in: language))") }
        throw ExitCode(78)
    }
}

/// Writes the settings of the services, which everybody may read: there is no secret in them.
func writeSiteSettings(_ values: [String: String]) throws {
    try FileManager.default.createDirectory(atPath: "/etc/hoso", withIntermediateDirectories: true)
    let fresh = Site.configuration + ".new"
    try Data(HosoSettings.yaml(values).utf8).write(to: URL(fileURLWithPath: fresh))
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: fresh)
    try FileManager.default.moveItem(atPath: fresh, toPath: Site.configuration)
}
