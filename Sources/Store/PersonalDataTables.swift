package import Postgres

/// The secret of the keyed hashes, sealed: one for the whole database, for ever.
package struct HashSecret {
    private let connection: Connection

    /// The secret on a connection.
    package init(_ connection: Connection) { self.connection = connection }

    /// The sealed secret; where there is none yet, one that is made.
    package func sealed(orElse make: () -> [UInt8]) async throws(PostgresError) -> [UInt8] {
        if let known = try await read() { return known }
        var parameters = Parameters()
        parameters.append(make())
        // Another process may be faster; then its secret is everybody's.
        _ = try await connection.run(
            "INSERT INTO hoso.hash_secret (sealed) VALUES ($1) ON CONFLICT DO NOTHING", parameters,
            as: "keep the hash secret")
        return try await read() ?? []
    }

    private func read() async throws(PostgresError) -> [UInt8]? {
        let result = try await connection.run("SELECT sealed FROM hoso.hash_secret", as: "read the hash secret")
        return result.count == 0 ? nil : result.bytes(0, 0)
    }

    /// Replaces the sealed secret by the same one sealed anew; nothing happens when another process has done so.
    package func reseal(_ old: [UInt8], as new: [UInt8]) async throws(PostgresError) {
        var parameters = Parameters()
        parameters.append(old)
        parameters.append(new)
        _ = try await connection.run(
            "UPDATE hoso.hash_secret SET sealed = $2 WHERE sealed = $1", parameters, as: "seal the hash secret anew")
    }
}

/// Who opened personal data and what for, and what was erased: rows that nobody changes.
package struct AccessAudit {
    /// What was done.
    package enum Action: String, Sendable, CaseIterable {
        /// A person looked at it.
        case read
        /// Quarantined entries were judged again.
        case replay
        /// Contacts went to survey senders.
        case survey
        /// It was sealed with another key.
        case reseal
        /// A person had it erased.
        case erase
        /// It was erased by its age.
        case expire
    }

    /// A row.
    package struct Row: Sendable {
        /// When, in microseconds since 1970.
        package let at: Int64
        /// Who.
        package let byWhom: String
        /// As which role of the database.
        package let role: String
        /// What.
        package let action: String
        /// Of what: a dossier's code, or which entries or tasks.
        package let subject: String
        /// Of how many dossiers or entries.
        package let entries: Int64
        /// Why.
        package let because: String?
    }

    private let connection: Connection

    /// The audit on a connection.
    package init(_ connection: Connection) { self.connection = connection }

    /// Notes an access, durably, before it takes place.
    /// - Parameter subjects: a dossier's code each, or where that is not known which entry it is.
    package func note(
        _ action: Action, of subjects: [String], by whom: String, because: String? = nil
    ) async throws(PostgresError) {
        var parameters = Parameters()
        parameters.append(whom)
        parameters.append(action.rawValue)
        var column = Column(.text)
        for subject in subjects { column.append(subject) }
        parameters.append(column)
        parameters.append(because)
        _ = try await connection.run(
            """
            INSERT INTO hoso.personal_access (by_whom, action, subject, entries, because)
            SELECT $1, $2, s, 1, $4 FROM unnest($3) AS s
            """, parameters, as: "note an access to personal data")
    }

    /// Notes that everything was sealed anew, by whom.
    package func note(resealed entries: Int, by whom: String) async throws(PostgresError) {
        var parameters = Parameters()
        parameters.append(whom)
        parameters.append(Int64(entries))
        _ = try await connection.run(
            """
            INSERT INTO hoso.personal_access (by_whom, action, subject, entries) VALUES ($1, 'reseal', 'what is sealed', $2)
            """, parameters, as: "note that data was sealed anew")
    }

    /// The latest rows, the newest first.
    /// - Parameter subject: only of a dossier of this code.
    package func rows(subject: String? = nil, limit: Int) async throws(PostgresError) -> [Row] {
        var parameters = Parameters()
        parameters.append(subject)
        parameters.append(Int64(limit))
        let result = try await connection.run(
            """
            SELECT at, by_whom, role, action, subject, entries, because FROM hoso.personal_access
            WHERE $1::text IS NULL OR subject = $1 ORDER BY id DESC LIMIT $2
            """, parameters, as: "read the audit", within: .seconds(60))
        return (0..<result.count).map { row in
            Row(
                at: result.microseconds(row, 0), byWhom: result.string(row, 1), role: result.string(row, 2),
                action: result.string(row, 3), subject: result.string(row, 4), entries: result.int64(row, 5),
                because: result.optionalString(row, 6))
        }
    }
}

