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
            hoso adoption [--from DAY] [--to DAY] [--by DIM,…] [--unit CODE] [--metric NAME] [--format table|json|csv]
            DAY is YYYY-MM-DD and --to is exclusive. All options: hoso adoption show --help
            DAY là YYYY-MM-DD, không tính ngày --to. Mọi tùy chọn: hoso adoption show --help
            DIM: day week month quarter year unit procedure sector channel operator
            NAME: share_of_all online_766 postal_submit postal_return on_time
            """,
        subcommands: [Show.self, Verify.self], defaultSubcommand: Show.self)

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Shows a rate, by the local day of reception · Tỷ lệ theo ngày tiếp nhận.")
        @OptionGroup var common: CommonOptions
        @Option(help: "First day, YYYY-MM-DD · Từ ngày.")
        var from: String?
        @Option(help: "Day after the last one, YYYY-MM-DD · Đến trước ngày.")
        var to: String?
        @Option(
            help: """
                Dimensions, with commas: day week month quarter year unit procedure sector channel operator · Chiều.
                """)
        var by = "month"
        @Option(help: "Code of a unit, may be repeated (default: all) · Mã đơn vị, có thể lặp lại.")
        var unit: [String] = []
        @Option(help: "share_of_all, online_766, postal_submit, postal_return or on_time · Chỉ số.")
        var metric = Metric.shareOfAll.rawValue
        @Option(help: "table, json or csv · Dạng kết quả.")
        var format = OutputFormat.table

        func run() async throws {
            let metric = try parsed(metric, "metric", Metric.init(rawValue:))
            let dimensions = try by.split(separator: ",").map {
                try parsed(String($0), "by", Dimension.init(rawValue:))
            }
            guard Set(dimensions).count == dimensions.count else {
                throw ValidationError(common.spoken.choose("Một chiều bị ghi hai lần.", "A dimension is named twice."))
            }
            let first = try from.map { try parsed($0, "from", Day.init(iso8601:)) }
            let end = try to.map { try parsed($0, "to", Day.init(iso8601:)) }
            if let first, let end, end <= first {
                throw ValidationError(
                    common.spoken.choose("--to phải là ngày sau --from.", "--to must be a day after --from."))
            }
            let settings = try common.settings()
            let zone = settings.zone.identifier
            let units = unit
            try await reportingErrors(in: settings.language) {
                let report = try await DatabaseSession(settings.database("query", as: .read)).perform { connection in
                    let query = AdoptionQuery(connection)
                    let span = try await query.span()
                    let groups = try await query.groups(by: dimensions, from: first, to: end, units: units)
                    return AdoptionReport(
                        metric: metric, dimensions: dimensions, from: first ?? span?.lowerBound,
                        to: end ?? [span?.upperBound.advanced(by: 1), first?.advanced(by: 1)].compactMap(\.self).max(),
                        timeZone: zone, groups: groups)
                }
                switch format {
                case .table: report.table(in: settings.language).forEach(Console.line)
                case .json: Console.line(try report.json())
                case .csv: report.csv().forEach(Console.line)
                }
            }
        }

        private func parsed<Value>(_ text: String, _ option: String, _ read: (String) -> Value?) throws -> Value {
            if let value = read(text) { return value }
            if Value.self == Day.self {
                throw ValidationError(
                    common.spoken.choose(
                        "--\(option): “\(text)” không phải ngày (YYYY-MM-DD).",
                        "--\(option): “\(text)” is not a day (YYYY-MM-DD)."))
            }
            throw ValidationError(
                common.spoken.choose("--\(option): không nhận “\(text)”.", "--\(option): “\(text)” is not known."))
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
