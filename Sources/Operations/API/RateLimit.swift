/// How often each caller may ask: a bucket of tokens each, which fills again at a steady pace.
struct RateLimit {
    private struct Bucket {
        var tokens: Double
        var at: ContinuousClock.Instant
    }

    private let perSecond: Double
    private let most: Double
    private var buckets: [String: Bucket] = [:]

    /// Callers that are remembered.
    var count: Int { buckets.count }

    /// A limit; 0 is none.
    init(perMinute: Int) {
        perSecond = Double(perMinute) / 60
        // Ten seconds' worth may come at once.
        most = max(5, perSecond * 10)
    }

    /// Callers that are remembered; of more, those go that could ask as much as ever.
    static let mostCallers = 10_000

    /// Takes a token of a caller.
    /// - Returns: `nil` when it may ask, else the seconds until it may.
    mutating func take(_ caller: String, at now: ContinuousClock.Instant) -> Int? {
        guard perSecond > 0 else { return nil }
        var bucket = buckets[caller] ?? Bucket(tokens: most, at: now)
        bucket.tokens = min(most, bucket.tokens + bucket.at.duration(to: now) / .seconds(1) * perSecond)
        bucket.at = now
        defer { buckets[caller] = bucket }
        guard bucket.tokens >= 1 else { return max(1, Int(((1 - bucket.tokens) / perSecond).rounded(.up))) }
        bucket.tokens -= 1
        if buckets.count >= Self.mostCallers { forget(now) }
        return nil
    }

    private mutating func forget(_ now: ContinuousClock.Instant) {
        buckets = buckets.filter { _, bucket in
            bucket.tokens + bucket.at.duration(to: now) / .seconds(1) * perSecond < most
        }
        // Whoever comes from so many places at once is not to fill the memory.
        if buckets.count >= Self.mostCallers { buckets.removeAll() }
    }
}
