import Agent
import ArgumentParser
import Dossiers
import Foundation
import IntakeProtocol
import Settings
import Spool

struct AgentRejected: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rejected",
        abstract: "Lists dossiers that the centre refused, with the reasons · Hồ sơ bị trung tâm trả lại.",
        discussion: """
            --format ndjson writes them as lines of hoso's own format, each with the number that it corrects: mend the \
            lines, and send the file with `hoso send` or through the drop folder as NAME.rejected.ndjson. One dossier is \
            mended by `hoso agent correct`.
            --format ndjson ghi ra tệp để sửa rồi gửi lại; sửa một hồ sơ: `hoso agent correct`.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json, csv, ndjson
    }

    @OptionGroup var common: CommonOptions
    @Flag(help: "Also those for which a correction has been sent · Cả hồ sơ đã gửi bản sửa.")
    var all = false
    @Option(help: "table, json, csv or ndjson · Dạng kết quả.")
    var format = Format.table
    @Option(help: "Dossiers that are listed at most · Số dòng tối đa.")
    var limit = 10_000

    func validate() throws {
        guard (1...1_000_000).contains(limit) else { throw ValidationError("--limit: 1 … 1000000.") }
    }

    func run() async throws {
        try await common.withSpool { spool, settings in
            let found = try spool.rejected(isOpen: !all, limit: limit + 1)
            let dossiers = found.prefix(limit).map { RejectedDossier($0) }
            let list = RejectedList(dossiers: dossiers, language: settings.language)
            switch format {
            case .table: list.table.forEach(Console.line)
            case .json: Console.line(try list.json())
            case .csv: list.csv.forEach(Console.line)
            case .ndjson:
                for dossier in dossiers {
                    guard let line = dossier.correctionLine(in: spool.epoch, settings.language) else { continue }
                    Console.write(String(decoding: line, as: UTF8.self), to: .standardOutput)
                }
            }
            if found.count > limit {
                Console.error("hoso: " + settings.language.choose("còn nữa (--limit)", "there are more (--limit)"))
            }
        }
    }
}

/// Refused dossiers, ready to be written.
private struct RejectedList {
    let dossiers: [RejectedDossier]
    let language: Language

    private func state(_ dossier: RejectedDossier) -> String {
        guard let number = dossier.entry.correctedBy else { return language.choose("chưa sửa", "open") }
        return language.choose("đã sửa bằng #\(number)", "corrected by #\(number)")
    }

    private func place(_ dossier: RejectedDossier) -> String {
        guard let path = dossier.entry.path else { return "–" }
        return path + (dossier.entry.line.map { ":\($0)" } ?? "")
    }

    var table: [String] {
        guard !dossiers.isEmpty else {
            return [language.choose("Không có hồ sơ nào bị trả lại.", "No dossier was refused.")]
        }
        return dossiers.flatMap { dossier in
            let code = dossier.submission.map(\.dossierCode).flatMap { $0.isEmpty ? nil : $0 } ?? "–"
            return ["#\(dossier.entry.number)  \(code)  \(place(dossier))  \(state(dossier))"]
                + dossier.reasons.map { "    ✗ \($0.sentence(in: language))" }
        }
    }

    func json() throws -> String {
        struct Reason: Encodable {
            let code: String
            let field: String
            let sentence: String
        }
        struct Line: Encodable {
            let sequence: UInt64
            let outcome: String
            let dossierCode: String?
            let file: String?
            let line: Int?
            let correctedBy: UInt64?
            let reasons: [Reason]
        }
        let lines = dossiers.map { dossier in
            Line(
                sequence: dossier.entry.number, outcome: word(dossier.entry.outcome),
                dossierCode: dossier.submission?.dossierCode, file: dossier.entry.path, line: dossier.entry.line,
                correctedBy: dossier.entry.correctedBy,
                reasons: dossier.reasons.map {
                    Reason(code: $0.code, field: $0.field, sentence: $0.sentence(in: language))
                })
        }
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(["rejected": lines]), as: UTF8.self)
    }

    var csv: [String] {
        ["sequence,outcome,dossier_code,file,line,corrected_by,reasons"]
            + dossiers.map { dossier in
                let entry = dossier.entry
                let place: [String] = [entry.path ?? "", entry.line.map { "\($0)" } ?? ""]
                let reasons = dossier.reasons.map { $0.sentence(in: language) }.joined(separator: " ")
                let columns: [String] =
                    ["\(entry.number)", word(entry.outcome), dossier.submission?.dossierCode ?? ""] + place
                    + [entry.correctedBy.map { "\($0)" } ?? "", reasons]
                return columns.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }.joined(separator: ",")
            }
    }

    private func word(_ outcome: SpoolReceipt.Outcome) -> String { outcome == .conflict ? "conflict" : "rejected" }
}

struct AgentCorrect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "correct",
        abstract: "Mends a refused dossier and sends it again · Sửa một hồ sơ bị trả lại và gửi lại.",
        discussion: """
            hoso agent correct 17 --set channel=postal --set applicant_phone=
            An empty value empties the field; `-` reads it from standard input, for what other users of this machine must \
            not see. Dấu `-`: nhập giá trị từ bàn phím.
            Bản sửa thay cho bản cũ, không bị tính hai lần.
            """)
    @OptionGroup var common: CommonOptions
    @Argument(help: "Number of the dossier, as `hoso agent rejected` shows it · Số của hồ sơ.")
    var number: UInt64
    @Option(name: .customLong("set"), parsing: .singleValue, help: "FIELD=VALUE, as often as needed · TRƯỜNG=GIÁ TRỊ.")
    var changes: [String] = []
    @Option(help: "Seconds to wait for the answer of the centre · Số giây chờ trả lời.")
    var wait = 10

    func validate() throws {
        guard (0...3_600).contains(wait) else { throw ValidationError("--wait: 0 … 3600.") }
        guard !changes.isEmpty else { throw ValidationError("--set FIELD=VALUE") }
        for change in changes where Self.parsed(change) == nil {
            let names = Field.allCases.map(\.rawValue).joined(separator: " ")
            throw ValidationError("--set \(change): FIELD=VALUE; FIELD: \(names).")
        }
    }

    private static func parsed(_ change: String) -> (Field, String)? {
        guard let mark = change.firstIndex(of: "="), let field = Field(rawValue: String(change[..<mark])) else {
            return nil
        }
        return (field, String(change[change.index(after: mark)...]))
    }

    func run() async throws {
        try await common.withSpool { spool, settings in
            let language = settings.language
            guard let entry = try spool.rejected(number: number), var submission = RejectedDossier(entry).submission
            else {
                Console.error("hoso: " + (try explanation(spool, language)))
                throw ExitCode(1)
            }
            if let later = entry.correctedBy { throw try refusal(corrected: later, spool, language) }
            for change in changes {
                guard let (field, value) = Self.parsed(change) else { continue }
                submission[field] = value == "-" ? try typed(field) : value
            }
            let draft = try SpoolDraft(
                submission, correcting: EntryReference(sequence: number), in: spool.epoch, source: nil, line: nil)
            let assigned: UInt64
            do throws(SpoolError) {
                guard let number = try spool.append([draft])?.lowerBound else { return }
                assigned = number
            } catch {
                // Another one was quicker.
                guard error.code == .corrected, let later = try spool.rejected(number: number)?.correctedBy else {
                    throw error
                }
                throw try refusal(corrected: later, spool, language)
            }
            Console.line(language.choose("Đã nhận bản sửa #\(assigned).", "Correction #\(assigned) accepted."))
            try await Awaiting(spool: spool, settings: settings, seconds: wait).outcome(of: assigned)
        }
    }

    /// A value from standard input, for which a person is asked.
    private func typed(_ field: Field) throws -> String {
        if isatty(0) == 1 { Console.write("\(field.rawValue): ", to: .standardError) }
        guard let value = readLine() else { throw ValidationError("--set \(field.rawValue)=-: …") }
        return value
    }

    private func explanation(_ spool: SpoolDatabase, _ language: Language) throws -> String {
        guard try spool.outcome(of: number) != nil else {
            return language.choose("không có hồ sơ bị trả lại số \(number)", "there is no refused dossier \(number)")
        }
        return language.choose(
            "#\(number) không bị trả lại; để sửa hồ sơ đã lưu, gửi dòng có \"corrects\":\"\(number)\" bằng `hoso send`",
            "#\(number) was not refused; to change what is stored, send a line with \"corrects\":\"\(number)\" by `hoso send`"
        )
    }

    private func refusal(corrected later: UInt64, _ spool: SpoolDatabase, _ language: Language) throws -> ExitCode {
        let isRefused = try spool.rejected(number: later) != nil
        let more =
            isRefused
            ? language.choose(
                "; bản sửa đó cũng bị trả lại: hãy sửa #\(later)", ", which was refused too: correct #\(later)") : ""
        Console.error(
            "hoso: " + language.choose("#\(number) đã được sửa bằng #\(later)", "#\(number) was corrected by #\(later)")
                + more)
        return ExitCode(1)
    }
}

/// Waits for what the centre says of one entry, while an agent sends it.
struct Awaiting {
    let spool: SpoolDatabase
    let settings: HosoSettings
    let seconds: Int

    /// Why there is no answer yet.
    static func explanation(spool path: String, _ language: Language) -> String {
        let isAlone = (try? SpoolLock.acquire(spool: path)) != nil
        return isAlone
            ? language.choose(
                "`hoso agent` chưa chạy; sẽ gửi khi nó chạy.", "No `hoso agent` is running; it is sent when one runs.")
            : language.choose(
                "Trung tâm chưa trả lời; sẽ gửi tiếp.", "The centre has not answered yet; it goes on being sent.")
    }

    /// Prints the outcome; leaves with 65 when the entry was refused, or differs.
    func outcome(of number: UInt64) async throws {
        let language = settings.language
        let deadline = ContinuousClock.now.advanced(by: .seconds(seconds))
        var outcome = try spool.outcome(of: number)
        while outcome == nil, deadline > .now {
            try await Task.sleep(for: .milliseconds(200))
            outcome = try spool.outcome(of: number)
        }
        switch outcome {
        case nil:
            Console.line(Self.explanation(spool: settings.spoolPath, language))
        case .stored: Console.line(language.choose("✓ Đã lưu.", "✓ Stored."))
        case .duplicate:
            Console.line(language.choose("✓ Trung tâm đã có hồ sơ này.", "✓ The centre has this dossier already."))
        case .rejected, .conflict:
            let reasons = try spool.rejected(number: number).map { RejectedDossier($0).reasons } ?? []
            Console.line(language.choose("✗ Vẫn bị trả lại:", "✗ Still refused:"))
            for reason in reasons { Console.line("    \(reason.sentence(in: language))") }
            throw ExitCode(65)
        }
    }
}