/// What the database has of applicants, sealed.
package struct ApplicantTable {
    /// A dossier's applicant.
    package struct Row: Sendable {
        /// Code of the dossier.
        package let code: String
        /// Sealed; `nil` where nothing is known, or it was erased.
        package let personal: [UInt8]?
        /// In plain text, of dossiers of before there was sealing.
        package let plain: (id: String?, name: String?, phone: String?)
        /// Whether it was erased.
        package let isErased: Bool
        /// Hash of its content, where that is one without a secret.
        package let unkeyedContent: [UInt8]?
    }

    /// How a dossier's applicant is to be stored from now on.
    package struct Change: Sendable {
        /// As it was read.
        package let row: Row
        /// Sealed.
        package let personal: [UInt8]?
        /// Keyed hash of the content, where it had none.
        package let content: [UInt8]?

        /// A change.
        package init(row: Row, personal: [UInt8]?, content: [UInt8]?) {
            self.row = row
            self.personal = personal
            self.content = content
        }
    }

    private let connection: Connection

    /// The applicants on a connection.
    package init(_ connection: Connection) { self.connection = connection }

    /// Dossiers, quarantined entries and citizens of the quiet period of before there was sealing, that are as they were.
    package func unsealed() async throws(PostgresError) -> Int64 {
        try await connection.run(
            """
            SELECT (SELECT count(*) FROM hoso.unsealed_dossier)
                 + (SELECT count(*) FROM hoso.quarantine WHERE NOT is_sealed AND body IS NOT NULL)
                 + (SELECT count(*) FROM hoso.survey_contact WHERE NOT is_keyed)
            """, as: "count what is not sealed", within: .seconds(120)
        ).int64(0, 0)
    }

    /// The applicant of a dossier; `nil` when there is no such dossier.
    package func find(_ code: String) async throws(PostgresError) -> Row? {
        var parameters = Parameters()
        parameters.append(code)
        return try await rows("d.code = $1", parameters).first
    }

    /// Applicants in order of their codes that another key than this one has sealed, or none.
    package func stale(after code: String, key: [UInt8], limit: Int) async throws(PostgresError) -> [Row] {
        var parameters = Parameters()
        parameters.append(code)
        parameters.append(key)
        parameters.append(Int64(limit))
        return try await rows(
            """
            d.code > $1 AND (substr(d.personal, 1, 8) <> $2 OR u.code IS NOT NULL
                -- A worker of the version before may have stored it after the migration.
                OR num_nonnulls(d.applicant_id, d.applicant_name, d.applicant_phone) > 0)
            ORDER BY d.code LIMIT $3
            """,
            parameters)
    }

    private func rows(_ condition: String, _ parameters: Parameters) async throws(PostgresError) -> [Row] {
        let result = try await connection.run(
            """
            SELECT d.code, d.personal, d.applicant_id, d.applicant_name, d.applicant_phone, d.erased_at IS NOT NULL,
                   CASE WHEN u.content = d.content THEN d.content END
            FROM hoso.dossier d LEFT JOIN hoso.unsealed_dossier u ON u.code = d.code WHERE \(condition)
            """, parameters, as: "read applicants", within: .seconds(120))
        return (0..<result.count).map { row in
            Row(
                code: result.string(row, 0), personal: result.isNull(row, 1) ? nil : result.bytes(row, 1),
                plain: (result.optionalString(row, 2), result.optionalString(row, 3), result.optionalString(row, 4)),
                isErased: result.bool(row, 5), unkeyedContent: result.isNull(row, 6) ? nil : result.bytes(row, 6))
        }
    }

    /// Stores applicants as they are to be from now on, unless they have been changed since they were read.
    /// - Returns: how many were stored; the others are still to be done.
    package func apply(_ changes: [Change]) async throws(PostgresError) -> Int {
        var code = Column(.text), old = Column(.bytes), new = Column(.bytes), content = Column(.bytes)
        for change in changes {
            code.append(change.row.code)
            old.append(change.row.personal)
            new.append(change.personal)
            content.append(change.content)
        }
        var parameters = Parameters()
        for column in [code, old, new, content] { parameters.append(column) }
        let result = try await connection.run(
            """
            WITH changed AS (
                UPDATE hoso.dossier d SET personal = CASE WHEN d.erased_at IS NULL THEN t.new END,
                    applicant_id = NULL, applicant_name = NULL, applicant_phone = NULL,
                    content = coalesce(t.content, d.content)
                FROM unnest($1, $2, $3, $4) AS t (code, old, new, content)
                WHERE d.code = t.code AND d.personal IS NOT DISTINCT FROM t.old
                  -- A correction may have brought a keyed one meanwhile.
                  AND (t.content IS NULL OR d.content = (
                      SELECT content FROM hoso.unsealed_dossier u WHERE u.code = d.code))
                RETURNING d.code
            ), done AS (DELETE FROM hoso.unsealed_dossier u USING changed c WHERE u.code = c.code)
            SELECT count(*) FROM changed
            """, parameters, as: "seal applicants anew", within: .seconds(60))
        return Int(result.int64(0, 0))
    }

    /// Erases who handed in a dossier and what was quarantined of it; counts, chains and receipts stay as they are.
    /// - Returns: dossiers and quarantined entries of which something was erased.
    package func erase(
        _ code: String, by whom: String, because: String
    ) async throws(PostgresError) -> (dossiers: Int64, entries: Int64) {
        var parameters = Parameters()
        parameters.append(code)
        parameters.append(whom)
        parameters.append(because)
        let result = try await connection.run(
            "SELECT dossiers, entries FROM hoso.erase($1, $2, $3)", parameters, as: "erase")
        return (result.int64(0, 0), result.int64(0, 1))
    }
}

