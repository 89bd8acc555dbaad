import Demonstration
import Postgres
import Store

/// A made-up roll-up of many years: working days only, some rows per unit and day.
struct RollUp: Sendable {
    let shape: RollUpShape

    /// Code of the unit that is asked for.
    static let firstUnit = "H36.31.001"

    /// Fills the roll-up, a year at a time.
    func make(_ session: DatabaseSession) async throws {
        try await session.perform { connection in
            for year in 0..<shape.years {
                try Task.checkCancellation()
                _ = try await connection.run(Self.sql, parameters(year), as: "make a roll-up", within: .seconds(300))
            }
            _ = try await connection.run(Self.months, as: "make a roll-up by months", within: .seconds(300))
            // Ten years of life would have brought this about.
            for table in ["hoso.adoption", "hoso.adoption_month"] {
                try await connection.runScript(
                    "VACUUM (ANALYZE) \(table)", as: "vacuum the roll-up", within: .seconds(300))
            }
        }
    }

    private func parameters(_ year: Int) -> Parameters {
        var parameters = Parameters()
        parameters.append(Int32(2_016 + year))
        parameters.append(Int32(shape.units))
        parameters.append(Int32(shape.rowsOfFirstUnit))
        parameters.append(Int32(shape.rowsPerDay))
        var codes = Column(.text)
        var sectors = Column(.text)
        for procedure in LamHa.procedures {
            codes.append(procedure.code)
            sectors.append(procedure.sector)
        }
        parameters.append(codes)
        parameters.append(sectors)
        return parameters
    }

    /// The procedures of a unit and day are neighbours in the list, so that no two rows have one key; of five rows, one is
    /// postal, two are online and two in person.
    private static let sql = """
        INSERT INTO hoso.adoption
        SELECT day, (ARRAY[1, 2, 1, 2, 3]::smallint[])[1 + (number + unit) % 5], 'H36.31.' || lpad(unit::text, 3, '0'),
               ($5::text[])[place], ($6::text[])[place], CASE number % 4 WHEN 0 THEN 'post_office' ELSE '' END,
               weight, weight / 2, weight / 2, weight / 5, weight, weight / 2, weight / 4, weight / 8
        FROM (
            SELECT day::date AS day, unit, number, 1 + (day::date - date '2016-01-01' + unit + number)
                       % cardinality($5::text[]) AS place,
                   1 + (unit * 31 + number * 17 + extract(doy FROM day)::integer) % 24 AS weight
            FROM generate_series(make_timestamp($1, 1, 1, 0, 0, 0), make_timestamp($1, 12, 31, 0, 0, 0), '1 day') AS day,
                 generate_series(1, $2) AS unit,
                 LATERAL generate_series(1, CASE unit WHEN 1 THEN $3 ELSE $4 END) AS number
            WHERE extract(isodow FROM day) < 6
        ) AS made
        """

    private static let months = """
        INSERT INTO hoso.adoption_month
        SELECT date_trunc('month', day)::date, channel, unit, sum(dossiers), sum(offered), sum(returned),
               sum(returned_by_post), sum(finished), sum(early), sum(on_the_day), sum(late)
        FROM hoso.adoption GROUP BY 1, 2, 3
        """
}
