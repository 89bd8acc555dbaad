package import Postgres

/// The catalogues of units and procedures.
package struct CatalogueTable {
    /// A unit.
    package struct Unit: Sendable {
        /// Its code.
        package let code: String
        /// Its name.
        package let name: String
        /// What it is, for example `commune`.
        package let kind: String

        /// A unit.
        package init(code: String, name: String, kind: String) {
            self.code = code
            self.name = name
            self.kind = kind
        }
    }

    /// A procedure.
    package struct Procedure: Sendable {
        /// First two parts of its national code.
        package let code: String
        /// Its title.
        package let title: String
        /// Its sector.
        package let sector: String?
        /// 0 not offered online, 3 in part, 4 in full; `nil` when not known.
        package let onlineLevel: Int16?

        /// A procedure.
        package init(code: String, title: String, sector: String?, onlineLevel: Int16?) {
            self.code = code
            self.title = title
            self.sector = sector
            self.onlineLevel = onlineLevel
        }
    }

    private let connection: Connection

    /// The catalogues on a connection.
    package init(_ connection: Connection) { self.connection = connection }

    /// What is in force today.
    package func read() async throws(PostgresError) -> (units: [Unit], procedures: [Procedure]) {
        let units = try await connection.run(
            "SELECT code, name, coalesce(kind, '') FROM hoso.unit WHERE current_date >= valid_from AND current_date < valid_to",
            as: "read units")
        let procedures = try await connection.run(
            """
            SELECT code, title, sector, online_level FROM hoso.procedure
            WHERE current_date >= valid_from AND current_date < valid_to
            """, as: "read procedures")
        return (
            (0..<units.count).map {
                Unit(code: units.string($0, 0), name: units.string($0, 1), kind: units.string($0, 2))
            },
            (0..<procedures.count).map {
                Procedure(
                    code: procedures.string($0, 0), title: procedures.string($0, 1),
                    sector: procedures.optionalString($0, 2),
                    onlineLevel: procedures.isNull($0, 3) ? nil : procedures.int16($0, 3))
            }
        )
    }

    /// Adds units and procedures that are not there yet.
    package func add(units: [Unit], procedures: [Procedure]) async throws(PostgresError) {
        var codes = Column(.text), names = Column(.text), kinds = Column(.text)
        for unit in units {
            codes.append(unit.code)
            names.append(unit.name)
            kinds.append(unit.kind)
        }
        var unitParameters = Parameters()
        for column in [codes, names, kinds] { unitParameters.append(column) }
        var numbers = Column(.text), titles = Column(.text), sectors = Column(.text), levels = Column(.int2)
        for procedure in procedures {
            numbers.append(procedure.code)
            titles.append(procedure.title)
            sectors.append(procedure.sector)
            levels.append(procedure.onlineLevel)
        }
        var procedureParameters = Parameters()
        for column in [numbers, titles, sectors, levels] { procedureParameters.append(column) }
        _ = try await connection.commit(
            [
                Statement(
                    "INSERT INTO hoso.unit (code, name, kind) SELECT * FROM unnest($1, $2, $3) ON CONFLICT DO NOTHING",
                    unitParameters),
                Statement(
                    """
                    INSERT INTO hoso.procedure (code, title, sector, online_level)
                    SELECT * FROM unnest($1, $2, $3, $4) ON CONFLICT DO NOTHING
                    """, procedureParameters),
            ], as: "add to the catalogues")
    }
}
