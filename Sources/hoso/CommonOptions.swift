import ArgumentParser
import Dossiers
import Foundation
import Logging
import Observability
import Settings
import Store

/// Options of every command.
struct CommonOptions: ParsableArguments {
    @Option(
        help: "Configuration file (default: HOSO_CONFIG, else the one of hoso setup or hoso up) · Tệp cấu hình.",
        completion: .file())
    var config: String?

    @Option(help: "vi or en (default: from LANG) · Ngôn ngữ.")
    var language: String?

    func validate() throws {
        guard let language, Language(rawValue: language) == nil else { return }
        throw ValidationError("--language: “\(language)”: vi, en.")
    }

    /// The language before the settings have been read.
    var spoken: Language { .spoken(language) }

    /// The configuration file: the named one, else that of the services of this machine, which `hoso setup` writes, else the
    /// one that `hoso up` writes in its standard folder.
    var file: String? {
        if let named = config ?? ProcessInfo.processInfo.environment["HOSO_CONFIG"] { return named }
        return [Site.configuration, Installation.standard.configuration].first {
            FileManager.default.isReadableFile(atPath: $0)
        }
    }

    /// Reads the settings; every problem is reported, and the command leaves with 78.
    func settings(_ more: [String: String] = [:]) throws -> HosoSettings {
        try settings(file: file, more)
    }

    /// Reads the settings of a file, or the defaults.
    func settings(file: String?, _ more: [String: String] = [:]) throws -> HosoSettings {
        var overrides = more
        if let language { overrides["language"] = language }
        do throws(SettingsError) {
            return try HosoSettings.load(
                file: file, environment: ProcessInfo.processInfo.environment, overrides: overrides)
        } catch {
            error.problems.forEach { Console.error($0.sentence(in: error.language)) }
            throw ExitCode(78)
        }
    }

    /// Reads the settings of a sender, which must say where its spool is: one in whatever folder this is would be
    /// forgotten, and nothing would ever send from it.
    func senderSettings(_ more: [String: String] = [:]) throws -> HosoSettings {
        let settings = try settings(more)
        guard file == nil, ProcessInfo.processInfo.environment["HOSO_SENDER_SPOOL"] == nil else { return settings }
        Console.error(
            "hoso: "
                + settings.language.choose(
                    "chưa có cấu hình: hãy chạy `hoso setup` hay `hoso up`, hoặc thêm --config TỆP (hay HOSO_CONFIG)",
                    "there is no configuration: run `hoso setup` or `hoso up`, or give --config FILE (or HOSO_CONFIG)"))
        throw ExitCode(78)
    }
}

/// The language of a command that needs no settings.
struct SpokenLanguage: ParsableArguments {
    @Option(name: .customLong("language"), help: "vi or en (default: from LANG) · Ngôn ngữ.")
    private var chosen: String?

    var language: Language { Language.spoken(chosen) }

    func validate() throws {
        guard let chosen, Language(rawValue: chosen) == nil else { return }
        throw ValidationError("--language: “\(chosen)”: vi, en.")
    }
}

/// Why something is done that is on record.
struct Why: ParsableArguments {
    @Option(help: "Why, for the record, without personal data · Lý do, không ghi dữ liệu cá nhân.")
    var because: String

    func validate() throws {
        guard (1...500).contains(because.trimmingCharacters(in: .whitespaces).count) else {
            throw ValidationError("--because: 1 … 500.")
        }
    }
}

/// Who runs the command, for the record: also behind `sudo`.
var operatorName: String {
    let environment = ProcessInfo.processInfo.environment
    // Only root can have come by sudo; anybody can set a variable.
    let caller = getuid() == 0 ? environment["SUDO_USER"] : nil
    let name = caller ?? ProcessInfo.processInfo.userName
    return "\(name) (uid \(getuid()))"
}

extension Language {
    /// The language that an option names, else that of HOSO_LANGUAGE or LANG.
    static func spoken(_ option: String?) -> Language {
        let environment = ProcessInfo.processInfo.environment
        let chosen = option ?? environment["HOSO_LANGUAGE"] ?? ""
        return Language(rawValue: chosen) ?? Language(locale: environment["LANG"])
    }
}

extension HosoSettings {
    /// The database, as a program of a name sees it.
    /// - Parameter role: `nil` for the owner, who migrates.
    func database(_ program: String, as role: DatabaseAddress.Role?) throws(SettingsError) -> DatabaseAddress {
        let role = hasSeparateRoles ? role : nil
        return DatabaseAddress(
            url: databaseURL, password: try databasePassword(of: role?.rawValue ?? DatabaseRoles.migrating),
            program: "hoso-\(program)", role: role)
    }

    /// A logger of a service.
    func logger(_ label: String) -> Logger {
        let format = logFormat ?? (Console.isWatched ? .text : .json)
        var logger = Logger(label: label) { label -> any LogHandler in
            format == .json ? EventLog(service: label) : StreamLogHandler.standardError(label: label)
        }
        logger.logLevel = logLevel
        return logger
    }
}
