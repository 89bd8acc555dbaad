package import Dossiers
package import Store

/// What senders have assigned and the centre has not recorded, and who has fallen silent: how sure the figures are.
package struct Outstanding: Sendable {
    /// A sender with entries on their way.
    struct Sender: Sendable {
        let entries: Int64
        /// What it may hand in; `nil`: anything.
        let channels: Set<Channel>?
    }

    /// Senders that have ever been heard of.
    package let senders: Int
    /// Entries that were announced and are not recorded.
    package let entries: Int64
    /// Senders of which nothing was heard for ``longestSilence`` seconds, and since when, in microseconds since 1970.
    package let silent: [(name: String, since: Int64)]
    private let waiting: [Sender]

    /// A sender that is heard of as rarely is silent: agents beat every few seconds, and the centre notes it every minute.
    package static var longestSilence: Double { 900 }

    /// What is outstanding at a moment.
    /// - Parameter unfolded: entries that are recorded and in no figure yet.
    package init(_ state: CentreState, unfolded: Int64 = 0, grants: [String: Authority], now: Int64) {
        self.init(state.senders, unfolded: unfolded, grants: grants, now: now)
    }

    /// What is outstanding at a moment of some senders.
    /// - Parameter unfolded: entries that are recorded and in no figure yet.
    package init(
        _ senders: [CentreState.Sender], unfolded: Int64 = 0, grants: [String: Authority], now: Int64
    ) {
        let heard = senders.filter { $0.silentSeconds != nil }
        self.senders = heard.count
        var waiting = heard.filter { $0.waiting > 0 }.map {
            Sender(entries: $0.waiting, channels: grants[$0.name]?.channels)
        }
        if unfolded > 0 { waiting.append(Sender(entries: unfolded, channels: nil)) }
        self.waiting = waiting
        entries = waiting.reduce(0) { min($0, .max / 2) + min($1.entries, .max / 2) }
        silent = heard.compactMap { sender in
            guard let seconds = sender.silentSeconds, seconds > Self.longestSilence else { return nil }
            return (sender.name, now - Int64(seconds * 1e6))
        }.sorted { $0.since < $1.since }
    }

    /// A text that is the same for as long as this says the same.
    package var fingerprint: String {
        let waiting = waiting.map { sender in
            "\(sender.entries) \(sender.channels.map { $0.sorted().map(\.code).joined(separator: " ") } ?? "*")"
        }
        return "\(senders);\(waiting.joined(separator: ","));\(silent.map(\.name).joined(separator: ","))"
    }

    /// Bounds of a rate; what is outstanding may be of any day.
    ///
    /// Corrections on their way are taken for dossiers: what they may move from one channel to another is not in the bounds.
    package func bounds(of rate: Rate, _ metric: Metric, channel: Channel) -> RateBounds {
        let counting = metric.countingChannels(channel: channel)
        let sum: (Set<Channel>) -> Int64 = { channels in
            waiting.reduce(0) { sum, sender in
                let may = sender.channels.map { !$0.isDisjoint(with: channels) } ?? true
                return may ? min(sum, .max / 2) + min(sender.entries, .max / 2) : sum
            }
        }
        return RateBounds(rate, numerators: sum(counting.numerator), others: sum(counting.others))
    }
}
