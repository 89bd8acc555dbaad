/// Between which values a rate will be, when what is still on its way has arrived.
public struct RateBounds: Sendable, Equatable {
    /// The least.
    public let lower: Rate
    /// The greatest.
    public let upper: Rate

    /// Bounds of a rate.
    /// - Parameters:
    ///   - numerators: outstanding dossiers that may count in the numerator (and then in the denominator too).
    ///   - others: outstanding dossiers that may count in the denominator only.
    public init(_ rate: Rate, numerators: Int64, others: Int64) {
        lower = Rate(rate.numerator, of: Self.sum(rate.denominator, others))
        upper = Rate(Self.sum(rate.numerator, numerators), of: Self.sum(rate.denominator, numerators))
    }

    /// A sender may claim any number of dossiers; sums stay far enough below the largest number for rates to be computed.
    private static func sum(_ one: Int64, _ other: Int64) -> Int64 { min(one, most) + min(other, most) }

    private static let most: Int64 = 1 << 33
}

extension Metric {
    /// Channels of which a dossier may count in the numerator, and those of which it may count in the denominator only.
    /// - Parameter channel: whose share is asked for, in `share_of_all`.
    public func countingChannels(channel: Channel = .online) -> (numerator: Set<Channel>, others: Set<Channel>) {
        let all = Set(Channel.allCases)
        return switch self {
        case .shareOfAll: ([channel], all.subtracting([channel]))
        case .postalSubmit: ([.postal], all.subtracting([.postal]))
        case .online766: ([.online], [.inPerson])
        case .postalReturn, .onTime: (all, all)
        }
    }
}
