import Migrations
package import Postgres

/// Brings the database to the version that this program needs.
package struct Migrator {
    /// What a program may find.
    package enum State: Sendable, Equatable {
        /// The database is as the program needs it, or newer and serves it as well.
        case current
        /// Migrations are missing, from this number on.
        case behind(Int32)
        /// The database has been migrated by a newer program, and no longer serves this one.
        case ahead(Int32)
    }

    private let connection: Connection

    /// A migrator that works on a connection.
    package init(_ connection: Connection) { self.connection = connection }

    /// The version that this program needs.
    package static var neededVersion: Int32 { Migrations.all.last?.number ?? 0 }

    /// What state the database is in.
    package func state() async throws(PostgresError) -> State {
        let (version, serves) = try await version()
        if version < Self.neededVersion { return .behind(version + 1) }
        return serves <= Self.neededVersion ? .current : .ahead(version)
    }

    /// Names of the migrations that are missing.
    package func missing() async throws(PostgresError) -> [String] {
        let version = try await version().number
        return Migrations.all.filter { $0.number > version }.map { "\($0.number) \($0.name)" }
    }

    /// Applies what is missing, each migration in a transaction of its own, one program at a time.
    /// - Parameter hasRoles: whether services connect as roles of their own, which are made then, and given their privileges.
    /// - Returns: names of the migrations that were applied.
    package func migrate(hasRoles: Bool = true) async throws(PostgresError) -> [String] {
        _ = try await connection.run("SET lock_timeout = '60s'; SET statement_timeout = 0", script: "prepare migration")
        _ = try await connection.run(
            "SELECT pg_advisory_lock(hashtext('hoso.migration'))", as: "lock migrations", within: .seconds(60))
        var applied: [String] = []
        let version = try await version().number
        for migration in Migrations.all where migration.number > version {
            try await connection.runScript(
                migration.sql + Self.record(migration), as: "migration \(migration.number)", within: .seconds(600))
            applied.append("\(migration.number) \(migration.name)")
        }
        // Always: an earlier run may have been cut short before it, or the database restored into another cluster.
        if hasRoles {
            try await connection.runScript(Migrations.privileges, as: "grant privileges", within: .seconds(60))
        }
        _ = try await connection.run("SELECT pg_advisory_unlock(hashtext('hoso.migration'))", as: "unlock migrations")
        return applied
    }

    private static func record(_ migration: Migrations.Migration) -> String {
        """

        CREATE TABLE IF NOT EXISTS hoso.migration (
            number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());
        ALTER TABLE hoso.migration ADD COLUMN IF NOT EXISTS serves integer;
        INSERT INTO hoso.migration (number, name, serves)
        VALUES (\(migration.number), '\(migration.name)', \(migration.serves));
        """
    }

    /// The last migration, and the oldest program that the database serves, by the number that it needs.
    private func version() async throws(PostgresError) -> (number: Int32, serves: Int32) {
        let exists = try await connection.run(
            "SELECT to_regclass('hoso.migration') IS NOT NULL", as: "look for migrations")
        guard exists.bool(0, 0) else { return (0, 0) }
        // As JSON, for the column is younger than the table.
        let result = try await connection.run(
            """
            SELECT coalesce(max(number), 0), coalesce(max(coalesce((to_jsonb(m) ->> 'serves')::integer, number)), 0)
            FROM hoso.migration m
            """, as: "read the schema's version")
        return (result.int32(0, 0), result.int32(0, 1))
    }
}

extension Connection {
    fileprivate func run(_ sql: String, script name: String) async throws(PostgresError) {
        try await runScript(sql, as: name, within: .seconds(10))
    }
}
