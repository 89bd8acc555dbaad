import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// The built `hoso`, run as its users run it.
enum Program {
    /// What a run came to.
    struct Outcome: Sendable {
        let status: Int32
        let output: String
        let error: String
    }

    /// The binary beside the tests.
    static let path: String = {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: tests).deletingLastPathComponent().appending(path: "hoso").path
    }()

    /// Runs the program to its end.
    static func run(
        _ arguments: [String], environment: [String: String] = [:], program: String = path
    ) async throws -> Outcome {
        let result = try await Subprocess.run(
            .path(FilePath(program)), arguments: Arguments(arguments), environment: inherited(environment),
            input: .none, output: .string(limit: 8 << 20), error: .string(limit: 8 << 20))
        return Outcome(
            status: status(result.terminationStatus), output: result.standardOutput, error: result.standardError)
    }

    /// Runs the program around some work, which sees what it has printed so far and ends it by a signal.
    static func run(
        _ arguments: [String], environment: [String: String] = [:], around work: (Running) async throws -> Void
    ) async throws -> Outcome {
        let folder = try TemporaryFolder()
        let log = try FileDescriptor.open(
            FilePath(folder.path + "/log"), .writeOnly, options: [.create], permissions: .ownerReadWrite)
        defer { try? log.close() }
        let result = try await Subprocess.run(
            .path(FilePath(path)), arguments: Arguments(arguments), environment: inherited(environment), input: .none,
            output: .fileDescriptor(log, closeAfterSpawningProcess: false),
            error: .fileDescriptor(log, closeAfterSpawningProcess: false)
        ) { execution in
            let running = Running(process: execution.processIdentifier.value, folder: folder)
            do { try await work(running) } catch { Issue.record("\(error)\n\(running.log)") }
            try? execution.send(signal: .terminate)
        }
        let text = (try? String(contentsOfFile: folder.path + "/log", encoding: .utf8)) ?? ""
        return Outcome(status: status(result.terminationStatus), output: text, error: text)
    }

    /// A run that has not ended yet.
    struct Running: Sendable {
        let process: pid_t
        fileprivate let folder: TemporaryFolder

        /// What it has printed.
        var log: String { (try? String(contentsOfFile: folder.path + "/log", encoding: .utf8)) ?? "" }

        /// Sends a signal and waits for the end.
        func end(by signal: Int32) async throws {
            kill(process, signal)
            try await waitForEnd()
        }

        /// Waits until it ends by itself.
        func waitForEnd() async throws {
            try await Patience.until("it has ended") { !Office.isAlive(process) }
        }
    }

    /// The environment of this process in English, with some more variables.
    static func inherited(_ more: [String: String]) -> Environment {
        var changes: [Environment.Key: String?] = [
            "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "HOSO_CONFIG": nil, "HOSO_SENDER_CLOSES_AT": "",
        ]
        for (name, value) in more {
            if let key = Environment.Key(rawValue: name) { changes[key] = value }
        }
        return .inherit.updating(changes)
    }

    static func status(_ status: TerminationStatus) -> Int32 {
        switch status {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }
}

/// A running `hoso up` in a folder of its own.
struct Office: Sendable {
    let folder: TemporaryFolder
    let process: pid_t

    var configuration: String { folder.path + "/data/hoso.yaml" }
    var intake: String { "ipc://\(folder.path)/data/run/intake.sock" }

    /// Starts `hoso up`, does some work, sends SIGTERM, and returns the exit status.
    /// - Parameter wrapper: a program with its arguments that runs it.
    @discardableResult
    static func open(
        _ options: [String] = [], environment: [String: String] = [:], in folder: TemporaryFolder? = nil,
        under wrapper: [String] = [], _ work: (Office) async throws -> Void
    ) async throws -> Int32 {
        let folder = try folder ?? TemporaryFolder()
        let log = try FileDescriptor.open(
            FilePath(folder.path + "/up.log"), .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
        defer { try? log.close() }
        let command =
            wrapper + [Program.path, "up", "--data", folder.path + "/data", "--port", "0", "--page", "0"] + options
        let result = try await Subprocess.run(
            .path(FilePath(command[0])), arguments: Arguments(Array(command.dropFirst())),
            environment: Program.inherited(environment), input: .none,
            output: .fileDescriptor(log, closeAfterSpawningProcess: false),
            error: .fileDescriptor(log, closeAfterSpawningProcess: false)
        ) { execution in
            let office = Office(folder: folder, process: execution.processIdentifier.value)
            do {
                try await office.until("it is running") { office.log.contains("Running") }
                try await work(office)
            } catch {
                Issue.record("\(error)\n\(office.log)")
            }
            try execution.send(signal: .terminate)
        }
        return Program.status(result.terminationStatus)
    }

    /// What it has printed.
    var log: String { (try? String(contentsOfFile: folder.path + "/up.log", encoding: .utf8)) ?? "" }

    /// The process of the database server.
    var server: pid_t? {
        let file = folder.path + "/data/postgres/data/postmaster.pid"
        let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").first.flatMap { pid_t($0) }
    }

    /// Runs another command against it.
    func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Program.Outcome {
        try await Program.run(arguments + ["--config", configuration], environment: environment)
    }

    /// Runs a query that answers with JSON.
    func query(_ arguments: [String], environment: [String: String] = [:]) async throws -> [String: Any] {
        let outcome = try await run(arguments + ["--format", "json"], environment: environment)
        try #require(!outcome.output.isEmpty, "\(arguments): \(outcome.status) \(outcome.error)")
        return try #require(JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    }

    /// Process ids of its children that were started with a subcommand.
    func children(_ subcommand: String) -> [pid_t] {
        let files = FileManager.default
        return ((try? files.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }.filter { pid in
            let line = (try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(pid)/cmdline"))) ?? Data()
            let words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            return words.count > 2 && words[1] == subcommand && words.contains(configuration)
        }
    }

    /// Whether a process runs; one that has ended and that nobody has asked for yet does not.
    static func isAlive(_ pid: pid_t) -> Bool {
        guard let line = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
        return line.split(separator: ") ").last?.first != "Z"
    }

    /// Waits until something holds; two minutes are far more than it takes.
    func until(_ what: String, _ condition: () async throws -> Bool) async throws {
        try await Patience.until(what, condition)
    }
}

/// What did not happen in time.
struct Patience: Error {
    let what: String

    /// Waits until something holds.
    static func until(_ what: String, _ condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now.advanced(by: .seconds(120))
        while try await !condition() {
            guard deadline > .now else { throw Patience(what: what) }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
