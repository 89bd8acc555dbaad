import ArgumentParser
import Foundation

/// Counts what the code on a dossier's way costs, in instructions, and compares it with the baseline in the repository.
@main
struct InstructionBenchmarks: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Deploy/benchmark",
        abstract: "Counts the instructions per dossier, and compares them with Tests/Benchmarks/baseline.json.",
        discussion: """
            Leaves with 1 when something takes \(Int(Comparison.tolerance * 100)) % more than in the baseline.
            A baseline of another toolchain, architecture or valgrind is only shown.
            """,
        subcommands: [Count.self, Run.self], defaultSubcommand: Count.self)

    /// Counts and compares.
    struct Count: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Counts and compares (what is done by default).")
        @Flag(help: "Write what was counted as the new baseline.")
        var update = false
        @Option(help: "Count only benchmarks with this in their names.")
        var only: String?
        @Option(help: .hidden)
        var baseline = "Tests/Benchmarks/baseline.json"

        func validate() throws {
            if update, only != nil { throw ValidationError("--update counts everything; it does not go with --only.") }
            if chosen.isEmpty { throw ValidationError("--only: no benchmark has this in its name.") }
        }

        private var chosen: [InstructionBenchmark] {
            InstructionBenchmark.all.filter { benchmark in only.map { benchmark.name.contains($0) } ?? true }
        }

        func run() throws {
            #if DEBUG
                throw ValidationError("Counts are of release builds; use Deploy/benchmark.")
            #else
                try count()
            #endif
        }

        private func count() throws {
            let origin = try Baseline.Origin.here()
            let known = try Baseline.read(baseline)
            let counts = try counts()
            let comparison = Comparison(chosen.map(\.name), counts, with: known)
            print(comparison.table)
            if update {
                try Baseline(origin: origin, instructions: counts).write(baseline)
                print("\(baseline) has been written.")
            } else if let known, known.origin != origin {
                print("The baseline does not apply here, so nothing is judged:")
                print("  it is of \(known.origin);")
                print("  this is  \(origin).")
            } else if !comparison.regressions.isEmpty {
                print("More than \(Int(Comparison.tolerance * 100)) % above the baseline.")
                print("If it has to be: Deploy/benchmark --update, and say why in the commit.")
                throw ExitCode(1)
            }
        }

        private func counts() throws -> [String: Int] {
            let files = FileManager.default
            // Its length is always the same, for paths are work too.
            let folder = files.temporaryDirectory.appendingPathComponent("hoso-benchmark-\(UUID().uuidString)")
            try files.createDirectory(at: folder, withIntermediateDirectories: false)
            defer { try? files.removeItem(at: folder) }
            return try Callgrind(folder: folder.path).count(chosen)
        }
    }

    /// Does the work of one benchmark.
    struct Run: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Does the work of one benchmark, for whoever counts or profiles it.")
        @Argument(help: "Its name.")
        var name: String
        @Option(help: "An empty folder for its files.")
        var folder: String

        func run() throws {
            guard let benchmark = InstructionBenchmark.all.first(where: { $0.name == name }) else {
                throw ValidationError("There is no such benchmark.")
            }
            print(try benchmark.run(in: folder))
        }
    }
}

extension Baseline.Origin: CustomStringConvertible {
    var description: String { "\(toolchain), \(architecture), \(valgrind)" }
}
