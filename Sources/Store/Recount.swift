package import Dossiers
package import Postgres

/// Compares the roll-up with a recount of the dossiers themselves.
package struct Recount {
    /// A row in which the two disagree.
    package struct Difference: Sendable, Equatable {
        /// Local day of reception.
        package let day: Day
        /// Channel.
        package let channel: Channel?
        /// Unit, procedure, sector and operator.
        package let key: [String]
        /// In the roll-up.
        package let folded: Tally
        /// Counted from the dossiers.
        package let counted: Tally
    }

    /// What a comparison found.
    package struct Report: Sendable {
        /// Dossiers that were counted.
        package let dossiers: Int64
        /// Rows of the roll-up that were compared.
        package let rows: Int64
        /// The first difference, if there is one.
        package let difference: Difference?
    }

    private let connection: Connection

    /// A recount on a connection.
    package init(_ connection: Connection) { self.connection = connection }

    /// Compares within one snapshot, so that nothing can be stored between the two readings.
    ///
    /// What is committed and not yet folded is added to the roll-up from the ledger.
    package func run() async throws(PostgresError) -> Report {
        let results = try await connection.commit(
            [
                Statement("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"),
                Statement("SELECT count(*), (SELECT count(*) FROM hoso.adoption) FROM hoso.dossier"),
                Statement(Self.sql), Statement(Self.months),
            ], as: "recount adoption", within: .seconds(300))
        let totals = results[1]
        return Report(
            dossiers: totals.int64(0, 0), rows: totals.int64(0, 1),
            difference: Self.difference(in: results[2]) ?? Self.difference(in: results[3]))
    }

    private static func difference(in result: QueryResult) -> Difference? {
        guard result.count > 0 else { return nil }
        return Difference(
            day: Day(number: result.day(0, 0)), channel: Channel(rawValue: result.int16(0, 1)),
            key: (2..<6).map { result.string(0, $0) }, folded: AdoptionQuery.tally(result, 0, 6),
            counted: AdoptionQuery.tally(result, 0, 14))
    }

    private static let sql = """
        WITH waiting AS (
            SELECT received_on AS day, channel, coalesce(unit, '') AS unit, coalesce(procedure, '') AS procedure,
                   coalesce(sector, '') AS sector, coalesce(operator, '') AS operator, \(Measures.sums)
            FROM hoso.intake i, (SELECT xid, id FROM hoso.fold WHERE name = 'adoption') f
            WHERE (i.xid, i.id) > (f.xid, f.id) AND i.delta <> 0 GROUP BY 1, 2, 3, 4, 5, 6
        ), folded AS (
            SELECT \(cell("a")), \(Measures.added(of: "a"))
            FROM (SELECT * FROM hoso.adoption UNION ALL SELECT * FROM waiting) a \(gone("a")) GROUP BY 1, 2, 3, 4, 5, 6
            -- What has all been withdrawn stays as a row of zeros.
            HAVING \(Measures.names.map { "sum(a.\($0)) <> 0" }.joined(separator: " OR "))
        ), present AS (
            SELECT d.received_on AS day, d.channel, d.unit,
                   coalesce(substring(d.procedure from '^([0-9][.][0-9]{6})([.][0-9A-Z.]*)?$'), d.procedure, '')
                       AS procedure,
                   coalesce(d.sector, '') AS sector, coalesce(d.operator, '') AS operator, \(Measures.recountNamed)
            FROM hoso.dossier d GROUP BY 1, 2, 3, 4, 5, 6
        ), counted AS (
            SELECT day, channel, unit, procedure, sector, operator, \(Measures.added) FROM (
                SELECT \(cell("p")), \(Measures.names.map { "p.\($0)" }.joined(separator: ", ")) FROM present p \(gone("p"))
                UNION ALL
                SELECT month, channel, unit, '', '', '', \(Measures.names.joined(separator: ", "))
                FROM hoso.adoption_gone) n
            GROUP BY 1, 2, 3, 4, 5, 6
        )
        SELECT coalesce(a.day, c.day), coalesce(a.channel, c.channel), coalesce(a.unit, c.unit),
               coalesce(a.procedure, c.procedure), coalesce(a.sector, c.sector), coalesce(a.operator, c.operator),
               \(Measures.names.map { "coalesce(a.\($0), 0)" }.joined(separator: ", ")),
               \(Measures.names.map { "coalesce(c.\($0), 0)" }.joined(separator: ", "))
        FROM folded a FULL JOIN counted c
          ON a.day = c.day AND a.channel = c.channel AND a.unit = c.unit AND a.procedure = c.procedure
             AND a.sector = c.sector AND a.operator = c.operator
        WHERE \(Measures.names.map { "a.\($0) IS DISTINCT FROM c.\($0)" }.joined(separator: " OR "))
        ORDER BY 1, 2, 3, 4, 5, 6 LIMIT 1
        """

    /// The cell of a row; where dossiers are gone, of which only sums are left, its month, channel and unit.
    private static func cell(_ row: String) -> String {
        let names = ["procedure", "sector", "operator"].map { name in
            "CASE WHEN g.month IS NULL THEN \(row).\(name) ELSE '' END AS \(name)"
        }
        return "coalesce(g.month, \(row).day) AS day, \(row).channel, \(row).unit, " + names.joined(separator: ", ")
    }

    /// Joins a row with the sums of the dossiers that are gone.
    private static func gone(_ row: String) -> String {
        """
        LEFT JOIN hoso.adoption_gone g
        ON g.month = date_trunc('month', \(row).day::timestamp)::date AND g.unit = \(row).unit AND g.channel = \(row).channel
        """
    }

    /// The roll-up by months against the one by days.
    private static let months = """
        WITH counted AS (
            SELECT date_trunc('month', day::timestamp)::date AS month, channel, unit, \(Measures.added)
            FROM hoso.adoption GROUP BY 1, 2, 3
        )
        SELECT coalesce(a.month, c.month), coalesce(a.channel, c.channel), coalesce(a.unit, c.unit), '', '', '',
               \(Measures.names.map { "coalesce(a.\($0), 0)" }.joined(separator: ", ")),
               \(Measures.names.map { "coalesce(c.\($0), 0)" }.joined(separator: ", "))
        FROM hoso.adoption_month a FULL JOIN counted c
          ON a.month = c.month AND a.channel = c.channel AND a.unit = c.unit
        WHERE \(Measures.names.map { "a.\($0) IS DISTINCT FROM c.\($0)" }.joined(separator: " OR "))
        ORDER BY 1, 2, 3 LIMIT 1
        """
}

extension Measures {
    /// Sums of the roll-up's columns under their names.
    static var added: String { names.map { "sum(\($0))::bigint AS \($0)" }.joined(separator: ", ") }

    /// The same of a table that is joined with another one.
    static func added(of table: String) -> String {
        names.map { "sum(\(table).\($0))::bigint AS \($0)" }.joined(separator: ", ")
    }

    /// Counts over dossiers under the names of the roll-up's columns.
    static var recountNamed: String {
        zip(recountParts, names).map { "\($0) AS \($1)" }.joined(separator: ", ")
    }
}
