package import Postgres

/// The outbox of survey tasks: read in order of commit, acknowledged row by row, never changed.
package struct Outbox {
    /// A task and what a survey sender needs to carry it out.
    package struct Task: Sendable {
        /// Transaction of its row.
        package let transaction: UInt64
        /// Its id, under which it is delivered.
        package let id: Int64
        /// Not to be used before this moment, in microseconds since 1970.
        package let notBefore: Int64
        /// Code of the dossier.
        package let dossier: String
        /// Code of the procedure.
        package let procedure: String?
        /// Code of the unit.
        package let unit: String
        /// 1 in person, 2 online, 3 postal.
        package let channel: Int16
        /// The same codes.
        package let returnChannel: Int16?
        /// Local day of reception, days since 1970-01-01.
        package let receivedOn: Int32
    }

    /// Whom a task is about.
    package struct Contact: Sendable {
        /// Sealed.
        package let personal: [UInt8]?
        /// In plain text, of a dossier of before there was sealing.
        package let plain: (name: String?, phone: String?)
    }

    private let connection: Connection

    /// An outbox on a connection.
    package init(_ connection: Connection) { self.connection = connection }

    /// Takes the lock that makes this connection the only relay; false when another one has it.
    package func becomeRelay() async throws(PostgresError) -> Bool {
        let result = try await connection.run(
            "SELECT pg_try_advisory_lock(hashtext('hoso.survey_relay'))", as: "become the relay")
        return result.bool(0, 0)
    }

    /// The position up to which every task is acknowledged.
    package func floor() async throws(PostgresError) -> (transaction: UInt64, task: Int64) {
        let result = try await connection.run("SELECT xid, task FROM hoso.survey_floor", as: "read the survey floor")
        return (result.transaction(0, 0), result.int64(0, 1))
    }

    /// Tasks after a position that are committed, below the horizon, and not acknowledged.
    package func tasks(
        afterTransaction transaction: UInt64, task: Int64, limit: Int
    ) async throws(PostgresError) -> [Task] {
        var parameters = Parameters()
        parameters.append(transaction: transaction)
        parameters.append(task)
        parameters.append(Int64(limit))
        let result = try await connection.run(
            """
            SELECT t.xid, t.id, t.not_before, t.dossier, d.procedure, d.unit, d.channel, d.return_channel,
                   d.received_on
            FROM hoso.survey_task t JOIN hoso.dossier d ON d.code = t.dossier
            WHERE (t.xid, t.id) > ($1, $2) AND t.xid < pg_snapshot_xmin(pg_current_snapshot())
              AND NOT EXISTS (SELECT FROM hoso.survey_acknowledgement a WHERE a.task = t.id)
            ORDER BY t.xid, t.id LIMIT $3
            """, parameters, as: "read survey tasks")
        return (0..<result.count).map { row in
            Task(
                transaction: result.transaction(row, 0), id: result.int64(row, 1),
                notBefore: result.microseconds(row, 2), dossier: result.string(row, 3),
                procedure: result.optionalString(row, 4), unit: result.string(row, 5), channel: result.int16(row, 6),
                returnChannel: result.isNull(row, 7) ? nil : result.int16(row, 7), receivedOn: result.day(row, 8))
        }
    }

    /// Whom tasks are about as of now, by their ids; that it was read is noted, dossier by dossier.
    ///
    /// Read when they are handed over, and never kept: it may be erased meanwhile.
    /// - Parameter keys: ids of the keys at hand; what was sealed with another one is not read by anybody, and so not noted.
    package func contacts(
        of tasks: [Int64], for whom: String, keys: [[UInt8]]
    ) async throws(PostgresError) -> [Int64: Contact] {
        var known = Column(.bytes)
        for key in keys { known.append(key) }
        var column = Column(.int8)
        for task in tasks { column.append(task) }
        var parameters = Parameters()
        parameters.append(column)
        parameters.append(whom)
        parameters.append(known)
        let result = try await connection.run(
            """
            WITH found AS MATERIALIZED (
                SELECT t.id, t.dossier, d.personal, d.applicant_name, d.applicant_phone
                FROM hoso.survey_task t JOIN hoso.dossier d ON d.code = t.dossier
                WHERE t.id = ANY ($1) AND num_nonnulls(d.personal, d.applicant_name, d.applicant_phone) > 0
            ), noted AS (
                INSERT INTO hoso.personal_access (by_whom, action, subject, entries)
                SELECT $2, 'survey', dossier, 1 FROM found
                WHERE personal IS NULL OR substr(personal, 1, 8) = ANY ($3))
            SELECT id, personal, applicant_name, applicant_phone FROM found
            """, parameters, as: "read contacts")
        return (0..<result.count).reduce(into: [:]) { contacts, row in
            contacts[result.int64(row, 0)] = Contact(
                personal: result.isNull(row, 1) ? nil : result.bytes(row, 1),
                plain: (result.optionalString(row, 2), result.optionalString(row, 3)))
        }
    }

    /// Records acknowledgements and moves the floor, durably.
    package func acknowledge(
        _ tasks: [Int64], floorTransaction: UInt64, floorTask: Int64
    ) async throws(PostgresError) {
        var column = Column(.int8)
        for task in tasks.sorted() { column.append(task) }
        var acknowledgements = Parameters()
        acknowledgements.append(column)
        var floor = Parameters()
        floor.append(transaction: floorTransaction)
        floor.append(floorTask)
        _ = try await connection.commit(
            [
                Statement(
                    """
                    INSERT INTO hoso.survey_acknowledgement (task) SELECT t FROM unnest($1) AS t
                    WHERE EXISTS (SELECT FROM hoso.survey_task s WHERE s.id = t)
                      -- One of a closed period conflicts with nothing.
                      AND NOT EXISTS (SELECT FROM hoso.survey_acknowledgement a WHERE a.task = t)
                    ON CONFLICT DO NOTHING
                    """, acknowledgements),
                // A relay that was thought dead and wakes up must not move the floor back.
                Statement("UPDATE hoso.survey_floor SET xid = $1, task = $2 WHERE (xid, task) < ($1, $2)", floor),
            ], as: "acknowledge survey tasks")
    }

    /// Numbers of tasks: all that are not gone with their period, and acknowledged ones of them.
    package func counts() async throws(PostgresError) -> (tasks: Int64, acknowledged: Int64) {
        let result = try await connection.run(
            """
            SELECT (SELECT count(*) FROM hoso.survey_task),
                   -- A task may have been acknowledged in a later period than its own.
                   (SELECT count(*) FROM hoso.survey_acknowledgement WHERE task >= coalesce((
                       SELECT max(first_task) FROM hoso.period WHERE dropped_at IS NOT NULL), 0))
            """, as: "count survey tasks")
        return (result.int64(0, 0), result.int64(0, 1))
    }
}
