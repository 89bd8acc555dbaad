/// The moments at which entries are due, whether or not somebody is ready for them.
struct Schedule: Sendable {
    /// When the first one is due.
    let start: ContinuousClock.Instant
    /// Entries per second.
    let rate: Int

    private var interval: Duration { .nanoseconds(1_000_000_000 / max(rate, 1)) }

    /// When an entry is due, by its index from 0.
    func moment(of index: Int) -> ContinuousClock.Instant { start.advanced(by: interval * index) }

    /// How many are due by a moment.
    func due(at moment: ContinuousClock.Instant) -> Int {
        let elapsed = start.duration(to: moment)
        return elapsed < .zero ? 0 : Int(elapsed / interval) + 1
    }
}
