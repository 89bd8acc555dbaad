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
        let offset = zone?.offsetSeconds(at: instant) ?? 0
        // A reading that the change to summer time skipped is moved by the zone; all others stay as they stand.
        guard time.isReading(of: instant, offsetSeconds: offset) else {
            return instant.rfc3339(offsetSeconds: offset)
        }
        return time.rfc3339(offsetSeconds: offset)
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
    /// Whether a clock so far from UTC shows this reading at `instant`.
    func isReading(of instant: Instant, offsetSeconds: Int) -> Bool {
        let shown = (instant.microseconds - Int64(nanosecond / 1000)) / 1_000_000 + Int64(offsetSeconds)
        let hours = (shown % 86_400 + 86_400) % 86_400 / 3600
        return Int64(hour) == hours && Int64(minute) == (shown % 3600 + 3600) % 3600 / 60
    }

    /// The reading as it stands, which keeps what the source said, with the offset that the source gave.
    func rfc3339(offsetSeconds: Int) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(36)
        text.append(year, digits: 4)
        text.append(month, digits: 2, after: "-")
        text.append(day, digits: 2, after: "-")
        text.append(hour, digits: 2, after: "T")
        text.append(minute, digits: 2, after: ":")
        text.append(second, digits: 2, after: ":")
        appendFraction(to: &text)
        appendOffset(offsetSeconds, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    private func appendFraction(to text: inout [UInt8]) {
        guard nanosecond > 0 else { return }
        text.append(nanosecond, digits: 9, after: ".")
        while text.last == UInt8(ascii: "0") { text.removeLast() }
    }

    private func appendOffset(_ seconds: Int, to text: inout [UInt8]) {
        let minutes = abs(seconds) / 60
        guard minutes > 0 else { return text.append(UInt8(ascii: "Z")) }
        text.append(minutes / 60, digits: 2, after: seconds < 0 ? "-" : "+")
        text.append(minutes % 60, digits: 2, after: ":")
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ number: Int, digits: Int, after sign: Unicode.Scalar) {
        append(UInt8(ascii: sign))
        append(number, digits: digits)
    }

    fileprivate mutating func append(_ number: Int, digits: Int) {
        var unit = 1
        for _ in 1..<digits { unit *= 10 }
        while unit > 0 {
            append(UInt8(ascii: "0") + UInt8(number / unit % 10))
            unit /= 10
        }
    }
}
