import Dossiers
import Foundation

/// What a reader asks for; the whole of it stands in the address of the page.
struct PageQuestion: Sendable, Equatable {
    /// Of which days.
    enum Period: String, Sendable, CaseIterable {
        case latest, month, lastMonth = "last_month", quarter, year, lastYear = "last_year", all, days
    }

    /// What the address says is not understood.
    enum Refusal: Error, Equatable {
        /// The parameter of this name.
        case parameter(String)
        /// The last day lies before the first one.
        case reversedDays
    }

    /// After which dossier of a list the next page begins.
    struct Cursor: Sendable, Equatable {
        let day: Day
        let code: String
    }

    /// The language, where the address names one.
    var language: Language?
    var metric = Metric.shareOfAll
    /// Whose share the dossiers are listed for.
    var channel = Channel.online
    var period = Period.latest
    var from: Day?
    /// The last day.
    var through: Day?
    /// Code of a unit; empty: the dossiers that name none.
    var unit: String?
    /// What a procedure is counted under; empty: the dossiers that name none.
    var procedure: String?
    var sort: RateSort?
    /// Whether long tables are shown whole.
    var showsAll = false
    var after: Cursor?

    /// What is asked for by nothing but the path.
    init() {}

    /// What the query of an address says; what is left empty is not asked for.
    init(query: String?) throws(Refusal) {
        for item in (query ?? "").split(separator: "&") {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(parts[0]), let value = Self.decoded(parts.count > 1 ? parts[1] : "") else {
                throw Refusal.parameter("…")
            }
            if !value.isEmpty { try take(name, value) }
        }
        if period == .days, let from, let through, through < from { throw Refusal.reversedDays }
    }

    private mutating func take(_ name: String, _ value: String) throws(Refusal) {
        switch name {
        case "lang": language = try Self.known(Language(rawValue: value), name)
        case "metric": metric = try Self.known(Metric(rawValue: value), name)
        case "channel": channel = try Self.known(Channel(code: value), name)
        case "period": period = try Self.known(Period(rawValue: value), name)
        case "from": from = try Self.known(Day(iso8601: value), name)
        case "through": through = try Self.known(Day(iso8601: value), name)
        case "unit": unit = Self.code(value)
        case "procedure": procedure = Self.code(value)
        case "sort": sort = try Self.known(RateSort(rawValue: value), name)
        case "all": showsAll = true
        case "after":
            let parts = value.split(separator: ",", maxSplits: 1).map(String.init)
            guard parts.count == 2, let day = Day(iso8601: parts[0]) else { throw Refusal.parameter(name) }
            after = Cursor(day: day, code: parts[1])
        // What other programs add to addresses is none of ours.
        default: break
        }
    }

    private static func known<Value>(_ value: Value?, _ name: String) throws(Refusal) -> Value {
        guard let value else { throw Refusal.parameter(name) }
        return value
    }

    /// A code in an address; `-` stands for none.
    static func code(_ text: String) -> String { text == "-" ? "" : text }

    /// How a code is written in an address.
    static func written(_ code: String) -> String { code.isEmpty ? "-" : code }

    static func decoded(_ text: Substring) -> String? {
        text.replacing("+", with: " ").removingPercentEncoding
    }

    static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
    }

    /// RFC 3986, 2.3.
    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

    /// The address of a path with this question; what is as ever is left out.
    func link(_ path: String) -> String {
        var items: [(String, String)] = []
        if let language { items.append(("lang", language.rawValue)) }
        if metric != .shareOfAll { items.append(("metric", metric.rawValue)) }
        if channel != .online { items.append(("channel", channel.code)) }
        if period != .latest { items.append(("period", period.rawValue)) }
        if period == .days {
            if let from { items.append(("from", from.description)) }
            if let through { items.append(("through", through.description)) }
        }
        if let unit { items.append(("unit", Self.written(unit))) }
        if let procedure { items.append(("procedure", Self.written(procedure))) }
        if let sort { items.append(("sort", sort.rawValue)) }
        if showsAll { items.append(("all", "1")) }
        if let after { items.append(("after", "\(after.day),\(after.code)")) }
        guard !items.isEmpty else { return path }
        return path + "?" + items.map { "\($0)=\(Self.encoded($1))" }.joined(separator: "&")
    }

    /// The same with something else.
    func with(_ change: (inout PageQuestion) -> Void) -> PageQuestion {
        var question = self
        change(&question)
        return question
    }
}
