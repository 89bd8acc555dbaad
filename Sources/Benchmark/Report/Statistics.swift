/// Sums up values that were measured.
package enum Statistics {
    /// The middle value, or the mean of the two middle ones; 0 without values.
    package static func median(_ values: [Double]) -> Double {
        guard !values.isEmpty else { return 0 }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }

    /// The smallest value that so many percent of all do not exceed (nearest rank); 0 without values.
    package static func percentile(_ percent: Double, of values: [Double]) -> Double {
        guard !values.isEmpty else { return 0 }
        let rank = (percent / 100 * Double(values.count)).rounded(.up)
        return values.sorted()[min(max(Int(rank), 1), values.count) - 1]
    }

    /// A value with so many significant digits: what lies behind them is noise.
    package static func rounded(_ value: Double, digits: Int = 4) -> Double {
        guard value != 0, value.isFinite else { return value }
        var scale = 1.0
        var size = value.magnitude
        while size >= 10 {
            size /= 10
            scale /= 10
        }
        while size < 1 {
            size *= 10
            scale *= 10
        }
        for _ in 1..<max(digits, 1) { scale *= 10 }
        return scale >= 1 ? (value * scale).rounded() / scale : value.rounded()
    }
}

extension Duration {
    /// The same in seconds.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1_000_000_000_000_000_000
    }
}
