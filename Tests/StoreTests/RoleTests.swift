import Postgres
import Store
import TestSupport
import Testing

/// What each role may do, by trying it.
@Suite(.takingTurns) struct RoleTests {
    private func state(_ sql: String, as role: DatabaseAddress.Role, _ database: DatabaseAddress) async throws
        -> String?
    {
        try await DatabaseSession(database.acting(as: role)).perform { connection in
            do throws(PostgresError) {
                _ = try await connection.run(sql, as: "try")
                return nil
            } catch {
                guard case .refused(let state) = error.code else { throw error }
                return state.rawValue
            }
        }
    }

    private static let forbidden = "42501"

    @Test func `Nobody who connects can take back what the ledger says`() async throws {
        let database = try await TestCluster.shared.migratedDatabase()
        let append = ["intake", "survey_task", "quarantine", "quarantine_closure", "manifest", "replay_entry"]
        for role in DatabaseAddress.Role.allCases {
            for table in append {
                for sql in [
                    "DELETE FROM hoso.\(table)", "TRUNCATE hoso.\(table)", "DROP TABLE hoso.\(table)",
                    "ALTER TABLE hoso.\(table) DISABLE TRIGGER ALL",
                ] { #expect(try await state(sql, as: role, database) == Self.forbidden, "\(role): \(sql)") }
            }
            for sql in [
                "UPDATE hoso.intake SET outcome = 1", "UPDATE hoso.survey_task SET dossier = ''",
                "UPDATE hoso.quarantine SET reasons = '[]'", "DELETE FROM hoso.dossier", "DELETE FROM hoso.sender_key",
                "UPDATE hoso.sender_key SET curve = ''", "UPDATE hoso.sender_key SET signing = NULL",
                "UPDATE hoso.receipt SET first = 1", "TRUNCATE hoso.receipt", "DELETE FROM hoso.adoption",
                "SET ROLE hoso_owner", "UPDATE hoso.period SET closed_at = now()", "DELETE FROM hoso.period_sum",
                "DELETE FROM hoso.forgotten", "DELETE FROM hoso.dossier_gone", "DELETE FROM hoso.adoption_gone",
                "SELECT hoso.cut('intake', 1)", "UPDATE hoso.retention SET ledger_months = 13",
                "CREATE TABLE hoso.mine ()", "CREATE TABLE public.mine ()", "DELETE FROM hoso.migration",
            ] { #expect(try await state(sql, as: role, database) == Self.forbidden, "\(role): \(sql)") }
        }
    }

    @Test func `Each role reads and writes what its service needs, and nothing of the others`() async throws {
        let database = try await TestCluster.shared.migratedDatabase()
        let forbidden: [(DatabaseAddress.Role, [String])] = [
            (
                .ingest,
                ["UPDATE hoso.adoption SET late = 0", "UPDATE hoso.fold SET id = 0", "SELECT * FROM hoso.replay"]
            ),
            (
                .ingest,
                [
                    "INSERT INTO hoso.survey_acknowledgement (task) VALUES (1)",
                    "UPDATE hoso.sender_epoch SET contiguous = 9",
                ]
            ),
            (.ingest, ["INSERT INTO hoso.sender_key (sender, curve, enrolled_by) VALUES (1, '', '')"]),
            (
                .fold,
                [
                    "SELECT * FROM hoso.dossier", "SELECT * FROM hoso.quarantine",
                    "INSERT INTO hoso.unit (code) VALUES ('x')", "SELECT * FROM hoso.hash_secret",
                    "SELECT * FROM hoso.personal_access",
                ]
            ),
            (.fold, ["UPDATE hoso.sender_epoch SET head = 9", "SELECT * FROM hoso.sender_key"]),
            (
                .relay,
                ["SELECT applicant_id FROM hoso.dossier", "SELECT * FROM hoso.intake", "SELECT * FROM hoso.quarantine"]
            ),
            (.ingest, ["UPDATE hoso.quarantine SET body = NULL", "UPDATE hoso.hash_secret SET sealed = ''"]),
            (.fold, ["UPDATE hoso.retention SET days = 30", "SELECT hoso.erase('x', 'y', 'z')"]),
            (.operations, ["UPDATE hoso.retention SET days = 30", "UPDATE hoso.quarantine SET dossier = ''"]),
            (.read, ["SELECT personal FROM hoso.dossier", "SELECT * FROM hoso.hash_secret"]),
            (.read, ["SELECT applicant_name FROM hoso.dossier", "SELECT applicant_phone FROM hoso.dossier"]),
            (
                .read,
                [
                    "SELECT applicant_id FROM hoso.dossier", "SELECT content FROM hoso.dossier",
                    "SELECT body FROM hoso.quarantine",
                ]
            ),
            (
                .read,
                ["SELECT * FROM hoso.survey_contact", "INSERT INTO hoso.replay (by_whom, chosen) VALUES ('', '')"]
            ),
            (.operations, ["UPDATE hoso.api_token SET units = NULL", "DELETE FROM hoso.api_token"]),
            (.ingest, ["SELECT * FROM hoso.api_token"]), (.fold, ["SELECT * FROM hoso.api_token"]),
            (
                .read,
                [
                    "INSERT INTO hoso.api_token (name, digest, role, made_by) VALUES ('', '', '', '')",
                    "UPDATE hoso.api_token SET revoked_by = ''",
                ]
            ),
            (.operations, ["UPDATE hoso.adoption SET late = 0", "UPDATE hoso.fold SET id = 0"]),
            (.ingest, ["SELECT hoso.close_period()", "SELECT hoso.drop_period(1)", "SELECT hoso.forget_dossiers(1)"]),
            (.relay, ["SELECT hoso.close_period()", "SELECT hoso.drop_period(1)", "SELECT * FROM hoso.forgotten"]),
            (
                .read,
                ["SELECT hoso.close_period()", "SELECT hoso.erase_period(1, 1)", "SELECT * FROM hoso.dossier_gone"]
            ),
            (.operations, ["SELECT hoso.close_period()", "SELECT hoso.drop_period(1)", "SELECT hoso.sum_period(1)"]),
            (.fold, ["INSERT INTO hoso.forgotten VALUES (1, 1, 1, 1, 1, 1, 1)", "SELECT * FROM hoso.dossier_gone"]),
        ]
        for (role, statements) in forbidden {
            for sql in statements {
                #expect(try await state(sql, as: role, database) == Self.forbidden, "\(role): \(sql)")
            }
        }
        let allowed: [(DatabaseAddress.Role, [String])] = [
            (
                .ingest,
                ["SELECT * FROM hoso.intake", "UPDATE hoso.dossier SET sector = 'x'", "SELECT * FROM hoso.sender_key"]
            ),
            (
                .fold,
                ["SELECT * FROM hoso.intake", "UPDATE hoso.adoption SET late = 0", "DELETE FROM hoso.fold_second"]
            ),
            (.relay, ["SELECT applicant_phone FROM hoso.dossier", "SELECT * FROM hoso.survey_task"]),
            (
                .read,
                [
                    "SELECT code, unit FROM hoso.dossier", "SELECT reasons FROM hoso.quarantine",
                    "SELECT * FROM hoso.adoption",
                ]
            ),
            (.operations, ["SELECT body FROM hoso.quarantine", "SELECT * FROM hoso.sender_key"]),
            (.operations, ["UPDATE hoso.api_token SET revoked_at = now(), revoked_by = 'x'"]),
            (.read, ["SELECT * FROM hoso.api_token"]),
            (.ingest, ["SELECT * FROM hoso.forgotten", "SELECT * FROM hoso.dossier_gone"]),
            (.fold, ["SELECT * FROM hoso.period", "SELECT hoso.close_period()", "SELECT hoso.expired_period()"]),
            (
                .read,
                ["SELECT * FROM hoso.period_sum", "SELECT * FROM hoso.adoption_gone", "SELECT * FROM hoso.retention"]
            ),
        ]
        for (role, statements) in allowed {
            for sql in statements { #expect(try await state(sql, as: role, database) == nil, "\(role): \(sql)") }
        }
    }

    @Test func `No privilege has slipped in`() async throws {
        let database = try await TestCluster.shared.migratedDatabase()
        let found = try await DatabaseSession(database).perform { connection in
            let result = try await connection.run(
                """
                SELECT grantee || ' ' || privilege_type || ' ' || table_name FROM information_schema.role_table_grants
                WHERE table_schema = 'hoso' AND grantee <> 'hoso_owner'
                  AND privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE')
                UNION ALL SELECT 'PUBLIC ' || privilege_type || ' ' || table_name
                FROM information_schema.role_table_grants WHERE table_schema = 'hoso' AND grantee = 'PUBLIC'
                UNION ALL SELECT rolname || ' owns ' || relname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
                WHERE c.relnamespace = 'hoso'::regnamespace AND rolname <> 'hoso_owner'
                UNION ALL SELECT rolname || ' logs in' FROM pg_roles WHERE rolname = 'hoso_owner' AND rolcanlogin
                UNION ALL SELECT rolname || ' is too mighty' FROM pg_roles
                WHERE rolname LIKE 'hoso\\_%' AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)
                ORDER BY 1
                """, as: "list privileges")
            return (0..<result.count).map { result.string($0, 0) }
        }
        #expect(
            found == [
                "hoso_fold DELETE delivery", "hoso_fold DELETE fold_second", "hoso_fold DELETE receipt",
                "hoso_operations DELETE survey_contact", "hoso_operations DELETE unsealed_dossier",
                "hoso_relay DELETE survey_acknowledgement",
            ])
    }

    @Test func `Every session of a role has limits, whoever opens it`() async throws {
        let database = try await TestCluster.shared.migratedDatabase()
        let limits = try await DatabaseSession(database).perform { connection in
            let result = try await connection.run(
                """
                SELECT rolname, array_to_string(rolconfig, ','), rolconnlimit FROM pg_roles
                WHERE rolname = ANY ('{hoso_ingest,hoso_fold,hoso_relay,hoso_read,hoso_operations}')
                """, as: "read limits")
            return (0..<result.count).map { (result.string($0, 0), result.string($0, 1), result.int32($0, 2)) }
        }
        #expect(limits.count == 5)
        for (role, settings, connections) in limits {
            for name in ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "search_path"] {
                #expect(settings.contains("\(name)="), "\(role): \(name)")
            }
            #expect(connections > 0)
        }
    }

    @Test func `Privileges that were never granted are granted by the next migration`() async throws {
        let database = try await TestCluster.shared.migratedDatabase()
        // As if the first run had been cut short behind its last migration.
        try await DatabaseSession(database).perform { connection in
            _ = try await connection.run("REVOKE ALL ON ALL TABLES IN SCHEMA hoso FROM hoso_ingest", as: "take back")
        }
        #expect(try await state("SELECT * FROM hoso.intake", as: .ingest, database) == Self.forbidden)
        #expect(try await DatabaseSession(database).perform { try await Migrator($0).migrate() }.isEmpty)
        #expect(try await state("SELECT * FROM hoso.intake", as: .ingest, database) == nil)
    }

    @Test func `Who may make no roles migrates without them, and works as the owner of everything`() async throws {
        let database = try await TestCluster.shared.database()
        try await DatabaseSession(database).perform { connection async throws in
            let role = "plain_\(UInt32.random(in: 0...(.max)))"
            for sql in [
                "CREATE ROLE \(role) NOCREATEROLE NOSUPERUSER",
                "DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO \(role)', current_database()); END $$",
                "SET ROLE \(role)",
            ] { _ = try await connection.run(sql, as: "prepare") }
            #expect(try await !Migrator(connection).migrate(hasRoles: false).isEmpty)
            _ = try await connection.run("INSERT INTO hoso.sender (name) VALUES ('office')", as: "work")
            do throws(PostgresError) {
                _ = try await Migrator(connection).migrate()
                Issue.record("roles were made")
            } catch {
                #expect(error.code == .refused(SQLState(rawValue: Self.forbidden)))
            }
        }
    }
}
