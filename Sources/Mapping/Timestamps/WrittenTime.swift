/// A timestamp as a source wrote it: the parts of a clock's reading, and perhaps how far that clock was from UTC.
struct WrittenTime {
    private(set) var year = 0
    private(set) var month = 1
    private(set) var day = 1
    private(set) var hour = 0
    private(set) var minute = 0
    private(set) var second = 0
    private(set) var nanosecond = 0
    /// Seconds east of UTC; nil where the source did not say.
    private(set) var offsetSeconds: Int?

    init?(_ text: String, format: TimestampFormat) {
        var cursor = DigitCursor(text)
        let isRead =
            switch format {
            case .iso8601: readISO8601(&cursor)
            case .compact: readCompact(&cursor)
            case .dayFirst: readDayFirst(&cursor)
            case .epochSeconds, .epochMilliseconds: false
            }
        guard isRead, cursor.isAtEnd, isReal else { return nil }
    }

    private mutating func readISO8601(_ cursor: inout DigitCursor) -> Bool {
        guard let year = cursor.number(4), cursor.pass("-") != nil, let month = cursor.number(2),
            cursor.pass("-") != nil, let day = cursor.number(2)
        else { return false }
        (self.year, self.month, self.day) = (year, month, day)
        if cursor.isAtEnd { return true }
        return cursor.pass("T", "t", " ") != nil && readClock(&cursor) && readOffset(&cursor)
    }

    private mutating func readCompact(_ cursor: inout DigitCursor) -> Bool {
        guard let year = cursor.number(4), let month = cursor.number(2), let day = cursor.number(2) else {
            return false
        }
        (self.year, self.month, self.day) = (year, month, day)
        if cursor.isAtEnd { return true }
        guard let hour = cursor.number(2), let minute = cursor.number(2), let second = cursor.number(2) else {
            return false
        }
        (self.hour, self.minute, self.second) = (hour, minute, second)
        return true
    }

    private mutating func readDayFirst(_ cursor: inout DigitCursor) -> Bool {
        guard let day = cursor.number(1...2), cursor.pass("/") != nil, let month = cursor.number(1...2),
            cursor.pass("/") != nil, let year = cursor.number(4)
        else { return false }
        (self.year, self.month, self.day) = (year, month, day)
        return cursor.isAtEnd || (cursor.pass(" ") != nil && readClock(&cursor))
    }

    /// `HH:mm`, then perhaps `:ss`, then perhaps a fraction.
    private mutating func readClock(_ cursor: inout DigitCursor) -> Bool {
        guard let hour = cursor.number(1...2), cursor.pass(":") != nil, let minute = cursor.number(2) else {
            return false
        }
        (self.hour, self.minute) = (hour, minute)
        guard cursor.pass(":") != nil else { return true }
        guard let second = cursor.number(2) else { return false }
        self.second = second
        guard cursor.pass(".", ",") != nil else { return true }
        guard let nanosecond = cursor.billionths() else { return false }
        self.nanosecond = nanosecond
        return true
    }

    /// Nothing, `Z`, `±hh`, `±hhmm` or `±hh:mm`.
    private mutating func readOffset(_ cursor: inout DigitCursor) -> Bool {
        if cursor.isAtEnd { return true }
        if cursor.pass("Z", "z") != nil {
            offsetSeconds = 0
            return true
        }
        guard let sign = cursor.pass("+", "-"), let hours = cursor.number(2), hours <= 23 else { return false }
        let isHourOnly = cursor.pass(":") == nil && cursor.isAtEnd
        guard let minutes = isHourOnly ? 0 : cursor.number(2), minutes <= 59 else { return false }
        offsetSeconds = (hours * 60 + minutes) * (sign == UInt8(ascii: "-") ? -60 : 60)
        return true
    }

    /// Whether a calendar and a clock can show it.
    ///
    /// The years are those that the centre accepts.
    private var isReal: Bool {
        (1900...2199).contains(year) && (1...12).contains(month) && day >= 1 && day <= daysInMonth
            && hour <= 23 && minute <= 59 && second <= 59
    }

    private var daysInMonth: Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return switch month {
        case 2: isLeap ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
