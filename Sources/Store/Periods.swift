package import Postgres

/// The periods of the ledger, of the outbox and of its acknowledgements: closed when their time is over, and the oldest one
/// dropped when it has been kept for long enough.
///
/// How long that is stands in the database, see ``Retention``; by default nothing is closed and nothing dropped. Where somebody
/// is in the way, ``close()`` and ``drop(_:)`` give up after half a second, so that nobody waits behind them for longer; the error
/// is retriable.
package struct Periods {
    /// A period.
    package struct Period: Sendable, Equatable {
        /// Its number; the first one has everything of before there were periods.
        package let number: Int32
        /// When it began, in microseconds since 1970.
        package let beganAt: Int64
        /// When it was closed; `nil` for the one that is open.
        package let closedAt: Int64?
        /// When it was dropped; `nil` while it is there.
        package let droppedAt: Int64?
        /// Size of its tables with their indexes.
        package let bytes: Int64
    }

    /// What is due, or was done.
    package struct Work: Sendable, Equatable {
        /// Number of the period to be closed.
        package var closed: Int32?
        /// Numbers of the periods to be dropped, the oldest first.
        package var dropped: [Int32] = []
        /// Quarantined entries of dropped periods whose content was erased.
        package var erased: Int64 = 0
        /// Dossiers that were taken away.
        package var forgotten: Int64 = 0

        /// Nothing.
        package init() {}
    }

    private let connection: Connection

    /// The periods on a connection.
    package init(_ connection: Connection) { self.connection = connection }

    /// All periods, the oldest first.
    package func list() async throws(PostgresError) -> [Period] {
        let result = try await connection.run(
            """
            SELECT p.number, p.began_at, p.closed_at, p.dropped_at, (
                SELECT coalesce(sum(pg_total_relation_size(to_regclass(
                    'hoso.' || t || CASE WHEN p.closed_at IS NULL THEN '' ELSE '_' || p.number END))), 0)::bigint
                FROM unnest('{intake,survey_task,survey_acknowledgement}'::text[]) AS t)
            FROM hoso.period p ORDER BY p.number
            """, as: "list periods")
        return (0..<result.count).map { row in
            Period(
                number: result.int32(row, 0), beganAt: result.microseconds(row, 1),
                closedAt: result.isNull(row, 2) ? nil : result.microseconds(row, 2),
                droppedAt: result.isNull(row, 3) ? nil : result.microseconds(row, 3), bytes: result.int64(row, 4))
        }
    }

    /// What would be closed and dropped now; of several periods that may be dropped only the oldest is known.
    package func due() async throws(PostgresError) -> Work {
        var work = Work()
        work.closed = try await ended()
        if let period = try await expired() { work.dropped = [period] }
        return work
    }

    /// The number of the open period, if its time is over and it has anything.
    private func ended() async throws(PostgresError) -> Int32? {
        try await number(
            """
            SELECT (SELECT p.number FROM hoso.period p, hoso.retention r
                    WHERE p.closed_at IS NULL AND r.period_months > 0
                      AND p.began_at + make_interval(months => r.period_months) <= now()
                      AND EXISTS (SELECT FROM ONLY hoso.intake))
            """, "look for a period that has ended")
    }

    /// Closes the open period and begins the next one, if it is time and there is anything in it.
    /// - Returns: the number of the closed one.
    package func close() async throws(PostgresError) -> Int32? {
        try await number("SELECT hoso.close_period()", "close a period")
    }

    /// The number of the period that may be dropped: the oldest one, if it has been kept for long enough and all of it is folded
    /// and carried out.
    package func expired() async throws(PostgresError) -> Int32? {
        try await number("SELECT hoso.expired_period()", "look for an expired period")
    }

    /// Writes down what an expired period has of every sender, which takes seconds for each million rows, and nobody waits for it.
    package func sum(_ period: Int32) async throws(PostgresError) {
        var parameters = Parameters()
        parameters.append(period)
        _ = try await connection.commit(
            [
                Statement("SET LOCAL statement_timeout = '900s'"),
                Statement("SELECT hoso.sum_period($1)", parameters),
            ], as: "sum a period", within: .seconds(900))
    }

    /// Erases what the quarantine still has of an expired period, which nobody can replay without its ledger rows.
    /// - Returns: entries of which something was erased; 0 when nothing is left.
    package func erase(_ period: Int32, most: Int32 = 10_000) async throws(PostgresError) -> Int64 {
        var parameters = Parameters()
        parameters.append(period)
        parameters.append(most)
        return try await connection.run(
            "SELECT hoso.erase_period($1, $2)", parameters, as: "erase a period", within: .seconds(60)
        ).int64(0, 0)
    }

    /// Drops an expired period that was summed; false when it is not the time.
    package func drop(_ period: Int32) async throws(PostgresError) -> Bool {
        var parameters = Parameters()
        parameters.append(period)
        return try await connection.run(
            "SELECT hoso.drop_period($1)", parameters, as: "drop a period", within: .seconds(60)
        ).bool(0, 0)
    }

    /// Takes away some dossiers that have been kept for long enough and whose ledger rows are gone; their codes are never new
    /// again, and their figures stay.
    /// - Returns: how many; 0 when nothing is left.
    package func forgetDossiers(_ most: Int32 = 10_000) async throws(PostgresError) -> Int64 {
        var parameters = Parameters()
        parameters.append(most)
        return try await connection.run(
            "SELECT hoso.forget_dossiers($1)", parameters, as: "forget dossiers", within: .seconds(900)
        ).int64(0, 0)
    }

    /// Does what is due: closes, drops, forgets.
    /// - Parameters:
    ///   - goesOn: is asked between two steps.
    ///   - progress: is told after each step what was done so far; a step that fails takes nothing of that back.
    package func work(
        while goesOn: () -> Bool = { true }, progress: (Work) -> Void = { _ in }
    ) async throws(PostgresError) -> Work {
        var work = Work()
        work.closed = try await close()
        if work.closed != nil { progress(work) }
        while goesOn(), let period = try await expired() {
            try await sum(period)
            while goesOn() {
                let entries = try await erase(period)
                guard entries > 0 else { break }
                work.erased += entries
            }
            guard goesOn(), try await drop(period) else { break }
            work.dropped.append(period)
            progress(work)
        }
        while goesOn() {
            let dossiers = try await forgetDossiers()
            guard dossiers > 0 else { break }
            work.forgotten += dossiers
            progress(work)
        }
        return work
    }

    private func number(_ sql: String, _ name: String) async throws(PostgresError) -> Int32? {
        let result = try await connection.run(sql, as: name, within: .seconds(60))
        return result.isNull(0, 0) ? nil : result.int32(0, 0)
    }
}
