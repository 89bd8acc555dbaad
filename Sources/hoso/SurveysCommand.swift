import ArgumentParser
import Foundation
import IntakeProtocol
import Logging
import Store
import Settings
import Supervision
import Surveys
import SwiftProtobuf
import WireMessages

struct SurveysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "surveys",
        abstract: "Relays committed survey tasks to survey senders · Chuyển nhiệm vụ khảo sát.",
        discussion: """
            hoso surveys                                       the relay · bộ chuyển tiếp
            hoso surveys listen [--exec PROGRAM] [--credit N]  a survey sender · điểm gửi khảo sát
            All options · Mọi tùy chọn: hoso surveys relay --help, hoso surveys listen --help
            """,
        subcommands: [Relay.self, Listen.self], defaultSubcommand: Relay.self)

    struct Relay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Relays tasks in order of commit, again until they are acknowledged · Chuyển nhiệm vụ.")
        @OptionGroup var service: ServiceOptions

        func run() async throws {
            DescriptorLimit.raise()
            let settings = try service.common.settings()
            let observed = Observed("surveys", service, settings)
            try await reportingErrors(in: settings.language) {
                var configuration = RelayService.Configuration(
                    endpoint: settings.surveyEndpoint, database: try settings.database("surveys", as: .relay),
                    vault: try settings.vault(), lease: settings.surveyLease)
                configuration.serverKey = try HosoSettings.curveKey(settings.surveyServerKey)
                guard configuration.serverKey != nil || settings.surveyEndpoint.hasPrefix("ipc://") else {
                    let sentence = settings.language.choose(
                        "\(settings.surveyEndpoint) cần survey.server_key",
                        "\(settings.surveyEndpoint) needs survey.server_key")
                    Console.error("hoso: \(sentence)")
                    throw ExitCode(78)
                }
                configuration.senderKeys = settings.surveySenderKeys
                try await observed.serve([
                    RelayService(configuration, vitals: observed.vitals, logger: observed.logger)
                ])
            }
        }
    }

    struct Listen: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Is a survey sender: prints a JSON line per task and acknowledges it · Nhận nhiệm vụ.",
            discussion: """
                With --exec, PROGRAM gets each task as JSON on its standard input; exit code 0 acknowledges the task, \
                any other has it tried again after a growing pause. A task may come more than once, under one id.
                Không có --exec, mỗi nhiệm vụ được in một dòng JSON và chỉ được xác nhận khi đã ghi xong dòng đó.
                """)
        @OptionGroup var common: CommonOptions
        @Option(
            name: .customLong("exec"), help: "Program that carries a task out · Chương trình thực hiện nhiệm vụ.",
            completion: .file())
        var program: String?
        @Option(help: "Tasks that are held at most · Số nhiệm vụ giữ tối đa.")
        var credit: Int?

        func validate() throws {
            guard let program, !Self.isRunnable(program) else { return }
            throw ValidationError(
                common.spoken.choose(
                    "--exec: không chạy được “\(program)”.", "--exec: “\(program)” is not a program that can be run."))
        }

        /// Whether there is a program of a path, or of a name on `PATH`.
        private static func isRunnable(_ program: String) -> Bool {
            let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
            let places = program.contains("/") ? [program] : path.split(separator: ":").map { "\($0)/\(program)" }
            return places.contains { place in
                let values = try? URL(fileURLWithPath: place).resolvingSymlinksInPath()
                    .resourceValues(forKeys: [.isRegularFileKey])
                return values?.isRegularFile == true && FileManager.default.isExecutableFile(atPath: place)
            }
        }

        func run() async throws {
            Lifeline.watch()
            let settings = try common.settings()
            let logger = settings.logger("listen")
            let held = min(max(credit ?? (program == nil ? 1_000 : 50), 1), 4_096)
            let program = program
            let output = TaskOutput(logger: logger)
            try await reportingErrors(in: settings.language) {
                let listener = try SurveyListener(
                    endpoint: settings.surveyEndpoint, security: try settings.surveySecurity(), credit: held,
                    logger: logger
                ) { task in
                    guard let line = try? task.encoded(as: .json) else { return false }
                    guard let program else { return output.write(line) }
                    return await SurveyProgram.hand(line, to: program, logger)
                }
                if program == nil { TaskOutput.surviveClosedPipes() }
                try await serve([listener], logger: logger)
                if output.isClosed { throw ExitCode(69) }
            }
        }
    }
}
