/// A named, versioned rate of channel adoption; numerator and denominator are whole numbers of dossiers.
///
/// Every rate of version 1 counts the dossiers received on the days asked for, whatever happened to them later.
public enum Metric: String, Sendable, CaseIterable {
    /// Dossiers of a channel among all dossiers.
    case shareOfAll = "share_of_all"
    /// Online among online and in person, on procedures offered online; postal is left out (Decision 766/QĐ-TTg).
    case online766 = "online_766"
    /// Submitted by post among all.
    case postalSubmit = "postal_submit"
    /// Returned by post among returned.
    case postalReturn = "postal_return"
    /// Finished not after the due date among finished with a due date; local dates are compared.
    case onTime = "on_time"

    /// Version of the definition.
    public var version: Int { 1 }

    /// The rate over the tallies of the channels.
    ///
    /// For `share_of_all`, whose rate belongs to a channel, this is the online share.
    public func rate(of tallies: [Channel: Tally]) -> Rate {
        let all = tallies.values.reduce(Tally()) { $0 + $1 }
        let online = tallies[.online] ?? Tally()
        switch self {
        case .shareOfAll: return Rate(online.dossiers, of: all.dossiers)
        case .online766:
            return Rate(online.offered, of: online.offered + (tallies[.inPerson] ?? Tally()).offered)
        case .postalSubmit: return Rate((tallies[.postal] ?? Tally()).dossiers, of: all.dossiers)
        case .postalReturn: return Rate(all.returnedByPost, of: all.returned)
        case .onTime: return Rate(all.early + all.onTheDay, of: all.early + all.onTheDay + all.late)
        }
    }

    /// The rate over the tallies of the channels; for `share_of_all`, that of a channel.
    public func rate(of tallies: [Channel: Tally], channel: Channel) -> Rate {
        guard self == .shareOfAll else { return rate(of: tallies) }
        return Rate((tallies[channel] ?? Tally()).dossiers, of: tallies.values.reduce(0) { $0 + $1.dossiers })
    }

    /// What people call it.
    public func title(in language: Language) -> String {
        switch (self, language) {
        case (.shareOfAll, .vietnamese): "Tỷ lệ hồ sơ theo hình thức nộp"
        case (.online766, .vietnamese): "Tỷ lệ hồ sơ trực tuyến (QĐ 766)"
        case (.postalSubmit, .vietnamese): "Tỷ lệ nộp qua bưu chính công ích"
        case (.postalReturn, .vietnamese): "Tỷ lệ trả kết quả qua bưu chính công ích"
        case (.onTime, .vietnamese): "Tỷ lệ đúng hạn"
        case (.shareOfAll, .english): "Share of all dossiers by channel"
        case (.online766, .english): "Online rate (Decision 766)"
        case (.postalSubmit, .english): "Submitted by post"
        case (.postalReturn, .english): "Returned by post"
        case (.onTime, .english): "Finished on time"
        }
    }
}

/// Numbers of dossiers, from which every rate is computed.
public struct Tally: Sendable, Equatable {
    /// All.
    public var dossiers: Int64 = 0
    /// On procedures offered online.
    public var offered: Int64 = 0
    /// Whose result was returned.
    public var returned: Int64 = 0
    /// Whose result was returned by post.
    public var returnedByPost: Int64 = 0
    /// Whose processing ended.
    public var finished: Int64 = 0
    /// Finished before the due date.
    public var early: Int64 = 0
    /// Finished on the due date.
    public var onTheDay: Int64 = 0
    /// Finished after the due date.
    public var late: Int64 = 0

    /// Nothing.
    public init() {}

    /// Sums of both.
    public static func + (left: Tally, right: Tally) -> Tally {
        var sum = left
        sum += right
        return sum
    }

    /// Adds another tally.
    public static func += (left: inout Tally, right: Tally) {
        left.dossiers += right.dossiers
        left.offered += right.offered
        left.returned += right.returned
        left.returnedByPost += right.returnedByPost
        left.finished += right.finished
        left.early += right.early
        left.onTheDay += right.onTheDay
        left.late += right.late
    }
}

/// A rate with its whole numbers.
public struct Rate: Sendable, Equatable {
    /// Numerator.
    public let numerator: Int64
    /// Denominator; 0 means that there is no data, never 0 %.
    public let denominator: Int64

    /// A rate.
    public init(_ numerator: Int64, of denominator: Int64) {
        self.numerator = numerator
        self.denominator = denominator
    }

    /// The share, rounded half up to five decimals; `nil` when there is no data.
    public var share: Double? { scaled(by: 100_000).map { Double($0) / 100_000 } }

    /// The rate as a decimal percentage such as `71.4`, rounded half up in whole numbers; `nil` when there is no data.
    public func percent(decimals: Int, mark: String = ".") -> String? {
        guard (0...6).contains(decimals) else { return nil }
        let power = (0..<decimals).reduce(Int64(1)) { value, _ in value * 10 }
        guard let value = scaled(by: 100 * power) else { return nil }
        guard decimals > 0 else { return String(value) }
        return "\(value / power)\(mark)\(Digits.padded(Int(value % power), decimals))"
    }

    /// `numerator · factor / denominator`, rounded half up.
    private func scaled(by factor: Int64) -> Int64? {
        guard denominator > 0 else { return nil }
        let (quotient, remainder) = (2 * numerator * factor + denominator).quotientAndRemainder(
            dividingBy: 2 * denominator)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
