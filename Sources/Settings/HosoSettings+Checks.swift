import Dossiers
import Foundation

extension HosoSettings {
    /// Checks what is not a matter of one type alone.
    func check(_ source: inout SettingSource, language: String) {
        if !language.isEmpty, Language(rawValue: language) == nil {
            source.complain("language", "phải là vi hoặc en", "must be vi or en")
        }
        for key in ["health.listen", "operations.listen"]
        where ListenAddress(source.text(key)) == nil && !(key == "health.listen" && source.text(key).isEmpty) {
            source.complain(key, "phải có dạng MÁY:CỔNG", "must be HOST:PORT")
        }
        // NAME.sock is added to it, and a socket's path has at most 107 bytes.
        if let healthSockets, healthSockets.utf8.count > 80 {
            source.complain("health.sockets", "đường dẫn quá dài cho socket", "is too long a path for sockets")
        }
        if let healthListen, !healthListen.isLoopback {
            source.complain(
                "health.listen", "chỉ được là địa chỉ nội bộ: 127.0.0.1, ::1 hoặc localhost",
                "must be on this machine's loopback: 127.0.0.1, ::1 or localhost")
        }
        checkAccess(&source)
        if closesAt == nil, !source.text("sender.closes_at").isEmpty {
            source.complain("sender.closes_at", "phải có dạng HH:MM", "must be HH:MM")
        }
        if intakeEndpoints.isEmpty { source.complain("intake.endpoints", "để trống", "is empty") }
        for endpoint in intakeEndpoints { checkIntake(endpoint, &source) }
        for endpoint in nextIntakeEndpoints { Self.checkNetwork(endpoint, "intake.next_endpoints", &source) }
        if nextIntakeEndpoints.isEmpty != (nextServerKey == nil) {
            source.complain(
                "intake.next_server_key", "phải đi cùng intake.next_endpoints",
                "goes together with intake.next_endpoints")
        }
        if source.list("intake.centre_keys").count != centreKeys.count || centreKeys.count > 2 {
            source.complain(
                "intake.centre_keys", "phải là một hoặc hai khóa công khai, mỗi khóa 40 ký tự",
                "must be one or two public keys of 40 characters")
        }
        if source.list("intake.receipt_keys").count != receiptKeys.count || receiptKeys.count > 8 {
            source.complain(
                "intake.receipt_keys", "phải là tối đa 8 khóa công khai, mỗi khóa 64 chữ số thập lục phân",
                "must be at most 8 public keys of 64 hexadecimal digits")
        }
        if (1..<30).contains(personalRetentionDays) {
            source.complain(
                "personal.retention_days", "phải là 0 hoặc từ 30 trở lên", "must be 0 or at least 30")
        }
        checkRetention(&source)
        checkServices(&source)
        if databaseURL.contains("password") || Self.hasPassword(databaseURL) {
            source.complain(
                "database.url", "không được chứa mật khẩu: dùng database.password_file",
                "must not hold a password: use database.password_file")
        }
        let database = DatabaseHost(databaseURL)
        if database.isRemote, database.sslMode != "verify-full" {
            source.complain(
                "database.url",
                "máy chủ ở xa cần sslmode=verify-full (và sslrootcert): nếu không, ai ở giữa cũng đọc được",
                "a server on another machine needs sslmode=verify-full (and sslrootcert), or whoever is between can read"
            )
        }
        let isName =
            (1...64).contains(senderName.utf8.count)
            && senderName.utf8.allSatisfy { byte in
                (97...122).contains(byte) || (48...57).contains(byte) || [45, 46, 95].contains(byte)
            }
        if !isName {
            source.complain(
                "sender.name", "phải gồm 1 đến 64 ký tự a-z 0-9 . _ -", "must be 1 to 64 characters of a-z 0-9 . _ -")
        }
        for channel in source.list("survey.channels") where Channel(code: channel) == nil {
            source.complain(
                "survey.channels", "“\(channel)” không thuộc in_person, online, postal",
                "“\(channel)” is not one of in_person, online, postal")
        }
    }

