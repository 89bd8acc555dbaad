import ArgumentParser
import Cluster
import Dossiers
import Foundation
import Keys
import Postgres
import Settings
import Store

/// Makes this machine a centre; each step finds what an earlier run has done.
struct CentreSetup {
    let language: Language
    let units: ServiceUnits
    let wishes: Setup

    func run() async throws {
        if Site.isConfigured {
            try refuseOtherWishes()
            if DatabaseURL.isLocal(try siteSettings(language).databaseURL) { try await prepareLocalDatabase() }
        } else {
            try await configure()
        }
        let settings = try siteSettings(language)
        say("Tạo bảng và vai trò …", "Making tables and roles …")
        let session = try DatabaseSession(settings.database("setup", as: nil))
        let (hasRoles, kept) = (settings.hasSeparateRoles, settings.kept)
        let applied = try await session.perform { try await Migrator($0).migrate(hasRoles: hasRoles) }
        try await session.perform { try await Retention($0).keep(kept) }
        if !applied.isEmpty { Console.line("  " + applied.joined(separator: ", ")) }
        if hasRoles, let folder = settings.passwordPath { try await givePasswords(folder, session) }
        say("Giao khóa cho từng dịch vụ …", "Handing each service its keys …")
        try Site.handOutKeys(settings)
        try await startServices(settings)
        explain(settings)
    }

    // MARK: - Settings

    /// What is there counts: days have been counted in its zone, and dossiers lie in its database.
    private func refuseOtherWishes() throws {
        let settings = try siteSettings(language)
        guard settings.senderKey == nil else {
            throw refusal(
                language.choose(
                    "máy này là điểm gửi (\(Site.configuration)); trung tâm cần máy khác",
                    "this machine is a post office's (\(Site.configuration)); a centre takes another machine"), 64)
        }
        let isOther =
            wishes.timeZone.map { $0 != settings.zone.identifier } ?? false
            || wishes.workers.map { $0 != settings.workerCount } ?? false
            || wishes.database.map {
                $0 == "local" ? !DatabaseURL.isLocal(settings.databaseURL) : $0 != settings.databaseURL
            }
                ?? false
        guard isOther else { return }
        throw refusal(
            language.choose(
                "\(Site.configuration) ghi khác: hãy sửa tệp đó rồi chạy lại hoso setup không kèm tùy chọn",
                "\(Site.configuration) says otherwise: change it there, and run hoso setup again without options"), 64)
    }

    private func configure() async throws {
        let answers = try ask()
        say("Tạo khóa …", "Making keys …")
        var values = try Site.makeCentreKeys()
        if answers.database == "local" {
            let cluster = try await prepareLocalDatabase()
            values["database.url"] = cluster.url(role: DatabaseRoles.migrating, database: "hoso")
        } else {
            values["database.url"] = answers.database
            if try keepPassword() { values["database.password_file"] = Site.passwords }
        }
        values["time_zone"] = answers.zone
        values["language"] = wishes.language ?? ""
        values["worker.count"] = "\(answers.workers)"
        values["intake.endpoints"] = "ipc:///run/hoso/intake.sock,tcp://*:5710"
        values["intake.workers"] = "ipc:///run/hoso/workers.sock"
        values["intake.worker_user"] = "hoso-worker"
        values["survey.endpoint"] = "ipc:///run/hoso/surveys/surveys.sock"
        values["sender.spool"] = Site.sender + "/sender.sqlite"
        values["sender.inbox"] = Site.sender + "/inbox"
        values["health.sockets"] = "/run/hoso/health"
        try writeSiteSettings(values)
        Console.line("  \(Site.configuration)")
    }

    private func ask() throws -> (database: String, zone: String, workers: Int) {
        guard wishes.asks || wishes.yes || wishes.database != nil else {
            throw refusal(
                language.choose(
                    "không có ai để hỏi: hãy thêm --database local (hoặc chuỗi kết nối), hay --yes",
                    "nobody is there to be asked: give --database local (or a connection string), or --yes"), 64)
        }
        let cores = min(max(ProcessInfo.processInfo.activeProcessorCount, 2), 8)
        let database = try answer(
            wishes.database, "local",
            language.choose(
                "Cơ sở dữ liệu: local (máy chủ PostgreSQL trên máy này) hoặc chuỗi kết nối",
                "Database: local (the PostgreSQL server of this machine) or a connection string")
        ) { !$0.contains("password") }
        let zone = try answer(
            wishes.timeZone, "Asia/Ho_Chi_Minh", language.choose("Múi giờ tính ngày", "Zone of local days")
        ) { LocalZone(identifier: $0) != nil }
        let workers = try answer(wishes.workers.map(String.init), "\(cores)", language.choose("Số worker", "Workers")) {
            (1...64).contains(Int($0) ?? 0)
        }
        return (database, zone, Int(workers) ?? cores)
    }

    /// What was said, else what is answered, else the default.
    private func answer(
        _ said: String?, _ standard: String, _ question: String, _ isGood: (String) -> Bool
    ) throws -> String {
        if let said { return said }
        guard wishes.asks else { return standard }
        while true {
            Console.write("\(question) [\(standard)]: ", to: .standardError)
            guard let line = readLine() else { throw ExitCode(64) }
            let text = line.trimmingCharacters(in: .whitespaces)
            if text.isEmpty { return standard }
            if isGood(text) { return text }
            Console.error(language.choose("  không hợp lệ", "  that will not do"))
        }
    }

