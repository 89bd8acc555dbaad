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

/// How answers are written that make no table of numbers.
enum PlainFormat: String, ExpressibleByArgument, CaseIterable {
    case table, json
}

struct Reconcile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: """
            Balances what senders numbered with what the centre has; leaves with 1 when numbers are missing, a \
            day's manifest differs, or the numbers say that a spool is an old copy or a clone · Đối soát.
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
            let (balances, detail, manifests, open) = try await DatabaseSession(settings.database("query", as: .read))
                .perform {
                    connection in
                    (
                        try await Reconciliation(connection).balances(of: name),
                        try await ReconciliationDetail(connection, of: name),
                        try await Manifests(connection).recent(of: name),
                        try await QuarantineTable(connection).open()
                    )
                }
            if let name, balances.isEmpty {
                Console.error(
                    "hoso: "
                        + settings.language.choose("Không có điểm gửi “\(name)”.", "There is no sender “\(name)”."))
                throw ExitCode(64)
            }
            let report = ReconciliationReport(balances: balances, detail: detail, manifests: manifests, open: open)
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
        abstract: "Shows the way of one dossier from its sender to the figures · Hành trình một hồ sơ.")
    @OptionGroup var common: CommonOptions
    @Argument(help: "Code of the dossier · Mã hồ sơ.")
    var code: String
    @Option(help: "table, json or csv · Dạng kết quả.")
    var format = OutputFormat.table

    func run() async throws {
        let settings = try common.settings()
        try await reportingErrors(in: settings.language) {
            let code = code
            let events = try await DatabaseSession(settings.database("query", as: .read)).perform { connection in
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
