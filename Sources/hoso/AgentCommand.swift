import Agent
import ArgumentParser
import Dossiers
import Foundation
import IntakeProtocol
import Mapping
import ServiceLifecycle
import Settings
import Spool
import Supervision

struct AgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent",
        abstract: "Watches the drop folder and sends; shows and mends what was refused · Gửi hồ sơ, sửa hồ sơ bị trả.",
        discussion: """
            hoso agent    runs the service; all options · mọi tùy chọn: hoso agent run --help
            """,
        subcommands: [
            AgentRun.self, AgentRejected.self, AgentCorrect.self, AgentCloseDay.self, AgentDays.self, AgentReceipt.self,
            AgentEnrol.self,
        ],
        defaultSubcommand: AgentRun.self)
}

struct AgentRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Watches the drop folder and sends what is put there · Theo dõi thư mục và gửi hồ sơ.",
        discussion: """
            Write a file as NAME.part and rename it when it is complete. It goes to done/ or failed/, with a report \
            beside it, once the centre has answered for every row.
            What the centre refused stands there as NAME.rejected.ndjson: mend it and put it into the drop folder.
            Ghi tệp với tên NAME.part rồi đổi tên khi xong. Tệp được chuyển sang done/ hoặc failed/ kèm báo cáo.
            """)
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        let settings = try service.common.senderSettings()
        let observed = Observed("agent", service, settings)
        let logger = observed.logger
        try await reportingErrors(in: settings.language, spool: settings.spoolPath) {
            let mapping = try mapping(settings)
            let spool = try settings.openSpool()
            guard let lock = try SpoolLock.acquire(spool: settings.spoolPath) else {
                let sentence = settings.language.choose("tiến trình khác đang gửi từ", "another process sends from")
                Console.error("hoso: \(sentence) \(settings.spoolPath)")
                throw ExitCode(69)
            }
            defer { withExtendedLifetime(lock) { spool.close() } }
            var services: [any Service] = [
                try Courier(
                    spool, routes: try settings.routes(), evidence: try settings.evidence(),
                    software: Program.software, vitals: observed.vitals, logger: logger)
            ]
            if let inbox = settings.inbox {
                services.append(
                    try Inbox(
                        folder: inbox, mapping: mapping, spool: spool, language: settings.language, logger: logger))
            }
            if let time = settings.closesAt {
                services.append(try DayCloser(spool, at: time, zone: settings.zone, logger: logger))
            }
            try await observed.serve(services)
        }
    }

    /// The rules for the drop folder; where they are wrong, the configuration is, and to start again would not help.
    private func mapping(_ settings: HosoSettings) throws -> MappingFile {
        guard let path = settings.mapping else { return .native }
        do throws(MappingError) { return try MappingFile.load(path: path) } catch {
            error.sentences(in: settings.language).forEach { Console.error("hoso: sender.mapping: \($0)") }
            throw ExitCode(78)
        }
    }
}
