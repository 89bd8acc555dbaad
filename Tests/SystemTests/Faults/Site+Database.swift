import Foundation
import Postgres
import Store
import TestSupport

extension Site {
    /// Does something with the database, past the proxies, and again while the server is away.
    func withDatabase<Value: Sendable>(_ work: @Sendable (Connection) async throws -> Value) async throws -> Value {
        let deadline = ContinuousClock.now.advanced(by: .seconds(40))
        while true {
            do {
                return try await DatabaseSession(address).perform(work)
            } catch let error as PostgresError where error.isRetriable && deadline > .now {
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    /// Runs a script.
    func sql(_ text: String) async throws {
        try await withDatabase { try await $0.runScript(text, as: "test", within: .seconds(60)) }
    }

    /// Holds a lock on the ledger for longer than anybody waits for one.
    func lock(_ duration: Duration) async throws {
        try await sql("BEGIN; LOCK hoso.intake; SELECT pg_sleep(\(duration.components.seconds)); COMMIT")
    }

    /// Lets the server refuse writes, as one that has become a standby.
    func takeNoWrites(for duration: Duration) async throws {
        try await change("SET default_transaction_read_only = on")
        try await Task.sleep(for: duration)
        try await change("RESET default_transaction_read_only")
    }

    /// By psql: our own connections ask for a server that takes writes.
    private func change(_ setting: String) async throws {
        for statement in ["ALTER SYSTEM \(setting)", "SELECT pg_reload_conf()"] {
            // Until the server is there: the fault before this one may have been its restart.
            try await Patience.until("\(statement) is done") {
                try await Program.run(
                    [
                        "-h", folder.path + "/pg/run", "-U", "hoso", "-d", "hoso", "-q", "-c",
                        "SET default_transaction_read_only = off", "-c", statement,
                    ], program: "/usr/bin/psql"
                ).status == 0
            }
        }
    }

    /// Takes every connection that the server allows, those of our own programs too (SQLSTATE 53300).
    func crowdServer(for duration: Duration) async throws {
        // Until the server is there: the fault before this one may have been its restart.
        var crowd: [SQLSocket] = []
        try await Patience.until("the server takes a session") {
            if let first = try? SQLSocket(self) { crowd = [first] }
            return !crowd.isEmpty
        }
        // The crowd is there before those who are thrown out come back.
        for isFirst in [true, false] {
            while let next = try? SQLSocket(self) { crowd.append(next) }
            if isFirst {
                crowd[0].send(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'hoso-%'")
                usleep(30_000)
            }
        }
        try await Task.sleep(for: duration)
        for member in crowd { member.close() }
    }

    /// Cancels whatever our programs have the server do, over and over (SQLSTATE 57014).
    func cancelStatements(for duration: Duration) async throws {
        try await sql(
            """
            DO $$ BEGIN
                FOR i IN 1..\(50 * duration.components.seconds) LOOP
                    PERFORM pg_cancel_backend(pid) FROM pg_stat_activity
                    WHERE application_name LIKE 'hoso-%' AND state = 'active';
                    PERFORM pg_stat_clear_snapshot();
                    PERFORM pg_sleep(0.02);
                END LOOP;
            END $$
            """)
    }
}

/// A session of the database by hand: it only takes up its place, or sends a statement whose result nobody reads.
private struct SQLSocket {
    private let descriptor: Int32

    /// Fails when the server refuses the session.
    init(_ site: Site) throws {
        descriptor = try UnixSocket.connect(to: site.folder.path + "/pg/run/.s.PGSQL.5432")
        let words = ["user", "hoso", "database", "hoso", "application_name", "crowd", ""]
        let body = Self.number(196_608) + words.flatMap { Array($0.utf8) + [0] }
        guard UnixSocket.write(Self.number(body.count + 4) + body, to: descriptor),
            // R is the server's word that the user may come in.
            UnixSocket.read(descriptor, atMost: 1) == [UInt8(ascii: "R")]
        else {
            close()
            throw UnixSocket.Failure(call: "session")
        }
    }

    func send(_ statement: String) {
        let body = Array(statement.utf8) + [0]
        _ = UnixSocket.write([UInt8(ascii: "Q")] + Self.number(body.count + 4) + body, to: descriptor)
    }

    func close() { Foundation.close(descriptor) }

    private static func number(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
