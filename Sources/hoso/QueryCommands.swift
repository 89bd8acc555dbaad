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

struct AdoptionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adoption", abstract: "Shows how far citizens have adopted each channel.",
        subcommands: [Show.self, Verify.self], defaultSubcommand: Show.self)

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Shows a rate, by the local day of reception.")
        @OptionGroup var common: CommonOptions
        @Option(help: "First day, YYYY-MM-DD · Từ ngày.")
        var from: String?
        @Option(help: "Day after the last one, YYYY-MM-DD · Đến trước ngày.")
        var to: String?
        @Option(help: "Dimensions: day week month quarter year unit procedure sector channel operator, with commas.")
        var by = "month"
        @Option(help: "share_of_all, online_766, postal_submit, postal_return or on_time.")
        var metric = Metric.shareOfAll.rawValue
        @Option(help: "table, json or csv.")
        var format = OutputFormat.table

        func run() async throws {
            let metric = try parsed(metric, "metric", Metric.init(rawValue:))
            let dimensions = try by.split(separator: ",").map {
                try parsed(String($0), "dimension", Dimension.init(rawValue:))
            }
            guard Set(dimensions).count == dimensions.count else {
                throw ValidationError("A dimension is named twice.")
            }
            let first = try from.map { try parsed($0, "day", Day.init(iso8601:)) }
            let end = try to.map { try parsed($0, "day", Day.init(iso8601:)) }
            if let first, let end, end <= first { throw ValidationError("--to must be a day after --from.") }
            let settings = try common.settings()
            let zone = settings.zone.identifier
            try await reportingErrors(in: settings.language) {
                let report = try await DatabaseSession(settings.database("query")).perform { connection in
                    let query = AdoptionQuery(connection)
                    let span = try await query.span()
                    let groups = try await query.groups(by: dimensions, from: first, to: end)
                    return AdoptionReport(
                        metric: metric, dimensions: dimensions, from: first ?? span?.lowerBound,
                        to: end ?? span?.upperBound.advanced(by: 1), timeZone: zone, groups: groups)
                }
                switch format {
                case .table: report.table(in: settings.language).forEach(Console.line)
                case .json: Console.line(try report.json())
                case .csv: report.csv().forEach(Console.line)
                }
            }
        }

        private func parsed<Value>(_ text: String, _ kind: String, _ read: (String) -> Value?) throws -> Value {
            guard let value = read(text) else { throw ValidationError("“\(text)” is not a known \(kind).") }
            return value
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify", abstract: "Recounts from the dossiers; leaves with 1 at the first difference.")
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try common.settings()
            try await reportingErrors(in: settings.language) {
                let report = try await DatabaseSession(settings.database("query")).perform { connection in
                    try await Recount(connection).run()
                }
                guard let difference = report.difference else {
                    Console.line("\(report.dossiers) dossiers, \(report.rows) rows: no difference")
                    return
                }
                let place = ([difference.day.description, difference.channel?.code ?? "?"] + difference.key)
                Console.error("difference at \(place.joined(separator: " / "))")
                Console.error("  folded:  \(difference.folded)")
                Console.error("  counted: \(difference.counted)")
                throw ExitCode(1)
            }
        }
    }
}

struct Reconcile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Balances what senders numbered with what the centre has; leaves with 1 when numbers are missing.")
    @OptionGroup var common: CommonOptions
    @Argument(help: "Name of a sender (default: all).")
    var sender: String?
    @Option(help: "table, json or csv.")
    var format = OutputFormat.table

    func run() async throws {
        let settings = try common.settings()
        try await reportingErrors(in: settings.language) {
            let name = sender
            let balances = try await DatabaseSession(settings.database("query")).perform { connection in
                try await Reconciliation(connection).balances(of: name)
            }
            if let name, balances.isEmpty {
                Console.error(
                    "hoso: "
                        + settings.language.choose("Không có điểm gửi “\(name)”.", "There is no sender “\(name)”."))
                throw ExitCode(64)
            }
            let report = ReconciliationReport(balances: balances)
            switch format {
            case .table: report.table(in: settings.language).forEach(Console.line)
            case .json: Console.line(report.json)
            case .csv: report.csv.forEach(Console.line)
            }
            if !report.isBalanced { throw ExitCode(1) }
        }
    }
}

struct TraceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace", abstract: "Shows the way of one dossier through the centre.")
    @OptionGroup var common: CommonOptions
    @Argument(help: "Code of the dossier · Mã hồ sơ.")
    var code: String
    @Option(help: "table, json or csv.")
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
            case .table: report.lines.forEach(Console.line)
            case .json: Console.line(report.json)
            case .csv: report.csv.forEach(Console.line)
            }
        }
    }
}

struct QuarantineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quarantine", abstract: "Shows what could not be stored.", subcommands: [List.self],
        defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Counts quarantined entries by sender and reason.")
        @OptionGroup var common: CommonOptions
        @Option(help: "table, json or csv.")
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
