import Adoption
import Dossiers
import Foundation

/// Reads the parameters of a question, and notes everything that is wrong with them.
///
/// What has not the form that the specification asks for is malformed; what has it and still means nothing, such as a day that no
/// calendar has, cannot be answered.
struct QueryReader {
    private var values: [String: [String]] = [:]
    private var known: Set<String> = []
    private var order: [String] = []
    private(set) var malformed: [Problem.Fault] = []
    private(set) var unanswerable: [Problem.Fault] = []

    /// Reads what stands behind the question mark.
    init(_ query: String?) {
        for pair in (query ?? "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(parts[0]), let value = Self.decoded(parts.count == 2 ? parts[1] : "") else {
                complain(
                    Self.decoded(parts[0]) ?? "", "không phải UTF-8 được mã hóa phần trăm",
                    "is not percent-encoded UTF-8")
                continue
            }
            if values[name] == nil { order.append(name) }
            values[name, default: []].append(value)
        }
    }

    /// A part of a form as it was meant; `nil` for what is no UTF-8.
    static func decoded(_ text: Substring) -> String? {
        text.replacing("+", with: " ").removingPercentEncoding
    }

    mutating func complain(_ name: String, _ vietnamese: String, _ english: String) {
        malformed.append(Problem.Fault(name: String(name.prefix(64)), reason: Sentence(vietnamese, english)))
    }

    mutating func regret(_ name: String, _ vietnamese: String, _ english: String) {
        unanswerable.append(Problem.Fault(name: name, reason: Sentence(vietnamese, english)))
    }

    /// A parameter that may stand once.
    mutating func one(_ name: String) -> String? {
        known.insert(name)
        guard let given = values[name] else { return nil }
        if given.count > 1 { complain(name, "bị ghi nhiều lần", "stands more than once") }
        return given.first
    }

    /// One of some words.
    mutating func word<Value>(_ name: String, _ read: (String) -> Value?, _ words: [String]) -> Value? {
        guard let text = one(name) else { return nil }
        if let value = read(text) { return value }
        let list = words.joined(separator: ", ")
        complain(name, "phải là một trong: \(list)", "must be one of \(list)")
        return nil
    }

    /// Words with commas between them, each once.
    mutating func words<Value: Hashable>(
        _ name: String, _ read: (String) -> Value?, _ words: [String]
    ) -> [Value]? {
        guard let text = one(name) else { return nil }
        let values = text.split(separator: ",", omittingEmptySubsequences: false).map { read(String($0)) }
        if text.isEmpty { return [] }
        let found = values.compactMap(\.self)
        guard found.count == values.count, Set(found).count == found.count else {
            let list = words.joined(separator: ", ")
            complain(
                name, "phải gồm các chiều khác nhau trong: \(list)", "must be different ones of \(list), with commas")
            return nil
        }
        return found
    }

    mutating func flag(_ name: String) -> Bool? {
        word(name, { ["true": true, "false": false][$0] }, ["true", "false"])
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>, standard: Int) -> Int {
        guard let text = one(name) else { return standard }
        let isNumber = text.utf8.allSatisfy { (48...57).contains($0) }
        if isNumber, let value = Int(text), range.contains(value) { return value }
        complain(
            name, "phải là số nguyên từ \(range.lowerBound) đến \(range.upperBound)",
            "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        return standard
    }

    /// A day.
    mutating func day(_ name: String) -> Day? {
        guard let text = one(name) else { return nil }
        guard text.wholeMatch(of: #/[0-9]{4}-[0-9]{2}-[0-9]{2}/#) != nil else {
            complain(name, "phải là ngày YYYY-MM-DD", "must be a day, YYYY-MM-DD")
            return nil
        }
        let day = Day(iso8601: text)
        if day == nil { regret(name, "không có ngày này", "there is no such day") }
        return day
    }

    /// A moment of a zone, in microseconds since 1970.
    mutating func moment(_ name: String, in zone: LocalZone) -> Int64? {
        guard var text = one(name) else { return nil }
        // Somebody has written + as it is, which means a space here.
        if text.count > 6, text.dropLast(5).hasSuffix(" "), text.contains("T") {
            text = text.dropLast(6) + "+" + text.suffix(5)
        }
        let form =
            #/[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?([Zz]|[+\-][0-9]{2}:[0-9]{2})?)?/#
        guard text.wholeMatch(of: form) != nil else {
            complain(
                name, "phải là RFC 3339, YYYY-MM-DDTHH:MM hoặc YYYY-MM-DD",
                "must be RFC 3339, YYYY-MM-DDTHH:MM or YYYY-MM-DD")
            return nil
        }
        var zone = zone
        let moment = zone.moment(of: text)
        if moment == nil { regret(name, "không có thời điểm này", "there is no such time") }
        return moment?.microseconds
    }

    /// Codes, each a parameter of its own.
    mutating func codes(_ name: String) -> [String] {
        known.insert(name)
        let given = values[name] ?? []
        if given.count > 100 { complain(name, "tối đa 100 mã", "at most 100 codes") }
        for code in given where !Self.isCode(code) {
            complain(name, "phải là mã 1 đến 64 ký tự", "must be a code of 1 to 64 characters")
        }
        return given
    }

    mutating func code(_ name: String) -> String? {
        guard let text = one(name) else { return nil }
        if Self.isCode(text) { return text }
        complain(name, "phải là mã 1 đến 64 ký tự", "must be a code of 1 to 64 characters")
        return nil
    }

    static func isCode(_ text: String) -> Bool {
        (1...64).contains(text.unicodeScalars.count)
            && text.unicodeScalars.allSatisfy { $0.value >= 32 && !(127...159).contains($0.value) }
    }

    /// Ends the reading: what is left is unknown.
    func check() throws {
        let unknown = order.filter { !known.contains($0) }.map { name in
            Problem.Fault(
                name: String(name.prefix(64)), reason: Sentence("không có tham số này", "there is no such parameter"))
        }
        let malformed = malformed + unknown
        if !malformed.isEmpty {
            throw Problem(
                .malformed, "Hãy sửa các tham số được nêu.", "Correct the parameters that are named.",
                faults: malformed)
        }
        guard !unanswerable.isEmpty else { return }
        throw Problem(
            .unanswerable, "Tham số đúng dạng nhưng không trả lời được.",
            "The parameters have the right form, but there is no answer to them.", faults: unanswerable)
    }

    /// The parameters in an order that does not depend on how they were written.
    var canonical: String {
        values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.joined(separator: "\u{1F}"))" }
            .joined(separator: "\u{1E}")
    }
}