/// Citizens who were asked and are left in peace, by hashes without a secret: of before there was one.
package struct UnkeyedContacts {
    private let connection: Connection

    /// The contacts on a connection.
    package init(_ connection: Connection) { self.connection = connection }

    /// Some of the hashes.
    package func some(limit: Int) async throws(PostgresError) -> [[UInt8]] {
        var parameters = Parameters()
        parameters.append(Int64(limit))
        let result = try await connection.run(
            "SELECT person FROM hoso.survey_contact WHERE NOT is_keyed LIMIT $1", parameters, as: "read old contacts",
            within: .seconds(60))
        return (0..<result.count).map { result.bytes($0, 0) }
    }

    /// Replaces hashes by keyed ones; a citizen who was asked since keeps the later day.
    package func replace(_ hashes: [(old: [UInt8], new: [UInt8])]) async throws(PostgresError) {
        var old = Column(.bytes), new = Column(.bytes)
        for hash in hashes {
            old.append(hash.old)
            new.append(hash.new)
        }
        var parameters = Parameters()
        parameters.append(old)
        parameters.append(new)
        _ = try await connection.run(
            """
            WITH gone AS (
                DELETE FROM hoso.survey_contact c USING unnest($1, $2) AS t (old, new)
                WHERE c.person = t.old AND NOT c.is_keyed RETURNING t.new, c.asked_on)
            INSERT INTO hoso.survey_contact AS c (person, asked_on, is_keyed) SELECT new, asked_on, true FROM gone
            ON CONFLICT (person) DO UPDATE SET asked_on = greatest(c.asked_on, excluded.asked_on)
            """, parameters, as: "key old contacts", within: .seconds(60))
    }
}

/// For how long the ledger, dossiers and personal data are kept.
package struct Retention {
    /// The lengths; 0 stands for ever.
    package struct Lengths: Sendable {
        /// Days after the last step of a dossier for which its applicant's data is kept.
        package let personalDays: Int
        /// Months of a period of the ledger; 0: there is one period.
        package let periodMonths: Int
        /// Months after its end for which a period is kept.
        package let ledgerMonths: Int
        /// Months after its last step for which a dossier is kept.
        package let dossierMonths: Int

        /// Lengths.
        package init(personalDays: Int = 0, periodMonths: Int = 0, ledgerMonths: Int = 0, dossierMonths: Int = 0) {
            self.personalDays = personalDays
            self.periodMonths = periodMonths
            self.ledgerMonths = ledgerMonths
            self.dossierMonths = dossierMonths
        }
    }

    private let connection: Connection

    /// The retention on a connection.
    package init(_ connection: Connection) { self.connection = connection }

    /// Sets the lengths from now on, as the owner: no service may shorten them.
    package func keep(_ lengths: Lengths) async throws(PostgresError) {
        var parameters = Parameters()
        for length in [lengths.personalDays, lengths.periodMonths, lengths.ledgerMonths, lengths.dossierMonths] {
            parameters.append(Int32(clamping: length))
        }
        _ = try await connection.run(
            """
            UPDATE hoso.retention SET days = $1, period_months = $2, ledger_months = $3, dossier_months = $4
            WHERE (days, period_months, ledger_months, dossier_months) IS DISTINCT FROM ($1, $2, $3, $4)
            """, parameters, as: "set the retention")
    }

    /// Erases some of what has been kept for long enough.
    /// - Returns: dossiers and entries of which something was erased; 0 when there was nothing left.
    package func erase() async throws(PostgresError) -> Int64 {
        try await connection.run(
            "SELECT hoso.erase_expired(10000)", as: "erase by age", within: .seconds(900)
        ).int64(0, 0)
    }
}
