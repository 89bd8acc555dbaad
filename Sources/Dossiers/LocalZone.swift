import Foundation

/// A time zone with its rules, and a memory of the offsets that it has been asked for.
public struct LocalZone: Sendable {
    /// Name in the time zone database, for example `Asia/Ho_Chi_Minh`.
    public let identifier: String
    private let zone: TimeZone
    /// Offsets by quarter of an hour, of those within which they do not change.
    ///
    /// A slot's offset is kept where its number modulo the size says, whatever dates a sender makes up.
    private var offsets = [Known](repeating: Known(slot: .min, seconds: 0), count: 4_096)

    private struct Known {
        let slot: Int64
        let seconds: Int
    }

    /// A zone by its name in the time zone database; `nil` when there is none.
    public init?(identifier: String) {
        guard let zone = TimeZone(identifier: identifier) else { return nil }
        self.identifier = identifier
        self.zone = zone
    }

    /// Seconds east of UTC at a moment.
    public mutating func offsetSeconds(at instant: Instant) -> Int {
        let slot = Self.floor(instant.microseconds, Self.slot)
        let place = Int(slot & Int64(offsets.count - 1))
        if offsets[place].slot == slot { return offsets[place].seconds }
        let offset = offset(at: instant.microseconds)
        // Zones have changed at odd moments: in Asia/Ho_Chi_Minh in 1911, half past seven minutes before an hour.
        let (first, last) = (slot * Self.slot, slot * Self.slot + Self.slot - 1)
        if self.offset(at: first) == offset, self.offset(at: last) == offset {
            offsets[place] = Known(slot: slot, seconds: offset)
        }
        return offset
    }

    private func offset(at microseconds: Int64) -> Int {
        zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(microseconds) / 1_000_000))
    }

    /// The quotient, rounded down.
    private static func floor(_ value: Int64, _ divisor: Int64) -> Int64 {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }

    /// The local day of a moment.
    public mutating func day(of instant: Instant) -> Day {
        let local = instant.microseconds + Int64(offsetSeconds(at: instant)) * 1_000_000
        let days = local >= 0 ? local / Self.dayLength : (local - Self.dayLength + 1) / Self.dayLength
        return Day(number: Int32(days))
    }

    /// The moment of a local time.
    ///
    /// A time that happens twice means the first; one that is skipped means the moment that the clock would have shown
    /// it without the change.
    public mutating func instant(
        localYear year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, microsecond: Int = 0
    ) -> Instant? {
        guard let date = Day(year: year, month: month, day: day), (0..<24).contains(hour), (0..<60).contains(minute),
            (0...60).contains(second), (0..<1_000_000).contains(microsecond)
        else { return nil }
        let seconds = Int64(date.number) * 86_400 + Int64(hour * 3600 + minute * 60 + second)
        let local = seconds * 1_000_000 + Int64(microsecond)
        let before = offsetSeconds(at: Instant(microseconds: local - Self.dayLength))
        let candidate = Instant(microseconds: local - Int64(before) * 1_000_000)
        let actual = offsetSeconds(at: candidate)
        if actual == before { return candidate }
        let other = Instant(microseconds: local - Int64(actual) * 1_000_000)
        return offsetSeconds(at: other) == actual ? other : candidate
    }

    private static let slot: Int64 = 900_000_000
    private static let dayLength: Int64 = 86_400_000_000
}
