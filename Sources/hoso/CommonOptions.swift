import ArgumentParser
import Dossiers
import Foundation
import Logging
import Mapping
import Postgres
import ServiceLifecycle
import Settings
import Store
import UnixSignals

/// Options of every command.
struct CommonOptions: ParsableArguments {
    @Option(help: "Configuration file (or HOSO_CONFIG) · Tệp cấu hình.", completion: .file())
    var config: String?

    @Option(help: "vi or en (default: from LANG) · Ngôn ngữ.")
    var language: String?

    @Option(name: .customLong("time-zone"), help: "Zone of local days, for example Asia/Ho_Chi_Minh · Múi giờ.")
    var timeZone: String?

    /// Reads the settings; every problem is reported, and the command leaves with 78.
    func settings(_ more: [String: String] = [:]) throws -> HosoSettings {
        let environment = ProcessInfo.processInfo.environment
        var overrides = more
        if let language { overrides["language"] = language }
        if let timeZone { overrides["time_zone"] = timeZone }
        do throws(SettingsError) {
            return try HosoSettings.load(
                file: config ?? environment["HOSO_CONFIG"], environment: environment, overrides: overrides)
        } catch {
            Console.error("\(error)")
            throw ExitCode(78)
        }
    }
}

extension HosoSettings {
    /// The database, as a program of a name sees it.
    func database(_ program: String) -> DatabaseAddress {
        DatabaseAddress(url: databaseURL, password: databasePassword, program: "hoso-\(program)")
    }

    /// A logger of a service.
    func logger(_ label: String) -> Logger {
        var logger = Logger(label: label) { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = logLevel
        return logger
    }
}

/// What goes to the terminal.
enum Console {
    /// Writes a line to standard output.
    static func line(_ text: String) { write(text + "\n", to: .standardOutput) }

    /// Writes a line to standard error.
    static func error(_ text: String) { write(text + "\n", to: .standardError) }

    /// Writes text as it is.
    static func write(_ text: String, to handle: FileHandle) { try? handle.write(contentsOf: Data(text.utf8)) }

    /// Whether somebody watches standard error.
    static var isWatched: Bool { isatty(2) == 1 }
}

extension Language {
    /// The text in this language.
    func choose(_ vietnamese: String, _ english: String) -> String { self == .vietnamese ? vietnamese : english }
}

/// Runs something and turns its errors into sentences and exit codes.
func reportingErrors<Value>(
    in language: Language = .english, _ body: () async throws -> Value
) async throws -> Value {
    do {
        return try await body()
    } catch let error as ExitCode {
        throw error
    } catch let error as ValidationError {
        throw error
    } catch is CleanExit {
        throw ExitCode.success
    } catch let error as MappingError {
        error.sentences(in: language).forEach { Console.error("hoso: \($0)") }
        throw ExitCode(exitCode(of: error))
    } catch let error as PostgresError where error.isRetriable {
        let sentence = language.choose("Không dùng được cơ sở dữ liệu lúc này", "The database cannot be used now")
        Console.error("hoso: \(sentence): \(error)")
        throw ExitCode(exitCode(of: error))
    } catch {
        Console.error("hoso: \(error)")
        throw ExitCode(exitCode(of: error))
    }
}

/// Runs services until SIGTERM or Ctrl-C, and drains them.
func serve(_ services: [any Service], logger: Logger) async throws {
    try await reportingErrors {
        try await ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        ).run()
    }
}
