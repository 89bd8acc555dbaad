package import Dossiers
import Foundation
package import Store

/// Entries of the quarantine, ready to be written.
package struct QuarantineEntriesReport: Sendable {
    private let entries: [(time: String, entry: QuarantineTable.Entry)]

    /// A report in local time.
    package init(entries: [QuarantineTable.Entry], zone: LocalZone) {
        var zone = zone
        self.entries = entries.map { (zone.text(of: $0.recordedAt), $0) }
    }

    /// The report as one JSON document.
    package var json: String {
        "{\"entries\":[" + entries.map { $0.entry.object(at: $0.time).text }.joined(separator: ",") + "]}"
    }

    /// A page of the report as one JSON document, with codes only: no values, no sentences, and nobody's name.
    /// - Parameter next: where the next page begins; `nil`: there is none.
    package func page(next: String?) -> String {
        let items = entries.map { time, entry -> String in
            var object = JSONLine()
            object.add("id", raw: String(entry.id))
            object.add("recorded_at", text: time)
            object.add("sender", text: entry.sender)
            object.add("epoch", text: String(entry.key.epoch))
            object.add("sequence", raw: String(entry.key.sequence))
            object.add("dossier_code", text: entry.shownCode)
            object.add("kind", text: entry.kind.word)
            object.add("outcome", text: entry.outcome.word(in: .english))
            object.add("state", text: entry.closure?.cause ?? "open")
            object.add("reasons", raw: StoredReasons(json: entry.reasons).codes)
            return object.text
        }
        var document = JSONLine()
        document.add("entries", raw: "[" + items.joined(separator: ",\n  ") + "]")
        document.add("next", text: next)
        return document.text
    }

    /// The report as lines of a table.
    package func table(in language: Language) -> [String] {
        let header =
            language == .vietnamese
            ? ["Số", "Thời gian", "Điểm gửi", "Số thứ tự", "Mã hồ sơ", "Trạng thái", "Lý do"]
            : ["Id", "Time", "Sender", "Sequence", "Dossier", "State", "Reasons"]
        let rows = entries.map { time, entry in
            let codes = StoredReasons(json: entry.reasons).reasons.map { reason in
                reason.field.isEmpty ? reason.code : "\(reason.code) (\(reason.field))"
            }
            return [
                String(entry.id), time, entry.sender, String(entry.key.sequence), entry.shownCode ?? "–",
                entry.state(in: language), codes.joined(separator: ", "),
            ]
        }
        return TextTable(header: header, rows: rows, leftColumns: 7).lines
    }

    /// The report as CSV.
    package var csv: [String] {
        ["id,recorded_at,sender,epoch,sequence,dossier_code,state,reasons"]
            + entries.map { time, entry in
                let codes = StoredReasons(json: entry.reasons).reasons.map(\.code).joined(separator: " ")
                return [
                    "\(entry.id)", time, entry.sender, "\(entry.key.epoch)", "\(entry.key.sequence)",
                    entry.shownCode ?? "", entry.closure?.cause ?? "open", codes,
                ].map(AdoptionReport.quoted).joined(separator: ",")
            }
    }
}

/// One entry of the quarantine with all that is known of it.
package struct QuarantineEntryReport: Sendable {
    private let entry: QuarantineTable.Entry
    private let attempts: [(time: String, attempt: QuarantineTable.Attempt)]
    private let fields: [(name: String, value: String)]
    private let time: String

    /// A report in local time.
    /// - Parameter fields: of the dossier, without personal data.
    package init(
        entry: QuarantineTable.Entry, attempts: [QuarantineTable.Attempt], fields: [(name: String, value: String)],
        zone: LocalZone
    ) {
        var zone = zone
        self.entry = entry
        self.fields = fields
        time = zone.text(of: entry.recordedAt)
        self.attempts = attempts.map { (zone.text(of: $0.at), $0) }
    }

    /// The report for people.
    package func lines(in language: Language) -> [String] {
        let isVietnamese = language == .vietnamese
        var lines = [
            "\(isVietnamese ? "Bản ghi" : "Entry") \(entry.id)  \(entry.state(in: language))",
            "\(isVietnamese ? "Nhận lúc" : "Received") \(time) · \(entry.sender) #\(entry.key.sequence) · "
                + entry.kind.word + (entry.root.map { " → #\($0)" } ?? ""),
        ]
        if let closure = entry.closure, let who = closure.byWhom {
            lines.append("\(isVietnamese ? "Bỏ qua bởi" : "Dismissed by") \(who): \(closure.because ?? "")")
        }
        lines += StoredReasons(json: entry.reasons).sentences(in: language).map { "  ✗ \($0)" }
        let width = fields.map(\.name.count).max() ?? 0
        lines += fields.map { "  \($0.name.padding(toLength: width, withPad: " ", startingAt: 0))  \($0.value)" }
        lines += attempts.map { time, attempt in
            let outcome = attempt.outcome.map { $0.word(in: language) } ?? ""
            let reasons = StoredReasons(json: attempt.reasons).sentences(in: language).joined(separator: " ")
            return "\(time)  \(isVietnamese ? "chạy lại bởi" : "replayed by") \(attempt.byWhom): \(outcome)  \(reasons)"
        }
        return lines
    }

    /// The report as one JSON object.
    package var json: String {
        var object = entry.object(at: time)
        var dossier = JSONLine()
        for field in fields { dossier.add(field.name, text: field.value) }
        object.add("dossier", raw: dossier.text)
        let replays = attempts.map { time, attempt in
            var line = JSONLine()
            line.add("at", text: time)
            line.add("by", text: attempt.byWhom)
            line.add("outcome", text: attempt.outcome.map { $0.word(in: .english) })
            line.add("reasons", raw: attempt.reasons)
            return line.text
        }
        object.add("replays", raw: "[" + replays.joined(separator: ",") + "]")
        return object.text
    }
}

