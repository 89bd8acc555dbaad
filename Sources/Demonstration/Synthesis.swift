import Dossiers
import Machines

/// Makes up the details of dossiers; everything follows from the seed, and nobody in it exists.
struct Synthesis {
    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// A number from 0 up to but not including `bound`.
    mutating func number(below bound: Int) -> Int { Int(generator.next() % UInt64(bound)) }

    /// True in so many of a thousand cases.
    mutating func isHit(perMille: Int) -> Bool { number(below: 1000) < perMille }

    /// The index of a weight, more often the larger the weight.
    mutating func pick(_ weights: [Int]) -> Int {
        var rest = number(below: max(weights.reduce(0, +), 1))
        for (index, weight) in weights.enumerated() {
            rest -= weight
            if rest < 0 { return index }
        }
        return weights.count - 1
    }

    /// A name put together from syllables.
    mutating func name() -> String {
        let family = ["Ka", "Bon", "Liêng", "Cil", "Kon", "Rơ", "Đơn", "Sa"][number(below: 8)]
        let middle = ["Thử", "Mẫu", "Ví", "Giả"][number(below: 4)]
        let given = ["Một", "Hai", "Ba", "Bốn", "Năm", "Sáu", "Bảy", "Tám", "Chín", "Mười"][number(below: 10)]
        return "\(family) \(middle) \(given)"
    }

    /// Twelve digits with the structure of a personal id.
    mutating func personalID() -> String {
        "068" + digits(1, below: 4) + digits(2, below: 100) + digits(6, below: 1_000_000)
    }

    /// A mobile number.
    mutating func phone() -> String { "09" + digits(8, below: 100_000_000) }

    private mutating func digits(_ width: Int, below bound: Int) -> String {
        Self.padded(number(below: bound), width)
    }

    static func padded(_ value: Int, _ width: Int) -> String {
        let text = String(value)
        return text.utf8.count >= width ? text : String(repeating: "0", count: width - text.utf8.count) + text
    }

    /// A local time of Vietnam on a day.
    static func time(_ day: Day, minutes: Int) -> String {
        "\(day)T\(padded(minutes / 60, 2)):\(padded(minutes % 60, 2)):00+07:00"
    }

    /// `YYMMDD`.
    static func compact(_ day: Day) -> String {
        let (year, month, date) = day.components
        return padded(year % 100, 2) + padded(month, 2) + padded(date, 2)
    }
}
