import Foundation
package import Polling
import Postgres
package import Store

/// Restores a backup into an empty database, of any cluster.
///
/// Transaction numbers mean nothing in another cluster, where new ones may be lower: those of the ledger and of the outbox, by
/// which the fold and the relay know their place, become 0 for what they had dealt with and 1 for the rest.
package actor Restoration {
    private let executor: PollingExecutor
    private let database: DatabaseAddress

    /// The thread of the restoration.
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// A restoration into a database, as its owner.
    package init(into database: DatabaseAddress) throws(PollingError) {
        executor = try PollingExecutor(name: "hoso-restore")
        self.database = database.allowing(.seconds(3_600))
    }

    isolated deinit { executor.stop() }

    /// What is being done.
    package enum Step: Sendable, CaseIterable {
        case checking, tables, rows, places, indexes, migrations, counting
    }

    /// Restores it, and compares what is there then with the backup.
    /// - Parameters:
    ///   - hasRoles: whether services connect as roles of their own, which are made then.
    ///   - progress: is told each step.
    package func restore(
        from folder: String, hasRoles: Bool, progress: @Sendable (Step) -> Void
    ) async throws -> Manifest {
        progress(.checking)
        let manifest = try Manifest.read(checking: folder)
        guard manifest.schema <= Migrator.neededVersion else { throw BackupError(.newer(manifest.schema)) }
        let programs = try DumpPrograms(database)
        let connection = try await database.open(on: executor)
        try await makeRoom(connection)
        let dump = folder + "/dump"
        do {
            progress(.tables)
            try await programs.restore("pre-data", from: dump)
            progress(.rows)
            try await programs.restore("data", from: dump)
            progress(.places)
            try await connection.runScript(Self.places, as: "find places anew", within: .seconds(3_600))
            progress(.indexes)
            try await programs.restore("post-data", from: dump)
            progress(.counting)
            try await compare(connection, manifest)
            progress(.migrations)
            _ = try await Migrator(connection).migrate(hasRoles: hasRoles)
            try await connection.runScript(
                "DROP SCHEMA \(Self.mark); ANALYZE", as: "finish the restoration", within: .seconds(3_600))
        } catch {
            // Nothing was there before.
            _ = try? await connection.runScript(
                "DROP SCHEMA IF EXISTS hoso CASCADE; DROP SCHEMA IF EXISTS \(Self.mark)",
                as: "take back the restoration",
                within: .seconds(600))
            throw error
        }
        return manifest
    }

    /// While it is there, what is in the schema of hoso is half a restoration, and nobody's data.
    private static let mark = "hoso_restoring"

    /// Makes sure that nothing is lost: the schema is not there, or has never been used, or is an interrupted restoration's.
    private func makeRoom(_ connection: Connection) async throws {
        // Nobody comes in between; who may is granted anew at the end.
        try await connection.runScript(Self.door(opens: false), as: "close the door to services", within: .seconds(10))
        do {
            try await lookWhetherItIsFree(connection)
            try await connection.runScript(
                "DROP SCHEMA IF EXISTS hoso CASCADE; CREATE SCHEMA IF NOT EXISTS \(Self.mark)", as: "make room",
                within: .seconds(600))
        } catch {
            try? await connection.runScript(
                Self.door(opens: true), as: "open the door to services", within: .seconds(10))
            throw error
        }
    }

    private func lookWhetherItIsFree(_ connection: Connection) async throws {
        // Whoever is connected may store something, and lose it: also one that connects as the owner.
        let others = try await connection.run(
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
              AND (backend_type = 'client backend' OR backend_type IS NULL)
            """, as: "look for services"
        ).int64(0, 0)
        guard others == 0 else { throw BackupError(.inUse(Int(others))) }
        let found = try await connection.run(
            """
            SELECT to_regnamespace('\(Self.mark)') IS NULL AND to_regnamespace('hoso') IS NOT NULL,
                   num_nulls(to_regclass('hoso.intake'), to_regclass('hoso.dossier'), to_regclass('hoso.sender'),
                             to_regclass('hoso.quarantine')) = 0
            """, as: "look for the schema")
        guard found.bool(0, 0) else { return }
        // What is not ours, or not whole, is somebody's.
        guard found.bool(0, 1) else { throw BackupError(.notEmpty) }
        let used = try await connection.run(
            """
            SELECT EXISTS (SELECT FROM hoso.intake) OR EXISTS (SELECT FROM hoso.dossier)
                OR EXISTS (SELECT FROM hoso.sender) OR EXISTS (SELECT FROM hoso.quarantine)
            """, as: "look for data")
        guard !used.bool(0, 0) else { throw BackupError(.notEmpty) }
    }

    private static func door(opens: Bool) -> String {
        """
        DO $$
        DECLARE
            role text;
        BEGIN
            FOR role IN SELECT rolname FROM pg_roles WHERE rolname IN (
                'hoso_ingest', 'hoso_fold', 'hoso_relay', 'hoso_read', 'hoso_operations') LOOP
                EXECUTE format('\(opens ? "GRANT" : "REVOKE") CONNECT ON DATABASE %I \(opens ? "TO" : "FROM") %I',
                               current_database(), role);
            END LOOP;
        END $$
        """
    }

    private func compare(_ connection: Connection, _ manifest: Manifest) async throws {
        let rows = try await RowCounts(connection).read()
        for (table, count) in manifest.rows.sorted(by: { $0.key < $1.key })
        where rows[table] != count && table != "fold_second" {
            throw BackupError(.differs("\(table): \(rows[table] ?? 0) of \(count) rows"))
        }
    }

    /// Rewrites each table once, while it has no index yet; with the open period of the ledger its closed ones.
    private static let places = """
        DO $$
        DECLARE
            at record;
            closed integer;
        BEGIN
            SELECT xid, id INTO at FROM hoso.fold WHERE name = 'adoption';
            IF to_regclass('hoso.period') IS NOT NULL THEN
                UPDATE hoso.period p SET xid = '0' WHERE (p.xid, p.id) <= (at.xid, at.id);
                -- What is not folded of a closed period is from now on in order of the ids alone.
                FOR closed IN SELECT p.number FROM hoso.period p
                    WHERE p.closed_at IS NOT NULL AND p.dropped_at IS NULL AND (p.xid, p.id) > (at.xid, at.id)
                LOOP
                    EXECUTE format($f$UPDATE hoso.period SET xid = '1', id = (SELECT max(id) FROM ONLY hoso.intake_%1$s)
                        WHERE number = %1$s$f$, closed);
                END LOOP;
            END IF;
            EXECUTE format($f$ALTER TABLE hoso.intake ALTER COLUMN xid DROP DEFAULT, ALTER COLUMN xid TYPE xid8
                USING CASE WHEN (xid, id) <= (%L::xid8, %L::bigint) THEN '0'::xid8 ELSE '1'::xid8 END$f$, at.xid, at.id);
            ALTER TABLE hoso.intake ALTER COLUMN xid SET DEFAULT pg_current_xact_id();
            SELECT xid, task INTO at FROM hoso.survey_floor;
            EXECUTE format($f$ALTER TABLE hoso.survey_task ALTER COLUMN xid DROP DEFAULT, ALTER COLUMN xid TYPE xid8
                USING CASE WHEN (xid, id) <= (%L::xid8, %L::bigint) THEN '0'::xid8 ELSE '1'::xid8 END$f$, at.xid, at.task);
            ALTER TABLE hoso.survey_task ALTER COLUMN xid SET DEFAULT pg_current_xact_id();
        END $$;
        UPDATE hoso.fold SET xid = '0', id = 9223372036854775807,
            system_identifier = (SELECT system_identifier FROM pg_control_system());
        UPDATE hoso.survey_floor SET xid = '0', task = 9223372036854775807;
        -- When what was folded is known of the last days only, by numbers that are no more.
        TRUNCATE hoso.fold_second;
        """
}
