import ArgumentParser
import CLinux

/// Where the program begins.
@main
enum EntryPoint {
    static func main() async {
        // What it holds may be personal data, or a key.
        hoso_forbid_core_dumps()
        await Hoso.main()
    }
}

/// The command line: one program, a subcommand per service and per question.
struct Hoso: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hoso",
        abstract: "Carries dossiers from post offices and portals to the centre, and measures channel adoption.",
        discussion: """
            Chuyển hồ sơ từ bưu điện và cổng dịch vụ về trung tâm, đo tỷ lệ sử dụng từng hình thức nộp.
            Exit codes: 0 ok, 1 figures differ or numbers are missing, 64 usage, 65 bad data, 69 a service is \
            unavailable, 70 internal error, 78 configuration.
            Mã thoát: 0 tốt, 1 số liệu lệch hoặc thiếu, 64 sai cú pháp, 65 dữ liệu sai, 69 dịch vụ không sẵn sàng, \
            70 lỗi nội bộ, 78 cấu hình.
            """,
        version: Program.version,
        groupedSubcommands: [
            CommandGroup(name: "Start · Bắt đầu", subcommands: [Setup.self, Up.self, Send.self]),
            CommandGroup(
                name: "Services · Dịch vụ",
                subcommands: [
                    AgentCommand.self, BrokerCommand.self, WorkerCommand.self, SurveysCommand.self,
                    AggregatorCommand.self, OperationsCommand.self,
                ]),
            CommandGroup(
                name: "Questions · Tra cứu",
                subcommands: [
                    AdoptionCommand.self, Status.self, Reconcile.self, QuarantineCommand.self, TraceCommand.self,
                    ReceiptCommand.self, VerifyReceipt.self,
                ]),
            CommandGroup(
                name: "Personal data · Dữ liệu cá nhân",
                subcommands: [ApplicantCommand.self, Erase.self, Audit.self, Reseal.self]),
            CommandGroup(
                name: "Tools · Công cụ",
                subcommands: [
                    SenderCommand.self, TokenCommand.self, Keygen.self, Migrate.self, BackupCommand.self,
                    RestoreCommand.self,
                    RetentionCommand.self, CheckConfig.self, Sample.self, Bench.self,
                ]),
        ])
}

/// Facts about this program.
enum Program {
    static let version = "0.1.0"
    static let software = "hoso/\(version)"
}
