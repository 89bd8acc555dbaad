import ArgumentParser
import Demonstration
import Foundation
import Mapping
import Settings
import Store

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Brings the database to the version this program needs.")
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let settings = try common.settings()
        try await reportingErrors {
            let applied = try await DatabaseSession(settings.database("migrate")).perform { connection in
                try await Migrator(connection).migrate()
            }
            Console.line(applied.isEmpty ? "the database is up to date" : "applied: " + applied.joined(separator: ", "))
        }
    }
}

struct CheckConfig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config", abstract: "Reports every problem of the configuration at once.",
        discussion: "Settings:\n"
            + SettingKey.all.map { "  \($0.name) [\($0.standard)]: \($0.english)" }
            .joined(separator: "\n"))
    @OptionGroup var common: CommonOptions

    func run() async throws {
        _ = try common.settings()
        Console.line("the configuration is complete and consistent")
    }
}

struct Sample: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes valid, made-up dossiers as NDJSON to standard output, for load tests.")
    @Option(help: "How many.")
    var count = 1_000
    @Option(help: "The same seed gives the same dossiers.")
    var seed: UInt64 = 1

    func run() async throws {
        guard count >= 0, count <= 100_000_000 else { throw ValidationError("--count must be from 0 to 100000000.") }
        var buffer = Data()
        for submission in SampleSubmissions(count: count, seed: seed) {
            buffer.append(contentsOf: submission.nativeLine())
            if buffer.count > 1 << 18 {
                try FileHandle.standardOutput.write(contentsOf: buffer)
                buffer.removeAll(keepingCapacity: true)
            }
        }
        try FileHandle.standardOutput.write(contentsOf: buffer)
    }
}