    /// Keeps the password of the role that migrates, where one is given.
    private func keepPassword() throws -> Bool {
        let path = Site.passwords + "/" + DatabaseRoles.migrating
        if FileManager.default.fileExists(atPath: path) { return true }
        var password = ""
        if let file = wishes.passwordFile {
            guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
                throw refusal(language.choose("không đọc được \(file)", "\(file) cannot be read"), 64)
            }
            password = text.trimmingCharacters(in: .newlines)
        } else if wishes.asks {
            let prompt = language.choose(
                "Mật khẩu của hoso_migrate (để trống nếu không cần): ", "Password of hoso_migrate (empty: none): ")
            password = HiddenInput.line(prompt)
        }
        guard !password.isEmpty else { return false }
        try PrivateFolder.make(Site.passwords)
        try SecretFile.write(Data((password + "\n").utf8), to: path)
        return true
    }

    // MARK: - Database

    @discardableResult
    private func prepareLocalDatabase() async throws -> SystemCluster {
        say("Chuẩn bị cơ sở dữ liệu trên máy này …", "Preparing the database of this machine …")
        let cluster = try await SystemCluster.findOrMake()
        try await cluster.start()
        let owner = try await cluster.make(database: "hoso", owner: DatabaseRoles.migrating)
        guard owner == DatabaseRoles.migrating else {
            throw refusal(
                language.choose(
                    "cơ sở dữ liệu “hoso” thuộc về “\(owner)”: hãy đổi tên nó, hoặc dùng --database với chuỗi kết nối",
                    "a database “hoso” belongs to “\(owner)”: rename it, or give --database a connection string"), 78)
        }
        try await cluster.letIn(Site.users, database: "hoso")
        Console.line("  PostgreSQL \(cluster.version)/\(cluster.name), hoso")
        if try await !cluster.hasChecksums() {
            Console.line(
                language.choose(
                    "  cụm này chưa bật checksum: nên dừng nó và chạy pg_checksums --enable",
                    "  its pages carry no checksums: better stop it and run pg_checksums --enable"))
        }
        return cluster
    }

    /// Makes a password for each role that has no file yet.
    private func givePasswords(_ folder: String, _ session: DatabaseSession) async throws {
        for role in DatabaseRoles.services {
            let path = "\(folder)/\(role)"
            let kept = try? String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .newlines)
            let password = kept.map { DatabasePassword($0) } ?? DatabasePassword()
            // First here, then there: after an interruption the next run tells the database the same one.
            if kept == nil { try SecretFile.write(Data((password.text + "\n").utf8), to: path) }
            let verifier = password.verifier()
            try await session.perform { connection in
                try await connection.runScript(
                    "ALTER ROLE \(role) PASSWORD '\(verifier)'", as: "set the password of \(role)", within: .seconds(10)
                )
            }
        }
    }

    // MARK: - Services

    private func startServices(_ settings: HosoSettings) async throws {
        say("Khởi động dịch vụ …", "Starting the services …")
        let workers = (1...settings.workerCount).map { "hoso-worker@\($0).service" }
        let services =
            ["hoso-migrate.service", "hoso-broker.service"] + workers
            + ["hoso-aggregator.service", "hoso-surveys.service", "hoso-operations.service"]
        try await units.retire("hoso-worker@*.service", but: workers)
        try await units.enable(["hoso.target", "hoso-broker.socket", "hoso-broker-workers.socket"] + services)
        try await units.start(services)
        try await units.wait(for: services)
    }

    private func say(_ vietnamese: String, _ english: String) { Console.line(language.choose(vietnamese, english)) }

    private func explain(_ settings: HosoSettings) {
        let keys = settings.personalKeys.joined(separator: " ")
        Console.line(
            language.choose(
                """
                Xong: trung tâm đang chạy (systemctl status 'hoso*').
                1. Chép \(keys) sang nơi khác, ngay bây giờ: mất khóa này là mất dữ liệu cá nhân.
                2. Ghi danh bưu điện: hoso sender enrol TÊN --channel in_person postal --reached-at tcp://MÁY-NÀY:5710
                   rồi trên máy của bưu điện: hoso setup --sender
                """,
                """
                Done: the centre runs (systemctl status 'hoso*').
                1. Copy \(keys) to another place, now: without it, personal data is lost.
                2. Let a post office in: hoso sender enrol NAME --channel in_person postal --reached-at tcp://THIS-HOST:5710
                   and on its machine: hoso setup --sender
                """))
    }
}

/// Connection strings that the set-up of a local database writes.
enum DatabaseURL {
    /// Whether a string leads to the server of this machine, by its socket.
    static func isLocal(_ url: String) -> Bool { url.hasPrefix("host=/run/postgresql ") }
}

/// What is typed without being shown.
enum HiddenInput {
    /// Asks for a line.
    static func line(_ prompt: String) -> String {
        Console.write(prompt, to: .standardError)
        var shown = termios()
        unsafe tcgetattr(STDIN_FILENO, &shown)
        var hidden = shown
        hidden.c_lflag &= ~tcflag_t(ECHO)
        unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden)
        defer {
            unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown)
            Console.error("")
        }
        return readLine() ?? ""
    }
}
