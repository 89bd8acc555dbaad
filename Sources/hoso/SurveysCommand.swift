import ArgumentParser
import Foundation
import IntakeProtocol
import Logging
import Settings
import Subprocess
import Supervision
import Surveys
import SwiftProtobuf
import SystemPackage
import WireMessages

struct SurveysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "surveys", abstract: "Relays committed survey tasks to survey senders.",
        subcommands: [Relay.self, Listen.self], defaultSubcommand: Relay.self)

    struct Relay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Relays tasks in order of commit, and delivers them again until they are acknowledged.")
        @OptionGroup var common: CommonOptions

        func run() async throws {
            Lifeline.watch()
            let settings = try common.settings()
            let logger = settings.logger("surveys")
            let configuration = RelayService.Configuration(
                endpoint: settings.surveyEndpoint, database: settings.database("surveys"), lease: settings.surveyLease)
            try await reportingErrors {
                try await serve([RelayService(configuration, logger: logger)], logger: logger)
            }
        }
    }

    struct Listen: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Is a survey sender: prints a JSON line per task and acknowledges it.",
            discussion: """
                With --exec, PROGRAM gets each task as JSON on its standard input; exit code 0 acknowledges the task, \
                any other has it tried again after a growing pause. A task may come more than once, under one id.
                """)
        @OptionGroup var common: CommonOptions
        @Option(name: .customLong("exec"), help: "Program that carries a task out.", completion: .file())
        var program: String?
        @Option(help: "Tasks that are held at most.")
        var credit: Int?

        func validate() throws {
            guard let program, !Self.isRunnable(program) else { return }
            throw ValidationError("--exec: “\(program)” is not a program that can be run.")
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
            try await reportingErrors {
                let listener = try SurveyListener(
                    endpoint: settings.surveyEndpoint, credit: held, logger: logger
                ) { task in
                    guard let line = try? task.encoded(as: .json) else { return false }
                    guard let program else {
                        Console.line(String(decoding: line, as: UTF8.self))
                        return true
                    }
                    return await Self.hand(line, to: program, logger)
                }
                try await serve([listener], logger: logger)
            }
        }

        /// Runs the program with a task on its standard input; true when it leaves with 0.
        private static func hand(_ line: [UInt8], to program: String, _ logger: Logger) async -> Bool {
            do {
                let executable: Executable = program.contains("/") ? .path(FilePath(program)) : .name(program)
                let result = try await Subprocess.run(
                    executable, input: .fileDescriptor(filledPipe(line + [10]), closeAfterSpawningProcess: true),
                    output: .currentStandardOutput, error: .currentStandardError)
                if !result.terminationStatus.isSuccess {
                    logger.warning("the program failed", metadata: ["status": "\(result.terminationStatus)"])
                }
                return result.terminationStatus.isSuccess
            } catch {
                logger.error("the program cannot be run", metadata: ["program": "\(program)", "reason": "\(error)"])
                return false
            }
        }

        /// The end to read from of a pipe that holds the whole input, which is far smaller than what a pipe holds.
        ///
        /// So nobody writes while the program runs, and one that ends without reading does no harm: a writer would
        /// get SIGPIPE, and swift-subprocess 1.0 traps when such a write fails.
        private static func filledPipe(_ bytes: [UInt8]) throws -> FileDescriptor {
            let (input, output) = try FileDescriptor.pipe()
            do {
                _ = fcntl(output.rawValue, F_SETFL, O_NONBLOCK)
                guard try output.writeAll(bytes) == bytes.count else { throw Errno.wouldBlock }
                try output.close()
                return input
            } catch {
                try? output.close()
                try? input.close()
                throw error
            }
        }
    }
}
