import Agent
import ArgumentParser
import Dossiers
import Foundation
import Logging
import Mapping
import ServiceLifecycle
import Settings
import Spool

struct Send: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send", abstract: "Sends files of dossiers and waits until the centre has answered for each row.",
        discussion: """
            Takes CSV and NDJSON, gzipped or not. Interrupted, it goes on where it was: what is on the device is sent \
            by the next `hoso send` or `hoso agent`.
            Leaves with 65 when a row was quarantined or unreadable, and names file, line, field and reason.
            """)
    @OptionGroup var common: CommonOptions
    @Argument(help: "Files to send · Các tệp cần gửi.", completion: .file())
    var files: [String]
    @Option(help: "Mapping file (default: hoso's own NDJSON) · Tệp ánh xạ.", completion: .file())
    var mapping: String?
    @Option(help: "Name of the sender.")
    var sender: String?
    @Option(help: "Reasons that are listed, at most 10000.")
    var list = 100

    func validate() throws {
        guard (0...10_000).contains(list) else { throw ValidationError("--list must be from 0 to 10000.") }
    }

    func run() async throws {
        var overrides: [String: String] = [:]
        if let sender {
            overrides["sender.name"] = sender
        }
        var settings = try common.settings(overrides)
        // A sender of another name has a spool of its own beside the configured one.
        if let sender, try common.settings().senderName != sender {
            let folder = URL(fileURLWithPath: settings.spoolPath).deletingLastPathComponent()
            settings.spoolPath = folder.appendingPathComponent("\(sender).sqlite").path
        }
        let (quiet, chosen) = (settings, mapping)
        try await reportingErrors(in: quiet.language) {
            let rules = try chosen.map { path throws(MappingError) in try MappingFile.load(path: path) } ?? .native
            for file in files where !FileManager.default.isReadableFile(atPath: file) {
                Console.error("hoso: " + quiet.language.choose("Không đọc được tệp \(file)", "cannot read \(file)"))
                throw ExitCode(65)
            }
            let sending = Sending(settings: quiet, mapping: rules, files: files)
            let reports = try await sending.run()
            summarise(reports, in: quiet.language)
            if reports.contains(where: { !$0.isClean }) { throw ExitCode(65) }
        }
    }

    private func summarise(_ reports: [FileReport], in language: Language) {
        for report in reports {
            Console.line("\(report.path): \(report.summary(in: language))")
            for sentence in report.sentences.prefix(list) { Console.line("  \(sentence)") }
            let hidden = report.refusedCount - report.rows(in: report.lines.prefix(list))
            if hidden > 0 {
                Console.line(
                    "  "
                        + language.choose(
                            "… và \(hidden) dòng khác không liệt kê ở đây (--list)",
                            "… and \(hidden) rows that are not listed here (--list)"))
            }
        }
    }
}

/// One run of `hoso send`: feeds the spool while a courier sends, and shows how far it is.
struct Sending {
    let settings: HosoSettings
    let mapping: MappingFile
    let files: [String]

    func run() async throws -> [FileReport] {
        let spool = try settings.openSpool()
        let lock = try SpoolLock.acquire(spool: settings.spoolPath)
        defer { withExtendedLifetime(lock) { spool.close() } }
        var logger = settings.logger("send")
        if settings.logLevel == .info { logger.logLevel = .warning }
        // Another process (an agent) sends from this spool already: it will send these entries too.
        let courier =
            lock == nil
            ? nil : try Courier(spool, endpoints: settings.intakeEndpoints, software: Program.software, logger: logger)
        let progress = SendingProgress(language: settings.language)
        return try await withThrowingTaskGroup(of: [FileReport]?.self) { group in
            if let courier {
                group.addTask {
                    try await courier.run()
                    return nil
                }
            }
            group.addTask { [self] in
                try await FeedingThread().feed(files, mapping: mapping, spool: spool, settings: settings, progress)
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw ExitCode(69)
        }
    }
}