    /// A field that anybody could send is worth nothing: whoever trusts a proxy's listens to nobody else.
    private func checkAccess(_ source: inout SettingSource) {
        if operationsAccess == .proxy, !operationsListen.isLoopback {
            source.complain(
                "operations.access", "proxy chỉ dùng khi operations.listen là địa chỉ nội bộ của máy chạy proxy",
                "proxy needs operations.listen on the loopback of the proxy's machine")
        }
        let marks = "!#$%&'*+-.^_`|~"
        let isField =
            (1...64).contains(operationsProxyHeader.utf8.count)
            && operationsProxyHeader.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || marks.contains($0)) }
        if !isField || ["authorization", "host", "hoso-peer"].contains(operationsProxyHeader.lowercased()) {
            source.complain(
                "operations.proxy_header", "phải là tên trường HTTP, ví dụ X-Remote-User",
                "must be the name of an HTTP field, for example X-Remote-User")
        }
    }

    /// Over a network senders prove who they are by CURVE keys: a broker has one, or a sender has one and knows the centre's.
    private func checkIntake(_ endpoint: String, _ source: inout SettingSource) {
        guard endpoint.hasPrefix("tcp://") else { return Self.check(endpoint, "intake.endpoints", &source) }
        Self.checkNetwork(endpoint, "intake.endpoints", &source)
        guard serverKey == nil, senderKey == nil || centreKeys.isEmpty else { return }
        source.complain(
            "intake.endpoints",
            "“\(endpoint)” cần khóa CURVE: intake.server_key ở trung tâm, hoặc sender.key và intake.centre_keys ở điểm gửi",
            "“\(endpoint)” needs CURVE keys: intake.server_key at the centre, or sender.key and intake.centre_keys at a "
                + "sender")
    }

    /// What is to be dropped has to be cut before, and is kept for long enough to be told from what never came.
    private func checkRetention(_ source: inout SettingSource) {
        if (1..<13).contains(ledgerMonths) {
            source.complain("retention.ledger_months", "phải là 0 hoặc từ 13 trở lên", "must be 0 or at least 13")
        }
        if ledgerMonths > 0, periodMonths == 0 {
            source.complain(
                "retention.ledger_months", "cần retention.period_months: chỉ bỏ được từng kỳ trọn vẹn",
                "needs retention.period_months: only whole periods can be dropped")
        }
        if dossierMonths > 0, ledgerMonths == 0 || dossierMonths < ledgerMonths {
            source.complain(
                "retention.dossier_months",
                "phải là 0 hoặc không ít hơn retention.ledger_months (khác 0): sổ được bỏ trước hồ sơ",
                "must be 0 or at least retention.ledger_months, which must not be 0: the ledger goes before the dossiers"
            )
        }
    }

    /// What is set and goes beyond what is kept: nothing breaks, but it may not be what was meant.
    package var warnings: [SettingsError.Problem] {
        var warnings: [SettingsError.Problem] = []
        if ledgerMonths > 0, receiptDays > ledgerMonths * 30 {
            warnings.append(
                SettingsError.Problem(
                    key: "intake.keep_receipts_days",
                    vietnamese:
                        "dài hơn retention.ledger_months: khi sổ đã bỏ, trung tâm không dựng lại được biên nhận; biên nhận mà "
                        + "điểm gửi giữ vẫn kiểm tra được",
                    english:
                        "goes beyond retention.ledger_months: once its ledger rows are gone, the centre cannot show a receipt; "
                        + "those that senders keep can still be verified"))
        }
        if dossierMonths > 0, personalRetentionDays > dossierMonths * 30 {
            warnings.append(
                SettingsError.Problem(
                    key: "personal.retention_days",
                    vietnamese: "dài hơn retention.dossier_months: dữ liệu cá nhân mất cùng hồ sơ",
                    english: "goes beyond retention.dossier_months: personal data goes with its dossier"))
        }
        return warnings
    }

    /// Over a network workers and survey senders prove who they are by keys too: the listening side has one and a list, the other
    /// side has one and knows the listener's.
    private func checkServices(_ source: inout SettingSource) {
        for (key, count) in [("intake.worker_keys", workerKeys.count), ("survey.sender_keys", surveySenderKeys.count)]
        where source.list(key).count != count {
            source.complain(
                key, "phải là các khóa công khai, mỗi khóa 40 ký tự", "must be public keys of 40 characters")
        }
        if surveyCentreKey == nil, !source.text("survey.centre_key").isEmpty {
            source.complain(
                "survey.centre_key", "phải là khóa công khai 40 ký tự", "must be a public key of 40 characters")
        }
        if workerEndpoint.hasPrefix("tcp://") {
            Self.checkNetwork(workerEndpoint, "intake.workers", &source)
            if serverKey == nil || workerKeys.isEmpty, workerKey == nil || centreKeys.isEmpty {
                source.complain(
                    "intake.workers",
                    "tcp:// cần intake.server_key và intake.worker_keys ở broker, hoặc worker.key và intake.centre_keys ở worker",
                    "tcp:// needs intake.server_key and intake.worker_keys at the broker, or worker.key and "
                        + "intake.centre_keys at a worker")
            }
        } else {
            Self.check(workerEndpoint, "intake.workers", &source)
        }
        if surveyEndpoint.hasPrefix("tcp://") {
            Self.checkNetwork(surveyEndpoint, "survey.endpoint", &source)
            if surveyServerKey == nil || surveySenderKeys.isEmpty, surveyKey == nil || surveyCentreKey == nil {
                source.complain(
                    "survey.endpoint",
                    "tcp:// cần survey.server_key và survey.sender_keys ở trung tâm, hoặc survey.key và survey.centre_key ở "
                        + "điểm gửi khảo sát",
                    "tcp:// needs survey.server_key and survey.sender_keys at the centre, or survey.key and survey.centre_key "
                        + "at a survey sender")
            }
        } else {
            Self.check(surveyEndpoint, "survey.endpoint", &source)
        }
    }

    /// Whether an endpoint is `tcp://HOST:PORT`.
    package static func isNetworkEndpoint(_ endpoint: String) -> Bool {
        guard endpoint.hasPrefix("tcp://") else { return false }
        let place = endpoint.dropFirst(6)
        guard let colon = place.lastIndex(of: ":") else { return false }
        let host = place[..<colon]
        return !host.isEmpty && !host.contains { $0.isWhitespace || $0 == ";" || $0 == "/" }
            && (1...65_535).contains(Int(place[place.index(after: colon)...]) ?? 0)
    }

    private static func checkNetwork(_ endpoint: String, _ key: String, _ source: inout SettingSource) {
        guard !isNetworkEndpoint(endpoint) else { return }
        source.complain(key, "“\(endpoint)” phải có dạng tcp://MÁY:CỔNG", "“\(endpoint)” must be tcp://HOST:PORT")
    }

    /// What processes of one machine say to each other.
    private static func check(_ endpoint: String, _ key: String, _ source: inout SettingSource) {
        // An endpoint that begins with @ would be an abstract socket, which every user of the machine may connect to.
        guard endpoint.hasPrefix("ipc://"), endpoint.count > 6, !endpoint.hasPrefix("ipc://@") else {
            return source.complain(
                key,
                "“\(endpoint)” bị từ chối: chỉ nhận ipc:// kèm đường dẫn",
                "“\(endpoint)” is refused: it must be ipc:// with a path")
        }
        if endpoint.utf8.count - 6 > 107 {
            source.complain(
                key, "đường dẫn dài hơn 107 byte, mức tối đa của Unix socket",
                "the path is longer than the 107 bytes that a Unix socket may have")
        }
    }

    /// Whether a URI names a password between user and host.
    private static func hasPassword(_ url: String) -> Bool {
        guard let start = url.firstRange(of: "://")?.upperBound else { return false }
        let authority = url[start...].prefix { $0 != "/" && $0 != "?" }
        return authority.lastIndex(of: "@").map { authority[..<$0].contains(":") } ?? false
    }

    /// A complete, commented file with some values in place of the defaults.
    package static func yaml(_ values: [String: String]) -> String {
        var lines = ["# Settings of hoso. Every key can also be set by the variable HOSO_<KEY> with _ for full stops."]
        var group = ""
        for key in SettingKey.all {
            let parts = key.name.split(separator: ".").map(String.init)
            if parts.count == 2, parts[0] != group {
                group = parts[0]
                lines.append("\(group):")
            }
            let indentation = parts.count == 2 ? "  " : ""
            let value = values[key.name] ?? key.standard
            lines.append("\(indentation)# \(key.english) · \(key.vietnamese)")
            lines.append("\(indentation)\(parts[parts.count - 1]): \(quoted(value))")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Double quotes, as YAML reads them.
    private static func quoted(_ value: String) -> String {
        if value.allSatisfy({ $0.isNumber || $0 == "." }), !value.isEmpty { return value }
        return "\"" + value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
