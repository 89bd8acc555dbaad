package import Dossiers

extension LocalZone {
    /// The moment that somebody names: RFC 3339, or local as `YYYY-MM-DDTHH:MM[:SS]` or `YYYY-MM-DD`, its beginning.
    package mutating func moment(of text: String) -> Instant? {
        if let instant = Instant(rfc3339: text) { return instant }
        let parts = text.split(separator: text.contains("T") ? "T" : " ", omittingEmptySubsequences: false).map(
            String.init)
        guard (1...2).contains(parts.count), let day = Day(iso8601: parts[0]) else { return nil }
        var time = [0, 0, 0]
        if parts.count == 2 {
            let numbers = parts[1].split(separator: ":").map { $0.count == 2 ? Int($0) : nil }
            guard (2...3).contains(numbers.count) else { return nil }
            for (index, number) in numbers.enumerated() {
                guard let number else { return nil }
                time[index] = number
            }
        }
        let date = day.components
        return instant(
            localYear: date.year, month: date.month, day: date.day, hour: time[0], minute: time[1], second: time[2])
    }
}