extension QuarantineTable.Entry {
    fileprivate func object(at time: String) -> JSONLine {
        var object = JSONLine()
        object.add("id", raw: String(id))
        object.add("recorded_at", text: time)
        object.add("sender", text: sender)
        object.add("epoch", text: String(key.epoch))
        object.add("sequence", raw: String(key.sequence))
        object.add("dossier_code", text: shownCode)
        object.add("kind", text: kind.word)
        if let root { object.add("corrects", raw: String(root)) }
        object.add("outcome", text: outcome.word(in: .english))
        object.add("state", text: closure?.cause ?? "open")
        if let sequence = closure?.sequence { object.add("closed_by_sequence", raw: String(sequence)) }
        if let who = closure?.byWhom {
            object.add(closure?.cause == "erased" ? "erased_by" : "dismissed_by", text: who)
        }
        if let why = closure?.because { object.add("because", text: why) }
        object.add("reasons", raw: reasons)
        return object
    }

    fileprivate func state(in language: Language) -> String {
        let number = closure?.sequence.flatMap { $0 == key.sequence ? nil : " #\($0)" } ?? ""
        switch (closure?.cause, language) {
        case (nil, .vietnamese): return "đang giữ"
        case (nil, .english): return "open"
        case ("corrected", .vietnamese): return "đã sửa" + number
        case ("corrected", .english): return "corrected" + number
        case ("replayed", .vietnamese): return "đã lưu lại" + number
        case ("replayed", .english): return "replayed" + number
        case ("erased", .vietnamese): return "đã xóa"
        case ("erased", .english): return "erased"
        case (_, .vietnamese): return "đã bỏ qua"
        case (_, .english): return "dismissed"
        }
    }

    /// The code, if it looks like one: whatever was typed there may be anything, also a name.
    fileprivate var shownCode: String? {
        guard let dossier else { return nil }
        if DossierCode.fault(in: dossier, grammar: .vn) == nil { return dossier }
        return Fault.shown(dossier) ?? "•••"
    }
}

extension EntryKind {
    /// The word of a kind.
    fileprivate var word: String {
        switch self {
        case .unknown: "unknown"
        case .intake: "intake"
        case .correction: "correction"
        case .manifest: "manifest"
        }
    }
}

extension StoredOutcome {
    /// The word of an outcome.
    fileprivate func word(in language: Language) -> String {
        switch (self, language) {
        case (.stored, .english): "stored"
        case (.duplicate, .english): "duplicate"
        case (.rejected, .english): "rejected"
        case (.conflict, .english): "conflict"
        case (.stored, .vietnamese): "đã lưu"
        case (.duplicate, .vietnamese): "trùng"
        case (.rejected, .vietnamese): "bị giữ lại"
        case (.conflict, .vietnamese): "mâu thuẫn"
        }
    }
}

extension LocalZone {
    /// A moment as RFC 3339 with the local offset.
    package mutating func text(of microseconds: Int64) -> String {
        let instant = Instant(microseconds: microseconds)
        return instant.rfc3339(offsetSeconds: offsetSeconds(at: instant))
    }
}

/// Reasons as the quarantine keeps them.
struct StoredReasons {
    /// A reason.
    struct Reason: Decodable {
        let code: String
        let field: String
        private let vietnamese: String?
        private let english: String?

        private enum CodingKeys: CodingKey { case code, field, vietnamese, english }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            code = try values.decode(String.self, forKey: .code)
            field = try values.decodeIfPresent(String.self, forKey: .field) ?? ""
            vietnamese = try values.decodeIfPresent(String.self, forKey: .vietnamese)
            english = try values.decodeIfPresent(String.self, forKey: .english)
        }

        func sentence(in language: Language) -> String {
            let kept = language == .vietnamese ? vietnamese : english
            let known = FaultCode(rawValue: code).map { Fault($0, path: field).sentence(in: language) }
            return kept ?? known ?? code
        }
    }

    let reasons: [Reason]

    init(json: String) { reasons = (try? JSONDecoder().decode([Reason].self, from: Data(json.utf8))) ?? [] }

    /// Codes and fields as a JSON array; what is no code of ours may be anything.
    var codes: String {
        let items = reasons.map { reason -> String in
            var object = JSONLine()
            object.add("code", text: FaultCode(rawValue: reason.code) == nil ? "other" : reason.code)
            object.add("field", text: reason.field)
            return object.text
        }
        return "[" + items.joined(separator: ",") + "]"
    }

    func sentences(in language: Language) -> [String] { reasons.map { $0.sentence(in: language) } }
}
