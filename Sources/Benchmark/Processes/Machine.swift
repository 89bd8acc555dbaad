import Foundation
import Postgres
import Store
import Subprocess
import SystemPackage
import ZeroMQ

/// Finds out where a run takes place.
struct Machine: Sendable {
    let site: BenchmarkSite

    func describe(hoso version: String) async throws -> BenchmarkEnvironment {
        let (postgresql, durability) = try await session()
        return BenchmarkEnvironment(
            processor: Self.value(of: "model name", in: Self.text("/proc/cpuinfo")) ?? "unknown",
            cores: ProcessInfo.processInfo.activeProcessorCount,
            memoryBytes: Int(clamping: ProcessInfo.processInfo.physicalMemory),
            loadAtStart: Self.text("/proc/loadavg").split(separator: " ").first.flatMap { Double($0) } ?? 0,
            kernel: Self.text("/proc/sys/kernel/osrelease").trimmingCharacters(in: .whitespacesAndNewlines),
            swift: await toolchain(), build: Self.build, hoso: version, commit: await commit(),
            postgresql: postgresql, durability: durability, libzmq: Context.libraryVersion,
            startedAt: Int64(Date().timeIntervalSince1970))
    }

    private func session() async throws -> (version: String, durability: [String: String]) {
        try await site.session("hoso").perform { connection in
            let names = ["fsync", "full_page_writes", "synchronous_commit", "shared_buffers", "max_wal_size"]
            let columns = (names + ["server_version"]).map { "current_setting('\($0)')" }.joined(separator: ", ")
            let result = try await connection.run("SELECT \(columns)", as: "read settings")
            let values = names.enumerated().map { ($1, result.string(0, $0)) }
            return (result.string(0, names.count), Dictionary(uniqueKeysWithValues: values))
        }
    }

    private func toolchain() async -> String {
        if let line = await firstLine("swift", ["--version"]) { return line }
        return Self.compiler
    }

    private func commit() async -> String {
        let folder = URL(fileURLWithPath: site.program).deletingLastPathComponent().path
        return await firstLine("git", ["-C", folder, "rev-parse", "HEAD"]) ?? "unknown"
    }

    /// The first line that a program on PATH prints; `nil` when there is no such program, or it fails.
    private func firstLine(_ program: String, _ arguments: [String]) async -> String? {
        let result = try? await Subprocess.run(
            .name(program), arguments: Arguments(arguments), input: .none, output: .string(limit: 65_536),
            error: .discarded)
        guard let result, result.terminationStatus == .exited(0) else { return nil }
        return result.standardOutput.split(separator: "\n").first.map(String.init)
    }

    /// The value of the first line with a key in a text such as /proc/cpuinfo.
    static func value(of key: String, in text: String) -> String? {
        let line = text.split(separator: "\n").first { $0.hasPrefix(key) }
        return line?.split(separator: ":", maxSplits: 1).dropFirst().first
            .map { $0.trimmingCharacters(in: .whitespaces) }
    }

    private static func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }

    private static var build: String {
        #if DEBUG
            "debug"
        #else
            "release"
        #endif
    }

    private static var compiler: String {
        #if compiler(>=6.4)
            "Swift 6.4 or newer"
        #elseif compiler(>=6.3)
            "Swift 6.3"
        #else
            "Swift before 6.3"
        #endif
    }
}
