import Polling
import Postgres
import Store
import TestSupport
import Testing

@Suite(.takingTurns) struct CopyTests {
    private func perform<Value: Sendable>(
        _ work: @Sendable (Connection) async throws -> Value
    ) async throws -> Value {
        try await DatabaseSession(TestCluster.shared.database()).perform { connection async throws in
            try await connection.runScript(
                """
                CREATE TABLE copied (
                    number bigint PRIMARY KEY, small integer, least smallint, flag boolean, day date, moment timestamptz,
                    words text, bytes bytea);
                CREATE TABLE other (number bigint PRIMARY KEY)
                """, as: "make tables", within: .seconds(10))
            return try await work(connection)
        }
    }

    private static let target = "copied (number, small, least, flag, day, moment, words, bytes)"

    private func rows(_ numbers: ClosedRange<Int64>) -> CopyRows {
        var rows = CopyRows()
        for number in numbers {
            rows.beginRow(columns: 8)
            rows.append(number)
            rows.append(Int32?.some(-7))
            rows.append(Int16?.some(-2))
            rows.append(number.isMultiple(of: 2))
            rows.append(day: 19_000)
            rows.append(microseconds: 1_646_100_000_123_456)
            rows.append("Lâm Hà \(number)")
            rows.append([0, 255, 10])
        }
        return rows
    }

    private func numbers(_ number: Int64) -> CopyRows {
        var rows = CopyRows()
        rows.beginRow(columns: 1)
        rows.append(number)
        return rows
    }

    @Test func `Values of every type arrive as they were`() async throws {
        try await perform { connection in
            var all = rows(1...1)
            all.beginRow(columns: 8)
            all.append(Int64.min)
            for _ in 0..<2 { all.appendNull() }
            all.append(false)
            for _ in 0..<4 { all.appendNull() }
            _ = try await connection.commit(copying: [CopiedTable(Self.target, all)], as: "copy")
            let result = try await connection.run("SELECT * FROM copied ORDER BY number DESC", as: "read")
            #expect(result.count == 2)
            #expect(result.int64(0, 0) == 1 && result.int32(0, 1) == -7 && result.int16(0, 2) == -2)
            #expect(!result.bool(0, 3) && result.day(0, 4) == 19_000)
            #expect(result.microseconds(0, 5) == 1_646_100_000_123_456)
            #expect(result.string(0, 6) == "Lâm Hà 1" && result.bytes(0, 7) == [0, 255, 10])
            #expect(result.int64(1, 0) == .min)
            #expect([1, 2, 4, 5, 6, 7].allSatisfy { result.isNull(1, $0) })
        }
    }

    @Test func `Many rows, another table and a statement are one transaction`() async throws {
        try await perform { connection in
            let results = try await connection.commit(
                copying: [CopiedTable(Self.target, rows(1...20_000)), CopiedTable("other (number)", numbers(5))],
                then: [Statement("SELECT count(*) FROM copied"), Statement("INSERT INTO other VALUES (6)")],
                as: "copy and count")
            #expect(results[0].int64(0, 0) == 20_000)
            let counts = try await connection.run(
                "SELECT (SELECT count(*) FROM copied), (SELECT count(DISTINCT xmin::text) FROM copied), count(*) FROM other",
                as: "count")
            #expect(counts.int64(0, 0) == 20_000 && counts.int64(0, 1) == 1 && counts.int64(0, 2) == 2)
        }
    }

    @Test func `A row that is there fails the whole, and the connection goes on`() async throws {
        try await perform { connection in
            _ = try await connection.commit(copying: [CopiedTable(Self.target, rows(7...7))], as: "copy")
            for tables in [
                [CopiedTable(Self.target, rows(1...10_000)), CopiedTable("other (number)", numbers(5))],
                [CopiedTable("other (number)", numbers(5)), CopiedTable(Self.target, rows(1...10))],
            ] {
                let refusal = try await failure(PostgresError.self) {
                    _ = try await connection.commit(copying: tables, as: "copy")
                }
                #expect(refusal?.code == .refused(SQLState(rawValue: "23505")))
                #expect(refusal?.detail == "copied_pkey", "the constraint, and no value of the row")
            }
            let failed = try await failure(PostgresError.self) {
                _ = try await connection.commit(
                    copying: [CopiedTable("other (number)", numbers(5))], then: [Statement("SELECT 1 / 0")],
                    as: "copy and divide")
            }
            #expect(failed?.code == .refused(SQLState(rawValue: "22012")))
            let left = try await connection.run(
                "SELECT (SELECT count(*) FROM copied), (SELECT count(*) FROM other)", as: "count")
            #expect(left.int64(0, 0) == 1 && left.int64(0, 1) == 0)
        }
    }
}
