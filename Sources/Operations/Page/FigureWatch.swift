import Store

/// Looks once a second whether figures have moved, for all browsers that listen together.
actor FigureWatch {
    private let pool: QueryPool
    private var cursor: String?
    private var readAt: ContinuousClock.Instant?
    private var isReading = false
    private var listeners = 0

    /// Browsers that may listen at a time: each holds a connection.
    private static let most = 64

    /// A watch.
    init(_ pool: QueryPool) { self.pool = pool }

    /// Takes in one more who listens; false when there are enough.
    func join() -> Bool {
        guard listeners < Self.most else { return false }
        listeners += 1
        return true
    }

    /// One has gone.
    func leave() { listeners -= 1 }

    /// Up to where the ledger is in the figures, not older than a second; while the database is away, as it was last seen.
    func current() async -> String? {
        if isReading { return cursor }
        if let readAt, readAt.duration(to: .now) < .milliseconds(900) { return cursor }
        isReading = true
        defer { isReading = false }
        let fresh = try? await pool.perform { connection in try await Fold(connection).cursor() }
        cursor = fresh ?? cursor
        readAt = .now
        return cursor
    }
}
