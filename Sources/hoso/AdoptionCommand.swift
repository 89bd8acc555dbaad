import Adoption
import ArgumentParser
import Dossiers
import Foundation
import Settings
import Store

struct AdoptionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adoption",
        abstract: "Shows how far citizens have adopted each channel · Tỷ lệ sử dụng từng hình thức nộp.",
        discussion: """
            hoso adoption [--from DAY] [--to DAY] [--by DIM,…] [--unit CODE] [--metric NAME] [--as-of TIME] [--format table|json|csv]
            hoso adoption explain …   the dossiers behind a rate · diff TIME [TIME]   what changed it · verify   a recount
            DAY is YYYY-MM-DD and --to is exclusive. All options: hoso adoption show --help
            DAY là YYYY-MM-DD, không tính ngày --to. Mọi tùy chọn: hoso adoption show --help
            DIM: day week month quarter year unit procedure sector channel operator
            NAME: share_of_all online_766 postal_submit postal_return on_time
            """,
        subcommands: [Show.self, Explain.self, Diff.self, Verify.self], defaultSubcommand: Show.self)

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Shows a rate, by the local day of reception · Tỷ lệ theo ngày tiếp nhận.")
        @OptionGroup var options: AdoptionOptions
        @Option(
            help: """
                Dimensions, with commas: day week month quarter year unit procedure sector channel operator · Chiều.
                """)
        var by = "month"
        @Option(help: "As of then: YYYY-MM-DD, YYYY-MM-DDTHH:MM or RFC 3339 · Tại thời điểm.")
        var asOf: String?
        @Option(help: "Show it again every so many seconds, until Ctrl-C · Làm mới sau số giây.")
        var watch: Int?

        func validate() throws {
            guard let watch else { return }
            guard (1...86_400).contains(watch) else { throw ValidationError("--watch: 1 … 86400.") }
            guard options.format == .table, asOf == nil else {
                throw ValidationError(
                    options.common.spoken.choose(
                        "--watch chỉ dùng với bảng của hiện tại.", "--watch goes with tables of the present only."))
            }
        }

        func run() async throws {
            let (metric, scope) = (try options.parsedMetric(), try options.scope())
            let dimensions = try by.split(separator: ",").map {
                try options.parsed(String($0), "by", Dimension.init(rawValue:))
            }
            guard Set(dimensions).count == dimensions.count else {
                throw ValidationError(
                    options.common.spoken.choose("Một chiều bị ghi hai lần.", "A dimension is named twice."))
            }
            let settings = try options.common.settings()
            try await reportingErrors(in: settings.language) {
                while true {
                    let report = try await report(metric, scope, dimensions, settings)
                    // Where it is drawn anew, it begins at the top.
                    if watch != nil { Console.write("\u{1B}[H\u{1B}[2J", to: .standardOutput) }
                    switch options.format {
                    case .table:
                        report.table(in: settings.language, hasBars: isatty(STDOUT_FILENO) == 1).forEach(Console.line)
                    case .json: Console.line(try report.json())
                    case .csv: report.csv().forEach(Console.line)
                    }
                    guard let watch else { return }
                    try await Task.sleep(for: .seconds(watch))
                }
            }
        }

        private func report(
            _ metric: Metric, _ scope: AdoptionScope, _ dimensions: [Store.Dimension], _ settings: HosoSettings
        ) async throws -> AdoptionReport {
            let (options, asOf, zone) = (options, asOf, settings.zone)
            return try await DatabaseSession(settings.database("query", as: .read)).perform { connection in
                let now = try await AdoptionLedger(connection).now()
                let moment = try asOf.map { try options.moment($0, in: zone, now: now) }
                return try await AdoptionReport.read(
                    connection, metric, scope, by: dimensions, asOf: moment, in: zone)
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract: "Recounts from the dossiers; leaves with 1 at the first difference · Đếm lại từ hồ sơ.")
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try common.settings()
            try await reportingErrors(in: settings.language) {
                let report = try await DatabaseSession(settings.database("query", as: .read)).perform { connection in
                    try await Recount(connection).run()
                }
                guard let difference = report.difference else {
                    Console.line(
                        settings.language.choose(
                            "\(report.dossiers) hồ sơ, \(report.rows) dòng: không sai lệch",
                            "\(report.dossiers) dossiers, \(report.rows) rows: no difference"))
                    return
                }
                Self.lines(difference, in: settings.language).forEach(Console.error)
                throw ExitCode(1)
            }
        }

        private static func lines(_ difference: Recount.Difference, in language: Language) -> [String] {
            let channel = difference.channel.map { $0.title(in: language) } ?? "?"
            let place = ([difference.day.description, channel] + difference.key).joined(separator: " / ")
            return [
                language.choose("sai lệch tại \(place)", "difference at \(place)"),
                language.choose("  đã tổng hợp: ", "  folded:  ") + "\(difference.folded)",
                language.choose("  đếm lại:     ", "  counted: ") + "\(difference.counted)",
            ]
        }
    }
}
