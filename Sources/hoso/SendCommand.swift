import Agent
import ArgumentParser
import Dossiers
import Foundation
import Mapping
import Settings

struct Send: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Sends files of dossiers and waits for the centre's answer to each row · Gửi các tệp hồ sơ.",
        discussion: """
            Takes CSV and NDJSON, gzipped or not. Interrupted, it loses nothing: what is on the device is sent by the \
            next `hoso send` or `hoso agent`.
            Leaves with 65 when a row was quarantined or unreadable, and names file, line, field and reason.
            Nhận CSV và NDJSON, kể cả nén gzip. Nếu bị ngắt, hồ sơ đã nằm trên máy sẽ được gửi ở lần chạy sau.
            Mã thoát 65 khi có dòng bị giữ lại hoặc không đọc được, kèm tệp, dòng, trường và lý do.
            """)
    @OptionGroup var common: CommonOptions
    @Argument(help: "Files to send · Các tệp cần gửi.", completion: .file())
    var files: [String]
    @Option(help: "Mapping file (default: hoso's own NDJSON) · Tệp ánh xạ.", completion: .file())
    var mapping: String?
    @Option(help: "Name of the sender · Tên điểm gửi.")
    var sender: String?
    @Option(help: "Reasons that are listed, at most 10000 · Số lý do liệt kê.")
    var list = 100

    func validate() throws {
        guard (0...10_000).contains(list) else { throw ValidationError("--list: 0 … 10000.") }
    }

    func run() async throws {
        var overrides: [String: String] = [:]
        if let sender {
            overrides["sender.name"] = sender
        }
        var settings = try common.senderSettings(overrides)
        // A sender of another name has a spool of its own beside the configured one.
        if let sender, try common.settings().senderName != sender {
            let folder = URL(fileURLWithPath: settings.spoolPath).deletingLastPathComponent()
            settings.spoolPath = folder.appendingPathComponent("\(sender).sqlite").path
        }
        let (quiet, chosen) = (settings, mapping)
        try await reportingErrors(in: quiet.language, spool: quiet.spoolPath) {
            let rules = try chosen.map { path throws(MappingError) in try MappingFile.load(path: path) } ?? .native
            try check(rules, quiet.language)
            let reports = try await Sending(settings: quiet, mapping: rules, files: files).run()
            summarise(reports, in: quiet.language)
            if reports.contains(where: { !$0.isClean }) { throw ExitCode(65) }
        }
    }

    /// Opens every file before anything is accepted: with one that cannot be read, none is sent.
    private func check(_ mapping: MappingFile, _ language: Language) throws {
        var isGood = true
        for file in files {
            do throws(MappingError) { _ = try SubmissionReader(path: file, mapping: mapping.serving(file)) } catch {
                error.sentences(in: language).forEach { Console.error("hoso: \($0)") }
                isGood = false
            }
        }
        guard !isGood else { return }
        Console.error("hoso: " + language.choose("Chưa gửi tệp nào.", "Nothing was sent."))
        throw ExitCode(65)
    }

    private func summarise(_ reports: [FileReport], in language: Language) {
        for report in reports {
            Console.line("\(report.path): \(report.summary(in: language))")
            for sentence in report.sentences.prefix(list) { Console.line("  \(sentence)") }
            if let remark = report.remark(listed: report.lines.prefix(list), in: language) {
                Console.line("  \(remark) (--list)")
            }
        }
    }
}
