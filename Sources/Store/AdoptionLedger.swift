package import Dossiers
package import Postgres

/// Which part of the figures is meant.
package struct AdoptionScope: Sendable {
    /// First local day of reception; `nil`: from the beginning.
    package var from: Day?
    /// The day after the last one; `nil`: to the end.
    package var to: Day?
    /// Codes of units, `H36.31.*` with those below it; none stands for all.
    package var units: [String] = []

    /// A part.
    package init(from: Day? = nil, to: Day? = nil, units: [String] = []) {
        self.from = from
        self.to = to
        self.units = units
    }

    /// `$1` to `$3` of a statement: the days, and the units or NULL.
    var parameters: Parameters {
        var parameters = Parameters()
        parameters.append(day: from?.number)
        parameters.append(day: to?.number)
        var codes = Column(.text)
        for unit in units { codes.append(unit) }
        parameters.append(codes)
        return parameters
    }

    /// The condition on ledger rows `i`.
    static let condition = """
        ($1::date IS NULL OR i.received_on >= $1) AND ($2::date IS NULL OR i.received_on < $2)
        AND (cardinality($3::text[]) = 0 OR \(isAmong("i.unit", "$3")))
        """

    /// The condition that a column is one of the units of a parameter, or below one that ends in `.*`.
    static func isAmong(_ column: String, _ parameter: String) -> String {
        """
        (\(column) = ANY (\(parameter)::text[]) OR EXISTS (
            SELECT FROM unnest(\(parameter)::text[]) AS u WHERE right(u, 2) = '.*'
            AND (\(column) = left(u, -2) OR starts_with(\(column), left(u, -1)))))
        """
    }
}

