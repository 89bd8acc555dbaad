import Adoption
import Dossiers
import HTTPTypes
import Hummingbird
import NIOCore

/// How an answer is written.
enum Format: String, Sendable, CaseIterable {
    case json, csv, xlsx

    /// Its media type.
    var type: String {
        switch self {
        case .json: "application/json"
        case .csv: "text/csv"
        case .xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        }
    }

    /// The one that an `Accept` field prefers among some, in whose order the first is what is given to whoever takes anything.
    static func preferred(by accept: String?, among formats: [Format]) -> Format? {
        guard let accept, !accept.isEmpty else { return formats.first }
        let ranges = accept.split(separator: ",").map { MediaRange($0) }
        var best: (format: Format, quality: Double)?
        for format in formats {
            let matching = ranges.filter { $0.precision(for: format.type) != nil }
            // The most precise range that matches says how much it is wanted.
            let range = matching.max {
                ($0.precision(for: format.type) ?? 0) < ($1.precision(for: format.type) ?? 0)
            }
            guard let quality = range?.quality, quality > 0, quality > best?.quality ?? 0 else { continue }
            best = (format, quality)
        }
        return best?.format
    }

    /// A range of media types and how much it is wanted.
    private struct MediaRange {
        let type: String
        var quality = 1.0

        init(_ text: Substring) {
            let parts = text.split(separator: ";").map { $0.trimmingPrefix(while: \.isWhitespace) }
            type = String(parts.first ?? "").lowercased().filter { !$0.isWhitespace }
            for part in parts.dropFirst() where part.lowercased().hasPrefix("q=") {
                quality = Double(part.dropFirst(2).filter { !$0.isWhitespace }) ?? 0
            }
        }

        /// How precisely it names a type; `nil`: it does not.
        func precision(for other: String) -> Int? {
            if type == other { return 2 }
            if type.hasSuffix("/*"), other.hasPrefix(type.dropLast()) { return 1 }
            return type == "*/*" ? 0 : nil
        }
    }
}

/// What is answered.
struct Answer: Sendable {
    /// The bytes, as they were asked for.
    var body: ByteBuffer
    /// What stays the same for as long as the answer does.
    var tag: String?
    /// Where the next page begins.
    var next: String?
    /// Whether whoever asks has it already.
    var isUnchanged = false
}

extension Language {
    /// The language that an `Accept-Language` field prefers (RFC 9110, 12.5.4).
    init(accepted: String?, standard: Language) {
        var best: (language: Language, quality: Double)?
        for part in (accepted ?? "").split(separator: ",") {
            let words = part.split(separator: ";").map { $0.filter { !$0.isWhitespace }.lowercased() }
            guard let tag = words.first, let language = Language(rawValue: String(tag.prefix { $0 != "-" })) else {
                continue
            }
            let quality = words.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            if quality > best?.quality ?? 0 { best = (language, quality) }
        }
        self = best?.language ?? standard
    }
}

/// A question as it was put, apart from its parameters.
struct Asked: Sendable {
    let format: Format
    /// Whether a spreadsheet opens it: bytes before a CSV say that it is UTF-8, and it is saved as a file.
    let isDownload: Bool
    let language: Language
    let caller: Caller
    /// What the path names.
    let value: String
    let ifNoneMatch: String?
    /// The path and the parameters.
    let question: String
    let context: OperationsContext

    /// An answer in the format that was asked for.
    func answer(
        json: @autoclosure () throws -> String, csv: @autoclosure () -> [String],
        sheet: @autoclosure () -> Sheet? = nil,
        tag: String? = nil, next: String? = nil
    ) throws -> Answer {
        switch format {
        case .json: return Answer(body: ByteBuffer(string: try json() + "\n"), tag: tag, next: next)
        case .csv:
            let text = csv().map { $0 + "\r\n" }.joined()
            return Answer(body: ByteBuffer(string: (isDownload ? "\u{FEFF}" : "") + text), tag: tag, next: next)
        case .xlsx:
            guard let sheet = sheet() else {
                throw Problem(.notAcceptable, "Chỉ có JSON và CSV.", "There is only JSON and CSV.")
            }
            return Answer(body: ByteBuffer(bytes: Workbook(sheet).bytes), tag: tag, next: next)
        }
    }
}
