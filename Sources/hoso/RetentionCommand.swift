import Adoption
import ArgumentParser
import Dossiers
import Settings
import Store

struct RetentionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retention",
        abstract: "Shows the periods of the ledger, and closes and drops what is due now · Các kỳ của sổ.",
        discussion: """
            The aggregator does the same every hour. For how long things are kept is set by retention.period_months, \
            retention.ledger_months and retention.dossier_months, and noted in the database by hoso migrate; by default nothing is \
            dropped. Counts, balances and outcomes of entries that are sent again stay when a period is dropped. Whoever wants an \
            archive makes a backup before.
            Bộ tổng hợp làm việc này mỗi giờ. Thời hạn giữ đặt bằng retention.period_months, retention.ledger_months và \
            retention.dossier_months, ghi vào cơ sở dữ liệu khi chạy hoso migrate; mặc định không bỏ gì. Khi bỏ một kỳ, số liệu, đối soát \
            và kết quả của bản ghi gửi lại vẫn còn. Muốn lưu trữ thì sao lưu trước.
            """)
    @OptionGroup var common: CommonOptions
    @Flag(help: "Only say what is due; changes nothing · Chỉ xem, không thay đổi gì.")
    var dryRun = false
    @Option(help: "table, json or csv · Dạng kết quả.")
    var format = OutputFormat.table

    func run() async throws {
        let settings = try common.settings()
        try await reportingErrors(in: settings.language) {
            let isDone = !dryRun
            let session = try DatabaseSession(settings.database("retention", as: .fold))
            let (work, list, expired) = try await session.perform { connection in
                let periods = Periods(connection)
                let work = try await isDone ? periods.work() : periods.due()
                return (work, try await periods.list(), try await periods.expired())
            }
            let report = RetentionReport(
                periods: list, expired: expired, work: work, isDone: isDone, zone: settings.zone)
            switch format {
            case .table: report.table(in: settings.language).forEach(Console.line)
            case .json: Console.line(report.json)
            case .csv: report.csv.forEach(Console.line)
            }
        }
    }
}
