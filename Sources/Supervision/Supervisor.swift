import Foundation
package import Logging
import Subprocess
import SystemPackage

/// A process that a ``Supervisor`` keeps running.
package struct ChildService: Sendable {
    /// Its name, for logs.
    package let name: String
    /// Path of the program.
    package let program: String
    /// Its arguments.
    package let arguments: [String]
    /// Variables beside the inherited ones.
    package let environment: [String: String]
    /// Where its output goes.
    package let logFile: String

    /// A child.
    package init(
        name: String, program: String, arguments: [String], environment: [String: String] = [:], logFile: String
    ) {
        self.name = name
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.logFile = logFile
    }
}

/// A child that cannot work until somebody changes its configuration.
package struct SupervisionError: Error, Sendable, CustomStringConvertible {
    /// Name of the child.
    package let child: String
    /// Its exit code.
    package let exitCode: Int32
    /// Its log.
    package let logFile: String
    /// The end of its log.
    package let logTail: String

    /// What happened.
    package var description: String { "\(child) left with \(exitCode), see \(logFile)\n\(logTail)" }
}

/// Starts children, starts one that dies again, and ends them when its task is cancelled.
///
/// Every child has the read end of a pipe as its standard input, whose write end only this process holds: should it
/// be killed, each child sees the end of the pipe and ends too, see ``Lifeline``.
package struct Supervisor: Sendable {
    private let lifeline: FileDescriptor
    private let heldEnd: FileDescriptor
    private let logger: Logger

    /// A supervisor.
    package init(logger: Logger) throws {
        (lifeline, heldEnd) = try FileDescriptor.pipe()
        _ = fcntl(heldEnd.rawValue, F_SETFD, FD_CLOEXEC)
        self.logger = logger
    }

    /// Runs stages of children around `body`: each stage is started after the one before, and ended before it.
    /// - Throws: ``SupervisionError`` when a child leaves with 64 or 78, or what `body` throws.
    package func run(
        _ stages: [[ChildService]], around body: @escaping @Sendable () async throws -> Void
    ) async throws {
        guard let stage = stages.first else { return try await body() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for child in stage { group.addTask { try await keep(child) } }
            group.addTask { try await run(Array(stages.dropFirst()), around: body) }
            // Children end only by failing; whatever ends first ends the rest.
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func keep(_ child: ChildService) async throws {
        var pause: Duration = .milliseconds(100)
        while !Task.isCancelled {
            let start = ContinuousClock.now
            let status = try await run(child)
            if Task.isCancelled { return }
            if case .exited(let code) = status, code == 78 || code == 64 {
                throw SupervisionError(
                    child: child.name, exitCode: code, logFile: child.logFile, logTail: tail(of: child.logFile, 5))
            }
            logger.warning(
                "a service ended and is started again",
                metadata: [
                    "name": "\(child.name)", "status": "\(status)", "log": "\(child.logFile)",
                    "last": "\(tail(of: child.logFile, 1))",
                ])
            if start.duration(to: .now) > .seconds(10) { pause = .milliseconds(100) }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(5))
        }
    }

    private func run(_ child: ChildService) async throws -> TerminationStatus {
        let log = try FileDescriptor.open(
            FilePath(child.logFile), .writeOnly, options: [.append, .create],
            permissions: [.ownerReadWrite, .groupRead])
        defer { try? log.close() }
        var options = PlatformOptions()
        // A Ctrl-C at the terminal is for the supervisor, which ends the children in order.
        options.processGroupID = 0
        options.teardownSequence = [.send(signal: .terminate, allowedDurationToNextStep: .seconds(20))]
        var environment: [Environment.Key: String?] = ["HOSO_SUPERVISED": "1"]
        for (name, value) in child.environment {
            if let key = Environment.Key(rawValue: name) { environment[key] = value }
        }
        let result = try await Subprocess.run(
            Subprocess.Configuration(
                executable: .path(FilePath(child.program)), arguments: Arguments(child.arguments),
                environment: .inherit.updating(environment), platformOptions: options),
            input: .fileDescriptor(lifeline, closeAfterSpawningProcess: false),
            output: .fileDescriptor(log, closeAfterSpawningProcess: false),
            error: .fileDescriptor(log, closeAfterSpawningProcess: false))
        return result.terminationStatus
    }

    /// The last lines of a log, which may be long.
    private func tail(of path: String, _ lines: Int) -> String {
        guard let file = FileHandle(forReadingAtPath: path), let end = try? file.seekToEnd() else { return "" }
        try? file.seek(toOffset: end > 8_192 ? end - 8_192 : 0)
        let text = String(decoding: (try? file.readToEnd()) ?? Data(), as: UTF8.self)
        return text.split(separator: "\n").suffix(lines).joined(separator: "\n")
    }
}
