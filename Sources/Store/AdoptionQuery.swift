package import Dossiers
package import Postgres

/// A dimension by which adoption figures are broken down.
package enum Dimension: String, Sendable, CaseIterable {
    case day, week, month, quarter, year, unit, procedure, sector, channel
    case deskOperator = "operator"

    /// Whether the roll-up by months has it.
    var isCoarse: Bool {
        switch self {
        case .month, .quarter, .year, .unit, .channel: true
        case .day, .week, .procedure, .sector, .deskOperator: false
        }
    }

    /// The dimension as a text, from the roll-up.
    var sql: String {
        switch self {
        case .day: "to_char(day, 'YYYY-MM-DD')"
        case .week: "to_char(day, 'IYYY-\"W\"IW')"
        case .month: "to_char(day, 'YYYY-MM')"
        case .quarter: "to_char(day, 'YYYY-\"Q\"Q')"
        case .year: "to_char(day, 'YYYY')"
        case .unit: "unit"
        case .procedure: "procedure"
        case .sector: "sector"
        case .channel: "'all'"
        case .deskOperator: "operator"
        }
    }
}

/// Reads the roll-up.
package struct AdoptionQuery {
    /// The tallies of a group, per channel.
    package struct Group: Sendable, Equatable {
        /// Values of the dimensions, in the order asked for (without `channel`).
        package let key: [String]
        /// Tallies per channel.
        package var channels: [Channel: Tally]

        /// A group.
        package init(key: [String], channels: [Channel: Tally]) {
            self.key = key
            self.channels = channels
        }
    }

    private let connection: Connection

    /// Queries on a connection.
    package init(_ connection: Connection) { self.connection = connection }

    /// Groups in order of their keys, without those whose dossiers have all been withdrawn; days from `from` up to but not including `to`.
    /// - Parameters:
    ///   - units: codes of the units that are counted, `H36.31.*` with those below it; none stands for all.
    ///   - procedures: what procedures are counted under; none stands for all.
    ///   - moment: the figures as of then, in microseconds since 1970: of what had been recorded; `nil`: now.
    ///   - limit: most tallies that are read; `nil`: all.
    package func groups(
        by dimensions: [Dimension], from: Day?, to: Day?, units: [String] = [], procedures: [String] = [],
        asOf moment: Int64? = nil, limit: Int? = nil
    ) async throws(PostgresError) -> [Group] {
        let keys = dimensions.filter { $0 != .channel }
        let columns = keys.map { $0.sql + ", " }.joined()
        let grouping = (1...(keys.count + 1)).map(String.init).joined(separator: ", ")
        var parameters = Parameters()
        parameters.append(day: from?.number)
        parameters.append(day: to?.number)
        var place = ""
        var last = 2
        for (column, values) in [("unit", units), ("procedure", procedures)] where !values.isEmpty {
            var codes = Column(.text)
            for value in values { codes.append(value) }
            parameters.append(codes)
            last += 1
            place +=
                column == "unit"
                ? " AND \(AdoptionScope.isAmong(column, "$\(last)"))" : " AND \(column) = ANY ($\(last))"
        }
        // The roll-up by months has no procedures.
        var source = Self.source(procedures.isEmpty ? dimensions : dimensions + [.procedure], from, to)
        if let moment {
            parameters.append(microseconds: moment)
            source = Self.source(asOf: "$\(last + 1)::timestamptz")
        }
        let result = try await connection.run(
            """
            SELECT \(columns)channel, \(Measures.names.map { "sum(\($0))::bigint" }.joined(separator: ", "))
            FROM \(source) a WHERE ($1::date IS NULL OR day >= $1) AND ($2::date IS NULL OR day < $2) \(place)
            GROUP BY \(grouping) HAVING sum(dossiers) <> 0 ORDER BY \(grouping)\(limit.map { " LIMIT \($0)" } ?? "")
            """, parameters, as: "read adoption", within: .seconds(moment == nil ? 30 : 300))
        return Self.groups(in: result, keys: keys.count)
    }

    /// The smallest roll-up that has the answer.
    private static func source(_ dimensions: [Dimension], _ from: Day?, _ to: Day?) -> String {
        let isWholeMonths = [from, to].allSatisfy { $0.map { $0.components.day == 1 } ?? true }
        guard isWholeMonths, dimensions.allSatisfy(\.isCoarse) else { return "hoso.adoption" }
        return "(SELECT month AS day, * FROM hoso.adoption_month)"
    }

    /// The roll-up without what was recorded later, and with what was recorded by then and is not folded.
    private static func source(asOf moment: String) -> String {
        let sums = zip(Measures.sumParts, Measures.names).map { "\($0)::bigint AS \($1)" }.joined(separator: ", ")
        return """
            (SELECT day, channel, unit, procedure, sector, operator, \(Measures.names.joined(separator: ", "))
             FROM hoso.adoption
             UNION ALL
             SELECT received_on, channel, unit, procedure, sector, operator, \(sums)
             FROM (
                 SELECT i.received_on, i.channel, coalesce(i.unit, '') AS unit, coalesce(i.procedure, '') AS procedure,
                        coalesce(i.sector, '') AS sector, coalesce(i.operator, '') AS operator, i.return_channel,
                        i.timeliness, i.offered_online, i.returned,
                        CASE WHEN i.recorded_at > \(moment) THEN -i.delta ELSE i.delta END AS delta
                 FROM hoso.intake i, hoso.fold f
                 WHERE f.name = 'adoption' AND i.delta <> 0
                   AND (i.recorded_at > \(moment)) = ((i.xid, i.id) <= (f.xid, f.id))) later
             GROUP BY 1, 2, 3, 4, 5, 6)
            """
    }

    private static func groups(in result: QueryResult, keys count: Int) -> [Group] {
        var groups: [Group] = []
        for row in 0..<result.count {
            let key = (0..<count).map { result.string(row, $0) }
            guard let channel = Channel(rawValue: result.int16(row, count)) else { continue }
            // Byte by byte: to Swift, texts in different Unicode forms are equal, and the database groups by bytes.
            if groups.last?.key.elementsEqual(key, by: { $0.utf8.elementsEqual($1.utf8) }) != true {
                groups.append(Group(key: key, channels: [:]))
            }
            groups[groups.count - 1].channels[channel] = tally(result, row, count + 1)
        }
        return groups
    }

    static func tally(_ result: QueryResult, _ row: Int, _ first: Int) -> Tally {
        var tally = Tally()
        tally.dossiers = result.int64(row, first)
        tally.offered = result.int64(row, first + 1)
        tally.returned = result.int64(row, first + 2)
        tally.returnedByPost = result.int64(row, first + 3)
        tally.finished = result.int64(row, first + 4)
        tally.early = result.int64(row, first + 5)
        tally.onTheDay = result.int64(row, first + 6)
        tally.late = result.int64(row, first + 7)
        return tally
    }

    /// First and last day of the roll-up, if it has any.
    package func span() async throws(PostgresError) -> ClosedRange<Day>? {
        let result = try await connection.run(
            "SELECT min(day), max(day) FROM hoso.adoption WHERE dossiers <> 0", as: "read the span")
        guard !result.isNull(0, 0) else { return nil }
        return Day(number: result.day(0, 0))...Day(number: result.day(0, 1))
    }
}
