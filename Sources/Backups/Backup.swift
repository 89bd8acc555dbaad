import Foundation
package import Polling
import Postgres
package import Store

/// Makes a backup of the database: PostgreSQL's own dump in a folder, with a manifest.
///
/// Services go on meanwhile. The keys of personal data are not in it: whoever has the backup only cannot read who applied.
package actor Backup {
    private let executor: PollingExecutor
    private let database: DatabaseAddress
    private let software: String

    /// The backup's thread.
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// A backup of a database, as its owner sees it.
    package init(of database: DatabaseAddress, software: String) throws(PollingError) {
        executor = try PollingExecutor(name: "hoso-backup")
        self.database = database.allowing(.seconds(3_600))
        self.software = software
    }

    isolated deinit { executor.stop() }

    /// Writes it into a folder that is not there yet; what is killed leaves a `FOLDER.part-…`.
    package func write(to path: String) async throws -> Manifest {
        let files = FileManager.default
        // Without a stroke at the end.
        let folder = URL(fileURLWithPath: path).standardizedFileURL.path
        guard !files.fileExists(atPath: folder) else { throw BackupError(.exists) }
        let programs = try DumpPrograms(database)
        // Of its own: somebody else may be writing one of the same name.
        let part = folder + ".part-\(UInt32.random(in: .min ... .max))"
        try files.createDirectory(
            atPath: part, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        do {
            let manifest = try await fill(part, programs)
            guard !files.fileExists(atPath: folder) else { throw BackupError(.exists) }
            try files.moveItem(atPath: part, toPath: folder)
            return manifest
        } catch {
            try? files.removeItem(atPath: part)
            throw error
        }
    }

    private func fill(_ part: String, _ programs: DumpPrograms) async throws -> Manifest {
        let connection = try await database.open(on: executor)
        // Until the connection is closed no period is closed or dropped: tables are dumped and counted by their names.
        _ = try await connection.run(
            "SELECT pg_advisory_lock_shared(hashtext('hoso.period'))", as: "keep the periods as they are")
        // One snapshot for what is dumped and what is counted.
        _ = try await connection.run("SET idle_in_transaction_session_timeout = 0", as: "prepare a backup")
        _ = try await connection.run(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", as: "begin a backup")
        let snapshot = try await connection.run("SELECT pg_export_snapshot()", as: "share the snapshot").string(0, 0)
        async let dump: Void = programs.dump(to: part + "/dump", snapshot: snapshot)
        let rows = try await RowCounts(connection).read()
        let about = try await connection.run(
            """
            SELECT (SELECT max(number) FROM hoso.migration), to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                   current_setting('server_version')
            """, as: "describe a backup")
        try await dump
        try await connection.rollBack()
        let manifest = Manifest(
            software: software, schema: about.int32(0, 0), takenAt: about.string(0, 1), server: about.string(0, 2),
            rows: rows, files: try Manifest.File.all(in: part))
        try manifest.write(to: part)
        return manifest
    }
}

/// Counts the rows of every table; those of a closed period of the ledger under its own name, not under that of the open one.
struct RowCounts {
    private let connection: Connection

    init(_ connection: Connection) { self.connection = connection }

    func read() async throws(PostgresError) -> [String: Int64] {
        let tables = try await connection.run(
            """
            SELECT relname::text FROM pg_class
            WHERE relnamespace = 'hoso'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1
            """, as: "list tables")
        var rows: [String: Int64] = [:]
        for row in 0..<tables.count {
            let table = tables.string(row, 0)
            rows[table] = try await connection.run(
                "SELECT count(*) FROM ONLY hoso.\"\(table)\"", as: "count rows", within: .seconds(3_600)
            ).int64(0, 0)
        }
        return rows
    }
}
