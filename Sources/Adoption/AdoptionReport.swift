package import Dossiers
package import Store

/// Adoption figures, ready to be written as a table, JSON or CSV.
package struct AdoptionReport: Sendable {
    /// A row: the values of the dimensions and the tallies per channel.
    package struct Row: Sendable, Equatable {
        /// Values of the dimensions, in order.
        package let key: [String]
        /// Tallies per channel.
        package let channels: [Channel: Tally]
        /// All dossiers of the group, also where the row shows one channel of it.
        package let total: Int64
    }

    /// The metric.
    package let metric: Metric
    /// The dimensions, in the order asked for.
    package let dimensions: [Dimension]
    /// First day.
    package let from: Day?
    /// Day after the last one.
    package let to: Day?
    /// Zone of the days.
    package let timeZone: String
    /// The rows.
    package let rows: [Row]
    /// Tallies over all rows.
    package let total: Row
    /// What is still on its way; `nil` where the figures are of an earlier moment.
    package let outstanding: Outstanding?

    /// A report over groups that were read from the roll-up.
    package init(
        metric: Metric, dimensions: [Dimension], from: Day?, to: Day?, timeZone: String, groups: [AdoptionQuery.Group],
        outstanding: Outstanding? = nil
    ) {
        self.outstanding = outstanding
        self.metric = metric
        self.dimensions = dimensions
        self.from = from
        self.to = to
        self.timeZone = timeZone
        var sums: [Channel: Tally] = [:]
        var rows: [Row] = []
        let channelPlace = dimensions.firstIndex(of: .channel)
        for group in groups {
            for (channel, tally) in group.channels { sums[channel, default: Tally()] += tally }
            let total = group.channels.values.reduce(0) { $0 + $1.dossiers }
            guard let channelPlace else {
                rows.append(Row(key: group.key, channels: group.channels, total: total))
                continue
            }
            for (channel, tally) in group.channels.sorted(by: { $0.key < $1.key }) {
                var key = group.key
                key.insert(channel.code, at: channelPlace)
                // A rate of one channel stands beside the dossiers of that channel.
                let shown = metric == .shareOfAll ? total : tally.dossiers
                rows.append(Row(key: key, channels: [channel: tally], total: shown))
            }
        }
        self.rows = rows
        total = Row(key: [], channels: sums, total: sums.values.reduce(0) { $0 + $1.dossiers })
    }

    /// Whether rows show all channels beside each other.
    var showsChannels: Bool { metric == .shareOfAll }

    /// The rate of a row, for metrics that have one.
    package func rate(of row: Row) -> Rate {
        switch metric {
        case .shareOfAll: Rate(row.channels.values.reduce(0) { $0 + $1.dossiers }, of: row.total)
        default: metric.rate(of: row.channels)
        }
    }

    /// The rates of all rows together, by channel where there is one for each, and their bounds.
    var totals: [(channel: Channel?, rate: Rate, bounds: RateBounds)] {
        guard let outstanding else { return [] }
        guard showsChannels else {
            let rate = rate(of: total)
            return [(nil, rate, outstanding.bounds(of: rate, metric, channel: .online))]
        }
        return Self.channels.map { channel in
            let rate = Rate(total.channels[channel]?.dossiers ?? 0, of: total.total)
            return (channel, rate, outstanding.bounds(of: rate, metric, channel: channel))
        }
    }

    /// The order in which channels are shown.
    package static let channels: [Channel] = [.online, .postal, .inPerson]
}
