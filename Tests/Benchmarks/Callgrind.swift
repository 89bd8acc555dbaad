import Foundation

/// Counts the instructions of benchmarks, each in a process of its own under valgrind, which needs no counters in the
/// processor.
///
/// Nothing of what a run sees is left to chance: no random hashing, and no environment but what it needs. What system
/// calls do is not counted. This program has no `async` main function, whose threads Debian 12's valgrind does not survive.
struct Callgrind {
    /// Exists and is empty; the benchmarks have their files in it.
    let folder: String
    /// Benchmarks that are run at the same time.
    private let width = max(1, ProcessInfo.processInfo.activeProcessorCount)

    /// A benchmark that is running.
    private struct Count {
        let benchmark: InstructionBenchmark
        let process: Process
        /// What valgrind says.
        let log: String
    }

    /// Instructions per dossier, by the names of the benchmarks.
    func count(_ benchmarks: [InstructionBenchmark]) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        var running: [Count] = []
        for benchmark in benchmarks {
            if running.count == width { try finish(running.removeFirst(), &counts) }
            running.append(try start(benchmark))
        }
        for count in running { try finish(count, &counts) }
        return counts
    }

    private func start(_ benchmark: InstructionBenchmark) throws -> Count {
        let log = "\(folder)/\(benchmark.name).log"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "valgrind", "--tool=callgrind", "--toggle-collect=*countedRound*", "--callgrind-out-file=/dev/null",
            "--log-file=\(log)", try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
            "run", benchmark.name, "--folder", folder,
        ]
        process.environment = ProcessInfo.processInfo.environment
            .filter { ["PATH", "LD_LIBRARY_PATH"].contains($0.key) }
            .merging(["SWIFT_DETERMINISTIC_HASHING": "1"]) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        return Count(benchmark: benchmark, process: process, log: log)
    }

    private func finish(_ count: Count, _ counts: inout [String: Int]) throws {
        count.process.waitUntilExit()
        let (benchmark, text) = (count.benchmark, try String(contentsOfFile: count.log, encoding: .utf8))
        guard count.process.terminationStatus == 0, let total = Self.total(in: text), total > 0 else {
            throw BenchmarkFailure("“\(benchmark.name)” could not be counted:\n\(text)")
        }
        counts[benchmark.name] = total / (benchmark.rounds * benchmark.dossiers)
    }

    /// What valgrind says last: `==123== Collected : 456`.
    private static func total(in text: String) -> Int? {
        let line = text.split(separator: "\n").last { $0.contains(" Collected : ") }
        return line?.split(separator: " ").last.flatMap { Int($0) }
    }
}