/// Figures explained by the ledger: the dossiers behind them, at any moment, and what restated them since another.
///
/// A ledger row counts from the moment of its transaction on, `recorded_at`. A moment that lies further back than any
/// transaction takes, a minute, never changes.
package struct AdoptionLedger {
    /// A dossier that counts.
    package struct Dossier: Sendable, Equatable {
        /// Its code.
        package let code: String
        /// Local day of its reception.
        package let receivedOn: Day
        /// The unit.
        package let unit: String
        /// What it is counted under: the first two parts of a national code, or the whole; empty: none.
        package let procedure: String
        /// What rates need to know of it.
        package let facts: CountedFacts
    }

    /// What counts, and of it the dossiers that are listed.
    package struct Standing: Sendable {
        /// How many dossiers of the same facts count.
        package let counts: [(facts: CountedFacts, dossiers: Int64)]
        /// The first of them, by day and code.
        package let dossiers: [Dossier]
        /// Whether there are more.
        package let hasMore: Bool
    }

    /// A ledger row that changed figures.
    package struct Change: Sendable, Equatable {
        /// When it was recorded, in microseconds since 1970.
        package let recordedAt: Int64
        /// +1 or -1.
        package let delta: Int
        /// 1 intake, 2 correction.
        package let kind: Int16
        /// 0: as it was received; above: what happened to it later.
        package let part: Int16
        /// The dossier as it counts since, or no longer.
        package let dossier: Dossier
    }

    private let connection: Connection

    /// The ledger on a connection.
    package init(_ connection: Connection) { self.connection = connection }

    /// Asks several things of one snapshot: what is committed in between is in none of the answers.
    package func inOneSnapshot<Value>(
        _ work: () async throws(PostgresError) -> Value
    ) async throws(PostgresError) -> Value {
        _ = try await connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", as: "begin a snapshot")
        do throws(PostgresError) {
            _ = try await connection.run("SET LOCAL work_mem = '64MB'", as: "prepare a snapshot")
            let value = try await work()
            try await connection.rollBack()
            return value
        } catch {
            try? await connection.rollBack()
            throw error
        }
    }

    /// The moment of the database, in microseconds since 1970.
    package func now() async throws(PostgresError) -> Int64 {
        try await connection.run("SELECT now()", as: "read the clock").microseconds(0, 0)
    }

    /// The dossiers that counted at a moment, which add up to the figures of that moment in one snapshot.
    /// - Parameters:
    ///   - moment: in microseconds since 1970; `nil`: now.
    ///   - limit: dossiers that are listed.
    ///   - cursor: only those after this day and code are listed.
    package func standing(
        _ scope: AdoptionScope, asOf moment: Int64?, limit: Int, after cursor: (day: Day, code: String)? = nil
    ) async throws(PostgresError) -> Standing {
        var parameters = scope.parameters
        parameters.append(microseconds: moment)
        var listed = parameters
        listed.append(day: cursor?.day.number)
        listed.append(cursor?.code)
        listed.append(Int64(limit) + 1)
        let counts = try await connection.run(
            Self.counts, parameters, as: "explain adoption", within: .seconds(300))
        let list = try await connection.run(Self.list, listed, as: "explain adoption", within: .seconds(300))
        return Standing(
            counts: (0..<counts.count).compactMap { row in
                Self.facts(counts, row, 0).map { ($0, counts.int64(row, 5)) }
            },
            dossiers: (0..<min(list.count, limit)).compactMap { Self.dossier(list, $0, 0) },
            hasMore: list.count > limit)
    }

    /// What was recorded after one moment up to another, in order of dossiers and time, at most `limit` rows.
    package func changes(
        _ scope: AdoptionScope, after first: Int64, upTo last: Int64, limit: Int
    ) async throws(PostgresError) -> [Change] {
        var parameters = scope.parameters
        parameters.append(microseconds: first)
        parameters.append(microseconds: last)
        parameters.append(Int64(limit))
        let result = try await connection.run(Self.changed, parameters, as: "compare adoption", within: .seconds(300))
        return (0..<result.count).compactMap { row in
            guard let dossier = Self.dossier(result, row, 4) else { return nil }
            return Change(
                recordedAt: result.microseconds(row, 0), delta: Int(result.int16(row, 1)), kind: result.int16(row, 2),
                part: result.int16(row, 3), dossier: dossier)
        }
    }

    private static func facts(_ result: QueryResult, _ row: Int, _ first: Int) -> CountedFacts? {
        Channel(rawValue: result.int16(row, first)).map { channel in
            CountedFacts(
                channel: channel, isOffered: result.bool(row, first + 1), isReturned: result.bool(row, first + 2),
                returnsByPost: result.bool(row, first + 3), timeliness: result.int16(row, first + 4))
        }
    }

    private static func dossier(_ result: QueryResult, _ row: Int, _ first: Int) -> Dossier? {
        facts(result, row, first + 4).map { facts in
            Dossier(
                code: result.string(row, first), receivedOn: Day(number: result.day(row, first + 1)),
                unit: result.string(row, first + 2), procedure: result.string(row, first + 3), facts: facts)
        }
    }

    private static let factColumns = """
        i.channel, coalesce(i.offered_online, false) AS offered, coalesce(i.returned, false) AS returned,
        i.return_channel IS NOT DISTINCT FROM 3::smallint AS by_post, coalesce(i.timeliness, 0::smallint) AS timeliness
        """
    private static let dossierColumns = """
        i.dossier, i.received_on, coalesce(i.unit, '') AS unit, coalesce(i.procedure, '') AS procedure, \(factColumns)
        """

    private static let counts = """
        SELECT \(factColumns), sum(i.delta)::int8 FROM hoso.intake i
        WHERE i.delta <> 0 AND ($4::timestamptz IS NULL OR i.recorded_at <= $4) AND \(AdoptionScope.condition)
        GROUP BY 1, 2, 3, 4, 5 HAVING sum(i.delta) <> 0
        """

    /// What was withdrawn and what it withdraws are alike but for their sign, and cancel each other out.
    private static let list = """
        SELECT \(dossierColumns) FROM hoso.intake i
        WHERE i.delta <> 0 AND ($4::timestamptz IS NULL OR i.recorded_at <= $4) AND \(AdoptionScope.condition)
          AND ($5::date IS NULL OR (i.received_on, i.dossier) > ($5, $6::text))
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 HAVING sum(i.delta) > 0 ORDER BY 2, 1 LIMIT $7
        """

    private static let changed = """
        SELECT i.recorded_at, i.delta, i.kind, i.part, \(dossierColumns) FROM hoso.intake i
        WHERE i.delta <> 0 AND i.recorded_at > $4::timestamptz AND i.recorded_at <= $5::timestamptz
          AND i.dossier IN (
              SELECT i.dossier FROM hoso.intake i
              WHERE i.delta <> 0 AND i.recorded_at > $4::timestamptz AND i.recorded_at <= $5::timestamptz
                AND \(AdoptionScope.condition))
        ORDER BY i.dossier, i.recorded_at, i.xid, i.id LIMIT $6
        """
}
