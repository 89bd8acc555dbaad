import Polling
import Postgres
import Store
import TestSupport
import Testing

/// The tokens of the HTTP API in a real database.
@Suite(.takingTurns) struct AccessTokenTests {
    private static let second: Int64 = 1_000_000

    @Test func `A token counts until it ends or is revoked, and stays on record`() async throws {
        let database = try await TestCluster.shared.migratedDatabase()
        try await DatabaseSession(database).perform { connection in
            let tokens = AccessTokens(connection)
            let (first, second, past) = (digest(1), digest(2), digest(3))
            #expect(
                try await tokens.create(
                    "a", digest: first, role: .operations, units: ["H36.31", "H36.32"], validTo: nil, by: "x"))
            #expect(
                !(try await tokens.create("a", digest: second, role: .read, units: nil, validTo: nil, by: "x")),
                "one of a name")
            let found = try #require(try await tokens.find(first))
            #expect(found.name == "a" && found.role == .operations && found.units == ["H36.31", "H36.32"])
            #expect(try await tokens.find(second) == nil)
            #expect(
                try await tokens.create(
                    "b", digest: past, role: .read, units: nil, validTo: WallClock.microseconds - Self.second, by: "x"))
            #expect(try await tokens.find(past) == nil)
            #expect(try await tokens.revoke("a", by: "y"))
            #expect(!(try await tokens.revoke("a", by: "y")))
            #expect(try await tokens.find(first) == nil)
            #expect(try await tokens.create("a", digest: second, role: .read, units: nil, validTo: nil, by: "x"))
            #expect(try await tokens.find(second)?.units == nil)
            let records = try await tokens.list()
            #expect(records.map(\.token.name) == ["a", "b", "a"] && records.map(\.isValid) == [false, false, true])
            #expect(records[0].revokedBy == "y" && records[1].revokedAt == nil)
        }
    }

    @Test(arguments: [
        "UPDATE hoso.api_token SET role = 'operations'", "UPDATE hoso.api_token SET valid_to = 'infinity'",
        "UPDATE hoso.api_token SET units = NULL", "DELETE FROM hoso.api_token", "TRUNCATE hoso.api_token",
    ])
    func `Nobody changes what a token is for, not even the owner`(statement: String) async throws {
        let database = try await TestCluster.shared.migratedDatabase()
        try await DatabaseSession(database).perform { connection in
            _ = try await AccessTokens(connection).create(
                "a", digest: digest(1), role: .read, units: ["H36.31"], validTo: WallClock.microseconds + Self.second,
                by: "x")
            do throws(PostgresError) {
                _ = try await connection.run(statement, as: "change a token")
                Issue.record("it was changed")
            } catch {
                guard case .refused = error.code else { throw error }
            }
        }
    }

    private func digest(_ number: UInt8) -> [UInt8] { [UInt8](repeating: number, count: 32) }
}
