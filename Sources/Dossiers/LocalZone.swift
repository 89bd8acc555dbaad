import Foundation

/// A time zone with its rules, and a memory of the offsets that it has been asked for.
public struct LocalZone: Sendable {
    /// Name in the time zone database, for example `Asia/Ho_Chi_Minh`.
    public let identifier: String
    private let zone: TimeZone
    /// Offsets by quarter of an hour; no zone has changed its offset within one since 1900.
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
        let slot = instant.microseconds >= 0 ? instant.microseconds / Self.slot : instant.microseconds / Self.slot - 1
        let place = Int(slot & Int64(offsets.count - 1))
        if offsets[place].slot == slot { return offsets[place].seconds }
        let seconds = Double(instant.microseconds) / 1_000_000
        let offset = zone.secondsFromGMT(for: Date(timeIntervalSince1970: seconds))
        offsets[place] = Known(slot: slot, seconds: offset)
        return offset
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
