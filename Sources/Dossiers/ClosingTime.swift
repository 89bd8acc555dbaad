import Foundation

/// The time of the day at which a sender closes it.
public struct ClosingTime: Sendable, Equatable {
    private let minutes: Int

    /// Reads `HH:MM`.
    public init?(text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 }), let hour = Int(parts[0]),
            let minute = Int(parts[1]), (0..<24).contains(hour), (0..<60).contains(minute)
        else { return nil }
        minutes = hour * 60 + minute
    }

    /// The last moment at which a day should have been closed.
    public func last(before now: Instant, in zone: LocalZone) -> Instant? {
        guard let zone = TimeZone(identifier: zone.identifier) else { return nil }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let now = Date(timeIntervalSince1970: Double(now.microseconds) / 1_000_000)
        let start = calendar.startOfDay(for: now)
        guard let today = closing(of: start, calendar) else { return nil }
        let last =
            today <= now
            ? today : calendar.date(byAdding: .day, value: -1, to: start).flatMap { closing(of: $0, calendar) }
        return last.map { Instant(microseconds: Int64($0.timeIntervalSince1970) * 1_000_000) }
    }

    private func closing(of day: Date, _ calendar: Calendar) -> Date? {
        calendar.date(bySettingHour: minutes / 60, minute: minutes % 60, second: 0, of: day)
    }
}
