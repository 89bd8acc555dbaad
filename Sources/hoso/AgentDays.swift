import Agent
import ArgumentParser
import Dossiers
import Foundation
import Polling
import Settings
import Spool

struct AgentCloseDay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "close-day",
        abstract: "Closes the day with a manifest, and shows how the centre counts · Chốt ngày và đối chiếu.",
        discussion: """
            The agent does so by itself at sender.closes_at. Leaves with 65 when the centre counts otherwise, with 69 \
            when it has not answered yet.
            Dịch vụ tự chốt ngày lúc sender.closes_at.
            """)
    @OptionGroup var common: CommonOptions
    @Option(help: "Seconds to wait for the answer of the centre · Số giây chờ trả lời.")
    var wait = 30

    func validate() throws {
        guard (0...3_600).contains(wait) else { throw ValidationError("--wait: 0 … 3600.") }
    }

    func run() async throws {
        try await common.withSpool { spool, settings in
            let language = settings.language
            var zone = settings.zone
            let today = zone.day(of: Instant(microseconds: WallClock.microseconds))
            guard let manifest = try spool.closeDay(today) else {
                Console.line(
                    language.choose("Không có hồ sơ mới nào để chốt.", "There is nothing new to close the day with."))
                return
            }
            let deadline = ContinuousClock.now.advanced(by: .seconds(wait))
            var current = manifest
            while current.outcome == nil, deadline > .now {
                try await Task.sleep(for: .milliseconds(200))
                current = try spool.manifests().first { $0.number == manifest.number } ?? manifest
            }
            ManifestList(manifests: [current], language: language).lines.forEach(Console.line)
            if current.outcome == nil {
                Console.line(Awaiting.explanation(spool: settings.spoolPath, language))
                throw ExitCode(69)
            }
            if ManifestList.differs(current) { throw ExitCode(65) }
        }
    }
}

struct AgentDays: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "days", abstract: "Lists the days that were closed · Các ngày đã chốt.")
    @OptionGroup var common: CommonOptions
    @Option(help: "Days that are listed at most · Số ngày tối đa.")
    var limit = 31
    @Option(help: "table or json · Dạng kết quả.")
    var format = PlainFormat.table

    func validate() throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit: 1 … 10000.") }
    }

    func run() async throws {
        try await common.withSpool { spool, settings in
            let list = ManifestList(manifests: try spool.manifests(limit: limit), language: settings.language)
            switch format {
            case .json: Console.line(try list.json())
            case .table: list.lines.forEach(Console.line)
            }
        }
    }
}

/// Manifests with what the centre said of them, ready to be written.
private struct ManifestList {
    let manifests: [SpoolManifest]
    let language: Language

    static func differs(_ manifest: SpoolManifest) -> Bool {
        manifest.outcome != nil && (manifest.outcome != .stored || !manifest.reasons.isEmpty)
    }

    private static func state(_ manifest: SpoolManifest) -> String {
        manifest.outcome == nil ? "waiting" : differs(manifest) ? "differs" : "equal"
    }

    var lines: [String] {
        guard !manifests.isEmpty else { return [language.choose("Chưa chốt ngày nào.", "No day has been closed.")] }
        return manifests.flatMap { manifest in
            let words = [
                "waiting": language.choose("đang chờ trung tâm", "waiting for the centre"),
                "equal": language.choose("khớp", "equal"), "differs": language.choose("không khớp", "differs"),
            ]
            let count = language.choose("\(manifest.dossiers) bản ghi", "\(manifest.dossiers) entries")
            return ["\(manifest.day)  #\(manifest.number)  \(count)  \(words[Self.state(manifest)] ?? "")"]
                + ReasonList(json: manifest.reasons).reasons.map { "    ✗ \($0.sentence(in: language))" }
        }
    }

    func json() throws -> String {
        struct Difference: Encodable {
            let code: String
            let field: String
            let sentence: String
        }
        struct Line: Encodable {
            let day: String
            let sequence: UInt64
            let numbers: [UInt64]
            let entries: Int
            let state: String
            let differences: [Difference]
        }
        let days = manifests.map { manifest in
            Line(
                day: manifest.day, sequence: manifest.number,
                numbers: [manifest.numbers.lowerBound, manifest.numbers.upperBound], entries: manifest.dossiers,
                state: Self.state(manifest),
                differences: ReasonList(json: manifest.reasons).reasons.map {
                    Difference(code: $0.code, field: $0.field, sentence: $0.sentence(in: language))
                })
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(["days": days]), as: UTF8.self)
    }
}
