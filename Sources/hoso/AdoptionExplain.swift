import Adoption
import ArgumentParser
import Dossiers
import Settings
import Store

extension AdoptionCommand {
    struct Explain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "explain",
            abstract: "Lists the dossiers behind a rate, and the rule by which each counts · Giải trình tỷ lệ.",
            discussion: """
                Leaves with 1 when the dossiers do not add up to the figures. Dossiers are listed by their codes only.
                Thoát với mã 1 khi hồ sơ không khớp số liệu. Chỉ liệt kê mã hồ sơ.
                """)
        @OptionGroup var options: AdoptionOptions
        @Option(help: "Channel whose share is asked for, for share_of_all · Hình thức được hỏi.")
        var channel = Channel.online.code
        @Option(help: "As of then: YYYY-MM-DD, YYYY-MM-DDTHH:MM or RFC 3339 · Tại thời điểm.")
        var asOf: String?
        @Option(help: "Dossiers that are listed · Số hồ sơ được liệt kê.")
        var limit = 100

        func validate() throws {
            guard (0...1_000_000).contains(limit) else { throw ValidationError("--limit: 0 … 1000000.") }
        }

        func run() async throws {
            let (metric, scope) = (try options.parsedMetric(), try options.scope())
            let channel = try options.parsed(channel, "channel", Channel.init(code:))
            let settings = try options.common.settings()
            try await reportingErrors(in: settings.language) {
                let (options, asOf, limit, zone) = (options, asOf, limit, settings.zone)
                let report = try await DatabaseSession(settings.database("query", as: .read)).perform { connection in
                    let now = try await AdoptionLedger(connection).now()
                    // Without a moment all that is recorded, also what is not folded yet: by a moment still to come.
                    let moment = try asOf.map { try options.moment($0, in: zone, now: now) } ?? now + 86_400_000_000
                    return try await ExplanationReport.read(
                        connection, metric, channel: channel, scope, asOf: moment, limit: limit
                    ).report
                }
                switch options.format {
                case .table: report.lines(in: settings.language).forEach(Console.line)
                case .json: Console.line(report.json)
                case .csv: report.csv.forEach(Console.line)
                }
                if !report.agrees { throw ExitCode(1) }
            }
        }
    }

    struct Diff: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "diff",
            abstract: "Names the dossiers that changed a rate between two times, and why · So sánh hai thời điểm.",
            discussion: """
                TIME is YYYY-MM-DD, YYYY-MM-DDTHH:MM or RFC 3339; without the second one: now.
                """)
        @Argument(help: "The first time · Thời điểm đầu.")
        var first: String
        @Argument(help: "The second time (default: now) · Thời điểm sau.")
        var second: String?
        @OptionGroup var options: AdoptionOptions
        @Option(help: "Channel whose share is asked for, for share_of_all · Hình thức được hỏi.")
        var channel = Channel.online.code
        @Option(help: "Ledger rows that are read · Số dòng sổ được đọc.")
        var limit = 10_000

        func validate() throws {
            guard (1...1_000_000).contains(limit) else { throw ValidationError("--limit: 1 … 1000000.") }
        }

        func run() async throws {
            let (metric, scope) = (try options.parsedMetric(), try options.scope())
            let channel = try options.parsed(channel, "channel", Channel.init(code:))
            let settings = try options.common.settings()
            try await reportingErrors(in: settings.language) {
                let (options, limit, zone) = (options, limit, settings.zone)
                let (first, second) = (first, second)
                let report = try await DatabaseSession(settings.database("query", as: .read)).perform { connection in
                    let now = try await AdoptionLedger(connection).now()
                    let start = try options.moment(first, in: zone, now: now)
                    let end = try second.map { try options.moment($0, in: zone, now: now) } ?? now
                    guard start < end else {
                        throw ValidationError(
                            options.common.spoken.choose(
                                "Thời điểm sau phải sau thời điểm đầu.", "The second time must be after the first."))
                    }
                    return try await RestatementReport.read(
                        connection, metric, channel: channel, scope, from: start, to: end, in: zone, limit: limit)
                }
                switch options.format {
                case .table: report.lines(in: settings.language).forEach(Console.line)
                case .json: Console.line(report.json)
                case .csv: report.csv.forEach(Console.line)
                }
            }
        }
    }
}
