/// Which stored dossiers get a survey task.
///
/// The feed is not the official SIPAS sample, whose size follows n = N / (1 + N · 0.05²).
public struct SurveyPolicy: Sendable, Equatable {
    /// Share of dossiers that are chosen, 0 to 1.
    public var samplingRate: Double
    /// Days for which a citizen who was chosen is left in peace; kept by the store.
    ///
    /// 0 for no such period.
    public var quietDays: Int
    /// Channels whose dossiers are chosen.
    public var channels: Set<Channel>
    /// Hours after reception before the contact may be used; the task waits for them.
    public var minimumContactAge: Int

    /// A policy.
    public init(
        samplingRate: Double = 1, quietDays: Int = 0, channels: Set<Channel> = Set(Channel.allCases),
        minimumContactAge: Int = 0
    ) {
        self.samplingRate = samplingRate
        self.quietDays = quietDays
        self.channels = channels
        self.minimumContactAge = minimumContactAge
    }

    /// Whether a dossier is chosen: the same answer for the same code, so that a recount agrees.
    public func selects(_ dossier: Dossier) -> Bool {
        guard channels.contains(dossier.channel) else { return false }
        if samplingRate >= 1 { return true }
        return Double(Self.hash(dossier.code) >> 11) / Double(1 << 53) < samplingRate
    }

    /// The moment before which the contact must not be used.
    public func notBefore(_ dossier: Dossier) -> Instant {
        dossier.receivedAt.advanced(bySeconds: Int64(minimumContactAge) * 3600)
    }

    /// FNV-1a with a finaliser, so that neighbouring codes are spread.
    static func hash(_ code: String) -> UInt64 {
        var value = FNV1a.hash(code.utf8.span)
        value = (value ^ (value >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        return value ^ (value >> 33)
    }
}
