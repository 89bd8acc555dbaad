/// A moment in time, to the microsecond.
public struct Instant: Sendable, Hashable, Comparable {
    /// Microseconds since 1970-01-01T00:00:00Z.
    public let microseconds: Int64

    /// A moment by its microseconds since 1970-01-01T00:00:00Z.
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// A moment written as RFC 3339 says, in the years 1900 to 2199; the offset is mandatory, and a blank may stand in
    /// for `T`.
    ///
    /// A leap second counts as the second after it; digits below the microsecond are cut off.
    public init?(rfc3339 text: String) { self.init(rfc3339: text.utf8.span) }

    /// The same of a text's bytes.
    public init?(rfc3339 text: Span<UInt8>) {
        guard let parsed = Self.parse(text) else { return nil }
        microseconds = parsed
    }

    /// Earlier moments come first.
    public static func < (left: Instant, right: Instant) -> Bool { left.microseconds < right.microseconds }

    /// The moment that is so many seconds later.
    public func advanced(bySeconds seconds: Int64) -> Instant {
        Instant(microseconds: microseconds + seconds * 1_000_000)
    }

    /// The moment as RFC 3339 says, at an offset from UTC, with as many digits of the second as are needed.
    public func rfc3339(offsetSeconds: Int = 0) -> String {
        let local = microseconds + Int64(offsetSeconds) * 1_000_000
        let days = local >= 0 ? local / 86_400_000_000 : (local - 86_399_999_999) / 86_400_000_000
        let rest = Int(local - days * 86_400_000_000)
        let seconds = rest / 1_000_000
        let time = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { Digits.padded($0, 2) }.joined(separator: ":")
        let fraction = rest % 1_000_000 == 0 ? "" : ".\(Digits.padded(rest % 1_000_000, 6))"
        return "\(Day(number: Int32(days)))T\(time)\(fraction)\(Self.offset(offsetSeconds))"
    }

    private static func offset(_ seconds: Int) -> String {
        guard seconds != 0 else { return "Z" }
        let minutes = abs(seconds) / 60
        return "\(seconds < 0 ? "-" : "+")\(Digits.padded(minutes / 60, 2)):\(Digits.padded(minutes % 60, 2))"
    }

    private static func parse(_ text: Span<UInt8>) -> Int64? {
        guard text.count >= 20, text.count <= 35 else { return nil }
        guard let year = number(text, 0, 4), text[4] == 45, let month = number(text, 5, 2), text[7] == 45,
            let day = number(text, 8, 2), text[10] == 84 || text[10] == 116 || text[10] == 32,
            let hour = number(text, 11, 2), text[13] == 58, let minute = number(text, 14, 2), text[16] == 58,
            let second = number(text, 17, 2), year >= 1900, year < 2200, hour < 24, minute < 60, second <= 60,
            let date = Day(year: year, month: month, day: day)
        else { return nil }
        var index = 19
        guard let fraction = fraction(text, &index), let offset = offset(text, index) else { return nil }
        let seconds = Int64(date.number) * 86_400 + Int64(hour * 3600 + minute * 60 + second - offset)
        return seconds * 1_000_000 + fraction
    }

    private static func number(_ text: Span<UInt8>, _ start: Int, _ length: Int) -> Int? {
        var value = 0
        for index in start..<(start + length) {
            guard Digits.isDigit(text[index]) else { return nil }
            value = value * 10 + Int(text[index] - 48)
        }
        return value
    }

    /// Microseconds of a fraction of one to nine digits; `index` moves behind it.
    private static func fraction(_ text: Span<UInt8>, _ index: inout Int) -> Int64? {
        guard text[index] == 46 else { return 0 }
        index += 1
        let start = index
        var value: Int64 = 0
        while index < text.count, Digits.isDigit(text[index]) {
            if index - start < 6 { value = value * 10 + Int64(text[index] - 48) }
            index += 1
        }
        let digits = index - start
        guard digits >= 1, digits <= 9, index < text.count else { return nil }
        for _ in 0..<max(0, 6 - digits) { value *= 10 }
        return value
    }

    /// Seconds east of UTC.
    private static func offset(_ text: Span<UInt8>, _ index: Int) -> Int? {
        if text[index] == 90 || text[index] == 122 { return index + 1 == text.count ? 0 : nil }
        guard text[index] == 43 || text[index] == 45, text.count == index + 6, text[index + 3] == 58,
            let hours = number(text, index + 1, 2), let minutes = number(text, index + 4, 2), hours < 24, minutes < 60
        else { return nil }
        let seconds = hours * 3600 + minutes * 60
        return text[index] == 45 ? -seconds : seconds
    }
}
