import Dossiers

/// Rewrites the timestamps of a source in RFC 3339.
struct TimestampReader: Sendable {
    /// 31 December 2199, the last day that the centre accepts, in seconds since 1970.
    private static let latestSecond = 7_258_118_399

    private let format: TimestampFormat
    private var zone: LocalZone?

    init(format: TimestampFormat, zone: LocalZone?) {
        self.format = format
        self.zone = zone
    }

    /// The same moment in RFC 3339 with its local offset, or `text` word for word where it cannot be read: a date
    /// that nobody understands has to reach the centre as it stood, to be quarantined there with its reason.
    mutating func rfc3339(_ text: String) -> String {
        guard !text.isEmpty else { return text }
        switch format {
        case .epochSeconds: return epoch(text, decimals: 0) ?? text
        case .epochMilliseconds: return epoch(text, decimals: 3) ?? text
        case .iso8601, .compact, .dayFirst:
            return WrittenTime(text, format: format).flatMap { rfc3339($0) } ?? text
        }
    }

    private mutating func rfc3339(_ time: WrittenTime) -> String? {
        if let offset = time.offsetSeconds { return time.rfc3339(offsetSeconds: offset) }
        guard
            let instant = zone?.instant(
                localYear: time.year, month: time.month, day: time.day, hour: time.hour, minute: time.minute,
                second: time.second, microsecond: time.nanosecond / 1000)
        else { return nil }
        return local(instant)
    }

    /// A count since 1970 whose last `decimals` digits are a fraction of a second.
    private mutating func epoch(_ text: String, decimals: Int) -> String? {
        var cursor = DigitCursor(text)
        guard let count = cursor.number(1...15) else { return nil }
        var microseconds = 0
        if decimals == 0, cursor.pass(".") != nil {
            guard let billionths = cursor.billionths() else { return nil }
            microseconds = billionths / 1000
        }
        let unit = decimals == 0 ? 1_000_000 : 1000
        guard cursor.isAtEnd, count / (1_000_000 / unit) <= Self.latestSecond else { return nil }
        return local(Instant(microseconds: Int64(count * unit + microseconds)))
    }

    private mutating func local(_ instant: Instant) -> String {
        instant.rfc3339(offsetSeconds: zone?.offsetSeconds(at: instant) ?? 0)
    }
}

extension WrittenTime {
    /// The reading as it stands, which keeps what the source said, with the offset that the source gave.
    func rfc3339(offsetSeconds: Int) -> String {
        var text = "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))"
        text += "T\(Self.padded(hour, 2)):\(Self.padded(minute, 2)):\(Self.padded(second, 2))"
        text += fraction
        let minutes = abs(offsetSeconds) / 60
        if minutes == 0 { return text + "Z" }
        return text + "\(offsetSeconds < 0 ? "-" : "+")\(Self.padded(minutes / 60, 2)):\(Self.padded(minutes % 60, 2))"
    }

    private var fraction: String {
        guard nanosecond > 0 else { return "" }
        var digits = Self.padded(nanosecond, 9)
        while digits.last == "0" { digits.removeLast() }
        return "." + digits
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
