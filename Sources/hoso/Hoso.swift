import ArgumentParser

/// The command line: one program, a subcommand per service and per question.
@main
struct Hoso: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hoso",
        abstract: "Carries dossiers from post offices and portals to the centre, and measures channel adoption.",
        discussion: """
            Chuyển hồ sơ từ bưu điện và cổng dịch vụ về trung tâm, đo tỷ lệ sử dụng từng hình thức nộp.
            Exit codes: 0 ok, 64 usage, 65 bad data, 69 a service is unavailable, 70 internal error, 78 configuration.
            """,
        version: Program.version,
        groupedSubcommands: [
            CommandGroup(name: "Start", subcommands: [Up.self, Send.self]),
            CommandGroup(
                name: "Services",
                subcommands: [
                    AgentCommand.self, BrokerCommand.self, WorkerCommand.self, SurveysCommand.self,
                    AggregatorCommand.self,
                ]),
            CommandGroup(
                name: "Questions",
                subcommands: [AdoptionCommand.self, Reconcile.self, QuarantineCommand.self, TraceCommand.self]),
            CommandGroup(name: "Tools", subcommands: [Migrate.self, CheckConfig.self, Sample.self]),
        ])
}

/// Facts about this program.
enum Program {
    static let version = "0.1.0"
    static let software = "hoso/\(version)"
}
