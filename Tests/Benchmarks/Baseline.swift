import Foundation

/// The counts that others are compared with, and where they were made.
struct Baseline: Codable, Equatable {
    /// What decides, beside the code, how many instructions there are.
    struct Origin: Codable, Equatable {
        /// The processor's, and whether it has the wide instructions for which libraries have code of their own.
        let architecture: String
        /// The compiler, as it names itself.
        let toolchain: String
        /// The valgrind, which shows programs a processor of its own.
        let valgrind: String
    }

    let origin: Origin
    /// Per dossier, by the names of the benchmarks.
    let instructions: [String: Int]

    /// Reads a file; `nil` where there is none.
    static func read(_ path: String) throws -> Baseline? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        return try JSONDecoder().decode(Baseline.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }

    /// Writes the file, the same bytes for the same counts.
    func write(_ path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try (encoder.encode(self) + Data("\n".utf8)).write(to: URL(fileURLWithPath: path), options: .atomic)
    }
}

extension Baseline.Origin {
    /// Where this program runs.
    static func here() throws -> Baseline.Origin {
        Baseline.Origin(
            architecture: architecture, toolchain: try version(of: "swift"),
            valgrind: try version(of: "valgrind"))
    }

    private static func version(of program: String) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program, "--version"]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        guard let line = text.split(separator: "\n").first else {
            throw BenchmarkFailure("\(program) does not tell its version")
        }
        return String(line)
    }

    private static var architecture: String {
        #if arch(x86_64)
            let processor = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
            return processor.split(whereSeparator: \.isWhitespace).contains("avx2") ? "x86_64 with AVX2" : "x86_64"
        #elseif arch(arm64)
            return "arm64"
        #else
            return "unknown"
        #endif
    }
}
