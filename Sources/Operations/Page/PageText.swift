import Adoption
import Dossiers
import Store

/// How the page speaks: words, numbers and dates as its reader writes them.
struct PageText: Sendable {
    let language: Language

    func say(_ vietnamese: String, _ english: String) -> String {
        language == .vietnamese ? vietnamese : english
    }

    /// A whole number with its thousands grouped.
    func number(_ value: Int64) -> String { Figures.grouped(value, language) }

    /// `71,4 %` in Vietnamese, `71.4%` in English; a dash where there is no data.
    func percent(_ rate: Rate) -> String {
        guard rate.denominator > 0 else { return "–" }
        return Figures.percent(rate, language) + percentSign
    }

    /// A whole percentage.
    func percent(_ whole: Int) -> String { "\(whole)\(percentSign)" }

    /// The sign does not leave its number.
    private var percentSign: String { language == .vietnamese ? "\u{A0}%" : "%" }

    /// By how many points a rate has changed, of the values that are shown; `nil` where one of them has no data.
    func points(_ rate: Rate, since before: Rate) -> String? {
        guard let now = Self.tenths(rate), let then = Self.tenths(before) else { return nil }
        let change = now - then
        let sign = change > 0 ? "+" : change < 0 ? "−" : "±"
        let mark = language == .vietnamese ? "," : "."
        let size = abs(change)
        return "\(sign)\(size / 10)\(mark)\(size % 10)\u{A0}" + say("điểm %", "points")
    }

    private static func tenths(_ rate: Rate) -> Int? {
        // Without a mark between them the digits are those of tenths.
        rate.percent(decimals: 1, mark: "").flatMap { Int($0) }
    }

    /// `05/01/2022` in Vietnamese, `5 Jan 2022` in English.
    func day(_ day: Day) -> String {
        let (year, month, number) = day.components
        guard language == .english else { return "\(Self.padded(number))/\(Self.padded(month))/\(year)" }
        return "\(number) \(Self.months[month - 1]) \(year)"
    }

    /// A stretch of days, both of them in it.
    func days(_ first: Day?, _ last: Day?) -> String {
        switch (first, last) {
        case (let first?, let last?): "\(day(first)) – \(day(last))"
        case (let first?, nil): say("từ \(day(first))", "from \(day(first))")
        case (nil, let last?): say("đến hết \(day(last))", "through \(day(last))")
        case (nil, nil): say("mọi ngày", "all days")
        }
    }

    /// A value of a dimension of time.
    func bucket(_ key: String, of dimension: Dimension) -> String {
        let parts = key.split(separator: "-").map(String.init)
        switch dimension {
        case .day: return Day(iso8601: key).map { day($0) } ?? key
        case .month:
            guard parts.count == 2, let month = Int(parts[1]), (1...12).contains(month) else { return key }
            return say("\(parts[1])/\(parts[0])", "\(Self.months[month - 1]) \(parts[0])")
        case .week, .quarter:
            guard parts.count == 2, let number = Int(parts[1].dropFirst()) else { return key }
            return dimension == .week
                ? say("tuần \(number)/\(parts[0])", "week \(number), \(parts[0])")
                : say("quý \(number)/\(parts[0])", "Q\(number) \(parts[0])")
        default: return key
        }
    }

    /// A time in the unit that suits it.
    func duration(_ seconds: Double) -> String {
        let (value, words): (Double, (String, String)) =
            switch seconds {
            case ..<100: (seconds, ("giây", "s"))
            case ..<6_000: (seconds / 60, ("phút", "min"))
            case ..<172_800: (seconds / 3_600, ("giờ", "h"))
            default: (seconds / 86_400, ("ngày", "days"))
            }
        // What a clock says that was set wrong is still a number.
        let whole = value.isFinite ? Int64(min(max(value, 0), 1e12).rounded()) : 0
        return "\(number(whole))\u{A0}\(say(words.0, words.1))"
    }

    /// A moment to the minute, in local time.
    func moment(_ microseconds: Int64, in zone: LocalZone) -> String {
        var zone = zone
        let instant = Instant(microseconds: microseconds)
        let local = microseconds + Int64(zone.offsetSeconds(at: instant)) * 1_000_000
        let day = zone.day(of: instant)
        let minutes = Int((local - Int64(day.number) * 86_400_000_000) / 60_000_000)
        let time = "\(Self.padded(minutes / 60)):\(Self.padded(minutes % 60))"
        return say("\(time) ngày \(self.day(day))", "\(time), \(self.day(day))")
    }

    private static func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}

extension Language {
    /// The language that a reader's browser asks for first, of those that there are; `nil` where it asks for neither.
    /// - Parameter accepted: the header `Accept-Language` (RFC 9110, 12.5.4).
    init?(accepted: String?) {
        var best: (language: Language, weight: Double)?
        for item in (accepted ?? "").split(separator: ",") {
            let parts = item.split(separator: ";").map { $0.filter { !$0.isWhitespace }.lowercased() }
            guard let tag = parts.first, let language = Language(rawValue: String(tag.prefix { $0 != "-" })) else {
                continue
            }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            guard weight > 0, weight > best?.weight ?? 0 else { continue }
            best = (language, weight)
        }
        guard let best else { return nil }
        self = best.language
    }
}
