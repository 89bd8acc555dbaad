import Adoption
import ArgumentParser
import Dossiers
import Foundation
import Postgres
import Settings
import Store

/// How answers are written.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case table, json, csv
}

struct Reconcile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: """
            Balances what senders numbered with what the centre has; leaves with 1 when numbers are missing, or when \
            the numbers say that a spool is an old copy or a clone · Đối soát.
            """)
    @OptionGroup var common: CommonOptions
    @Argument(help: "Name of a sender (default: all) · Tên điểm gửi.")
    var sender: String?
    @Option(help: "table, json or csv · Dạng kết quả.")
    var format = OutputFormat.table

    func run() async throws {
        let settings = try common.settings()
        try await reportingErrors(in: settings.language) {
            let name = sender
            let (balances, detail) = try await DatabaseSession(settings.database("query")).perform { connection in
                (
                    try await Reconciliation(connection).balances(of: name),
                    try await ReconciliationDetail(connection, of: name)
                )
            }
            if let name, balances.isEmpty {
                Console.error(
                    "hoso: "
                        + settings.language.choose("Không có điểm gửi “\(name)”.", "There is no sender “\(name)”."))
                throw ExitCode(64)
            }
            let report = ReconciliationReport(balances: balances, detail: detail)
            switch format {
            case .table: report.table(in: settings.language).forEach(Console.line)
            case .json: Console.line(report.json)
            case .csv: report.csv.forEach(Console.line)
            }
            if !report.isSound { throw ExitCode(1) }
        }
    }
}

struct TraceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Shows the way of one dossier through the centre · Hành trình một hồ sơ tại trung tâm.")
    @OptionGroup var common: CommonOptions
    @Argument(help: "Code of the dossier · Mã hồ sơ.")
    var code: String
    @Option(help: "table, json or csv · Dạng kết quả.")
    var format = OutputFormat.table

    func run() async throws {
        let settings = try common.settings()
        try await reportingErrors(in: settings.language) {
            let code = code
            let events = try await DatabaseSession(settings.database("query")).perform { connection in
                try await Trace(connection).events(of: code)
            }
            guard !events.isEmpty else {
                Console.error(
                    "hoso: "
                        + settings.language.choose(
                            "Trung tâm chưa nhận hồ sơ nào có mã \(code).", "The centre has never heard of \(code)."))
                throw ExitCode(1)
            }
            let report = TraceReport(code: code, events: events, zone: settings.zone)
            switch format {
            case .table: report.lines(in: settings.language).forEach(Console.line)
            case .json: Console.line(report.json)
            case .csv: report.csv.forEach(Console.line)
            }
        }
    }
}

struct QuarantineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quarantine", abstract: "Shows what could not be stored · Hồ sơ bị giữ lại.",
        discussion: """
            hoso quarantine [--format table|json|csv]
            All options · Mọi tùy chọn: hoso quarantine list --help
            """,
        subcommands: [List.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Counts quarantined entries by sender and reason · Đếm theo điểm gửi và lý do.")
        @OptionGroup var common: CommonOptions
        @Option(help: "table, json or csv · Dạng kết quả.")
        var format = OutputFormat.table

        func run() async throws {
            let settings = try common.settings()
            try await reportingErrors(in: settings.language) {
                let counts = try await DatabaseSession(settings.database("query")).perform { connection in
                    try await QuarantineTable(connection).counts()
                }
                let report = QuarantineReport(counts: counts)
                switch format {
                case .table: report.table(in: settings.language).forEach(Console.line)
                case .json: Console.line(report.json)
                case .csv: report.csv.forEach(Console.line)
                }
            }
        }
    }
}
