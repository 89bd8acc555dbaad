import Polling
import Postgres
import Store
import TestSupport
import Testing

@Suite(.takingTurns) struct ConnectionTests {
    private func perform<Value: Sendable>(
        _ work: @Sendable (Connection) async throws -> Value
    ) async throws -> Value {
        try await DatabaseSession(TestCluster.shared.database()).perform(work)
    }

    @Test func `Values of every type come back as they went`() async throws {
        try await perform { connection in
            var parameters = Parameters()
            parameters.append(Int64.min)
            parameters.append(Int32?.none)
            parameters.append(Int16(-7))
            parameters.append(true)
            parameters.append(day: 19_000)
            parameters.append(microseconds: 1_646_100_000_123_456)
            parameters.append("Lâm Hà \u{1F33F}")
            parameters.append([0, 255, 10])
            parameters.append(transaction: UInt64.max >> 1)
            let result = try await connection.run(
                "SELECT $1::bigint, $2::integer, $3::smallint, $4::boolean, $5::date, $6::timestamptz, $7::text, $8::bytea, $9::xid8",
                parameters, as: "test")
            #expect(result.count == 1)
            #expect(result.int64(0, 0) == .min)
            #expect(result.isNull(0, 1))
            #expect(result.int16(0, 2) == -7)
            #expect(result.bool(0, 3))
            #expect(result.day(0, 4) == 19_000)
            #expect(result.microseconds(0, 5) == 1_646_100_000_123_456)
            #expect(result.string(0, 6) == "Lâm Hà \u{1F33F}")
            #expect(result.bytes(0, 7) == [0, 255, 10])
            #expect(result.transaction(0, 8) == UInt64.max >> 1)
        }
    }

    @Test func `Arrays travel in binary form, NULL among them`() async throws {
        try await perform { connection in
            var texts = Column(.text), numbers = Column(.int8)
            for index in 0..<1_000 {
                texts.append(index.isMultiple(of: 3) ? nil : "text \(index)")
                numbers.append(Int64(index) - 500)
            }
            var parameters = Parameters()
            parameters.append(texts)
            parameters.append(numbers)
            let result = try await connection.run(
                "SELECT count(*), count(t), sum(n)::bigint, max(t) FROM unnest($1, $2) AS u (t, n)", parameters,
                as: "test")
            #expect(result.int64(0, 0) == 1_000)
            #expect(result.int64(0, 1) == 666)
            #expect(result.int64(0, 2) == -500)
            #expect(result.string(0, 3) == "text 998")
        }
    }

    @Test func `A batch larger than the socket's buffers goes through in one round trip`() async throws {
        try await perform { connection in
            var column = Column(.bytes)
            for _ in 0..<2_000 { column.append([UInt8](repeating: 7, count: 8_192)) }
            var parameters = Parameters()
            parameters.append(column)
            let result = try await connection.run(
                "SELECT b FROM unnest($1) AS b", parameters, as: "test", within: .seconds(60))
            #expect(result.count == 2_000)
            #expect(result.bytes(1_999, 0).count == 8_192)
        }
    }

    @Test func `A refused statement rolls its transaction back and leaves the connection usable`() async throws {
        try await perform { connection in
            _ = try await connection.run("CREATE TABLE t (n integer CHECK (n < 10))", as: "test")
            for _ in 0..<3 {
                let error = try await failure(PostgresError.self) {
                    _ = try await connection.commit(
                        [Statement("INSERT INTO t VALUES (1)"), Statement("INSERT INTO t VALUES (4711)")], as: "test")
                }
                #expect(error?.code == .refused(SQLState(rawValue: "23514")))
                #expect(error?.isRetriable == false)
                #expect(error?.description.contains("4711") == false, "values of rows stay out of errors")
                #expect(error?.description.contains("t_n_check") == true)
            }
            _ = try await connection.commit([Statement("INSERT INTO t VALUES (2)")], as: "test")
            #expect(try await connection.run("SELECT sum(n)::bigint FROM t", as: "test").int64(0, 0) == 2)
        }
    }

    @Test func `A statement that fails to prepare can be mended and run again`() async throws {
        try await perform { connection in
            let missing = try await failure(PostgresError.self) {
                _ = try await connection.run("SELECT * FROM nowhere", as: "test")
            }
            #expect(missing?.code == .refused(SQLState(rawValue: "42P01")))
            _ = try await connection.run("CREATE TABLE nowhere (n integer)", as: "test")
            #expect(try await connection.run("SELECT * FROM nowhere", as: "test").count == 0)
        }
    }

    @Test func `A server that does not answer in time is given up, and its late answer is nobody's`() async throws {
        try await perform { connection in
            let error = try await failure(PostgresError.self) {
                _ = try await connection.run("SELECT 1, pg_sleep(3)", as: "sleep", within: .milliseconds(200))
            }
            #expect(error?.code == .deadlineExceeded)
            #expect(error?.isRetriable == true && error?.isConnectionLost == true)
            let next = try await failure(PostgresError.self) { _ = try await connection.run("SELECT 2", as: "next") }
            #expect(next?.code == .connectionLost)
        }
    }

    @Test func `A connection that the server ends is lost, which is worth another try`() async throws {
        let address = try await TestCluster.shared.database()
        let killer = try DatabaseSession(address)
        try await DatabaseSession(address).perform { connection in
            let pid = try await connection.run("SELECT pg_backend_pid()", as: "test").int32(0, 0)
            try await killer.perform { other in
                _ = try await other.run("SELECT pg_terminate_backend(\(pid), 5000)", as: "kill")
            }
            let error = try await failure(PostgresError.self) { _ = try await connection.run("SELECT 1", as: "test") }
            #expect(error?.isRetriable == true && error?.isConnectionLost == true)
        }
    }

    @Test func `A cancelled task leaves its query at once`() async throws {
        let address = try await TestCluster.shared.database()
        let started = ContinuousClock.now
        await withTaskGroup(of: PostgresError.Code?.self) { group in
            group.addTask {
                do {
                    try await DatabaseSession(address).perform { connection in
                        _ = try await connection.run("SELECT pg_sleep(60)", as: "sleep", within: .seconds(90))
                    }
                    return nil
                } catch { return (error as? PostgresError)?.code }
            }
            // Not before the query is on its way.
            try? await Task.sleep(for: .milliseconds(300))
            group.cancelAll()
            for await code in group { #expect(code == .cancelled) }
        }
        #expect(started.duration(to: .now) < .seconds(30))
    }

    @Test func `Where nobody listens the error says so, and may be tried again`() async throws {
        let session = try DatabaseSession(DatabaseAddress(url: "host=/tmp/no-such-folder dbname=x", program: "test"))
        let error = try await failure(PostgresError.self) { try await session.perform { _ in } }
        #expect(error?.code == .unreachable)
        #expect(error?.isRetriable == true)
    }
}
