import ArgumentParser
import Dossiers
import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import UnixSignals

/// Runs something and turns its errors into sentences and exit codes.
/// - Parameter spool: path of the spool that errors of one are about.
func reportingErrors<Value>(
    in language: Language, spool: String = "", _ body: () async throws -> Value
) async throws -> Value {
    do {
        return try await body()
    } catch let error as ExitCode {
        throw error
    } catch let error as ValidationError {
        throw error
    } catch is CleanExit {
        throw ExitCode.success
    } catch {
        sentences(of: error, in: language, spool: spool).forEach { Console.error("hoso: \($0)") }
        throw ExitCode(exitCode(of: error))
    }
}

/// Says why something is not done, and with which code the command leaves.
func refusal(_ sentence: String, _ code: Int32) -> ExitCode {
    Console.error("hoso: \(sentence)")
    return ExitCode(code)
}

/// Runs services until SIGTERM, Ctrl-C or the end of the terminal, and drains them.
func serve(_ services: [any Service], logger: Logger) async throws {
    try await ServiceGroup(
        configuration: ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: EndingSignals.all, logger: logger)
    ).run()
}

/// Whether somebody has asked for an end.
final class Interruption: Sendable {
    private let flag = Atomic<Bool>(false)

    /// True from the first signal on.
    var isWanted: Bool { flag.load(ordering: .relaxed) }

    fileprivate func want() { flag.store(true, ordering: .relaxed) }
}

/// Runs something that looks up now and then whether a signal asks for its end, and then says how far it came.
func interruptible<Value: Sendable>(
    _ body: @escaping @Sendable (Interruption) async throws -> Value
) async throws -> Value {
    let interruption = Interruption()
    let signals = await UnixSignalsSequence(trapping: EndingSignals.all)
    return try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await body(interruption) }
        group.addTask {
            for await _ in signals { interruption.want() }
            return nil
        }
        defer { group.cancelAll() }
        while let result = try await group.next() {
            if let result { return result }
        }
        throw CancellationError()
    }
}

/// Runs something that a signal cancels, with everything that it has started.
func endable<Value: Sendable>(
    in language: Language, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let signals = await UnixSignalsSequence(trapping: EndingSignals.all)
    return try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            for await _ in signals { return nil }
            return nil
        }
        defer { group.cancelAll() }
        if let value = try await group.next(), let value { return value }
        group.cancelAll()
        // What it cleans up is awaited.
        _ = try? await group.next()
        Console.error("hoso: " + language.choose("đã dừng theo yêu cầu", "interrupted"))
        throw ExitCode(69)
    }
}

/// The signals on which a service drains and ends.
enum EndingSignals {
    /// SIGTERM, Ctrl-C, and the closing of the terminal unless `nohup` has this process ignore it.
    static var all: [UnixSignal] { ignoresHangUp ? [.sigterm, .sigint] : [.sigterm, .sigint, .sighup] }

    private static var ignoresHangUp: Bool {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("SigIgn:") }
        let mask = line.flatMap { UInt64($0.dropFirst(7).trimmingCharacters(in: .whitespaces), radix: 16) } ?? 0
        return mask & 1 << UInt64(SIGHUP - 1) != 0
    }
}
