import Dossiers
import Postgres
import Store

/// A question that can be put.
struct Endpoint: Sendable {
    /// Asks the database, once the parameters have been read.
    typealias Work = @Sendable (Connection) async throws -> Answer

    /// The parts of its path below `/v1`; an empty one stands for a value.
    let path: [String]
    /// The least role that may ask.
    var role = AccessTokens.Role.read
    /// Whether the answer can be limited to some units.
    var isLimitable = false
    /// How it can be written, the usual one first.
    var formats: [Format] = [.json, .csv]
    /// Reads the parameters, and says what to do.
    let read: @Sendable (inout QueryReader, Asked) throws -> Work

    /// The value in a path that leads here; `nil` when it does not.
    func value(in parts: [String]) -> String? {
        guard parts.count == path.count else { return nil }
        var value = ""
        for (part, expected) in zip(parts, path) {
            if expected.isEmpty, !part.isEmpty { value = part } else if part != expected { return nil }
        }
        return value
    }

    /// All of them.
    static let all: [Endpoint] = [
        .adoption, .explain, .diff, .senders, .reconciliation, .quarantine, .quarantineEntries, .trace, .surveys,
    ]
}

extension QueryReader {
    /// The metric that is asked for.
    mutating func metric() -> Metric {
        word("metric", Metric.init(rawValue:), Metric.allCases.map(\.rawValue)) ?? .shareOfAll
    }

    /// The days and units that are asked for, within what the caller may see.
    mutating func scope(_ first: String, _ end: String, _ caller: Caller) throws -> AdoptionScope {
        let (from, to) = (day(first), day(end))
        if let from, let to, to <= from {
            regret(end, "phải là ngày sau \(first)", "must be a day after \(first)")
        }
        let units = codes("unit")
        for unit in units where !caller.mayAsk(of: unit) {
            throw Problem(
                .forbidden, "Mã truy cập này không được xem đơn vị \(unit).", "This token may not see unit \(unit).")
        }
        return AdoptionScope(from: from, to: to, units: units.isEmpty ? caller.allUnits : units)
    }

    /// A cursor of a question.
    mutating func cursor(_ name: String, of question: String) -> Cursor? {
        guard let text = one(name) else { return nil }
        guard text.wholeMatch(of: #/[A-Za-z0-9_\-]{1,400}/#) != nil else {
            complain(name, "không phải con trỏ trang", "is no cursor")
            return nil
        }
        let cursor = Cursor(text, of: question)
        if cursor == nil { regret(name, "thuộc câu hỏi khác", "belongs to another question") }
        return cursor
    }
}
