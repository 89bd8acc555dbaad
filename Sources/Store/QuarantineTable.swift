package import Postgres

/// What is in the quarantine.
package struct QuarantineTable {
    /// A count per sender and reason.
    package struct Count: Sendable, Equatable {
        /// Name of the sender.
        package let sender: String
        /// Code of the reason.
        package let reason: String
        /// Path of the field, or empty.
        package let field: String
        /// Entries with this reason.
        package let entries: Int64
    }

    /// A quarantined entry.
    package struct Entry: Sendable {
        /// Its number in the quarantine.
        package let id: Int64
        /// Name of the sender.
        package let sender: String
        /// Where it stands.
        package let key: EntryKey
        /// What it is.
        package let kind: EntryKind
        /// `rejected` or `conflict`.
        package let outcome: StoredOutcome
        /// Code of the dossier, if it could be read.
        package let dossier: String?
        /// When it came, in microseconds since 1970.
        package let recordedAt: Int64
        /// The reasons as a JSON array.
        package let reasons: String
        /// Its digest in the sender's chain.
        package let digest: [UInt8]
        /// 1 protobuf, 2 JSON.
        package let contentType: Int16
        /// The entry as its sender wrote it, sealed or, of before there was sealing, as it is; `nil` when it was erased, or
        /// has not been read.
        package let body: [UInt8]?
        /// Whether it is sealed.
        package let isSealed: Bool
        /// The part of the ledger that a replay would write.
        package let nextPart: Int16
        /// How it was closed; `nil` while it is open.
        package let closure: Closure?
        /// Number of the entry with which its dossier began, for a correction.
        package let root: UInt64?
    }

    /// How an entry was closed.
    package struct Closure: Sendable {
        /// `corrected`, `replayed`, `dismissed` or `erased`.
        package let cause: String
        /// Number of the entry that took its place.
        package let sequence: UInt64?
        /// Who dismissed or erased it.
        package let byWhom: String?
        /// Why.
        package let because: String?
    }

    /// Which entries are meant: those that meet every condition that is given.
    package struct Selection: Sendable, Equatable {
        /// Name of the sender.
        package var sender: String?
        /// A code among its reasons.
        package var reason: String?
        /// Code of the dossier.
        package var dossier: String?
        /// Numbers in the quarantine.
        package var ids: [Int64] = []
        /// Whether also those are meant that are closed.
        package var includesClosed = false

        /// All open entries.
        package init() {}
    }

    /// A replay that an entry was part of.
    package struct Attempt: Sendable {
        /// When, in microseconds since 1970.
        package let at: Int64
        /// Who ran it.
        package let byWhom: String
        /// What became of the entry.
        package let outcome: StoredOutcome?
        /// The reasons that were left, as a JSON array.
        package let reasons: String
    }

    private let connection: Connection

    /// The quarantine on a connection.
    package init(_ connection: Connection) { self.connection = connection }

    /// Open entries per sender, reason and field.
    package func counts() async throws(PostgresError) -> [Count] {
        let result = try await connection.run(
            """
            SELECT s.name, r ->> 'code', coalesce(r ->> 'field', ''), count(*)
            FROM hoso.quarantine q JOIN hoso.sender s ON s.id = q.sender, jsonb_array_elements(q.reasons) AS r
            WHERE NOT EXISTS (SELECT FROM hoso.quarantine_closure c WHERE c.quarantine = q.id)
            GROUP BY 1, 2, 3 ORDER BY 1, 4 DESC, 2, 3
            """, as: "count the quarantine", within: .seconds(30))
        return (0..<result.count).map { row in
            Count(
                sender: result.string(row, 0), reason: result.string(row, 1), field: result.string(row, 2),
                entries: result.int64(row, 3))
        }
    }

    /// Entries of a selection in order of their numbers.
    /// - Parameters:
    ///   - id: only those after it.
    ///   - withBodies: whether their content is read too, up to 64 KiB each; queries may not, operators may.
    package func entries(
        _ selection: Selection, after id: Int64 = 0, limit: Int, withBodies: Bool = false
    ) async throws(PostgresError) -> [Entry] {
        var parameters = Parameters()
        parameters.append(selection.sender)
        parameters.append(selection.reason)
        parameters.append(selection.dossier)
        var ids = Column(.int8)
        for id in selection.ids { ids.append(id) }
        parameters.append(ids)
        parameters.append(selection.includesClosed)
        parameters.append(id)
        parameters.append(Int64(limit))
        let result = try await connection.run(
            """
            SELECT q.id, s.name, q.sender, q.epoch, q.sequence, q.kind, q.outcome, q.dossier, q.recorded_at,
                   q.reasons::text, q.digest, q.content_type, \(withBodies ? "q.body" : "NULL::bytea"),
                   (SELECT max(part) + 1 FROM hoso.intake i
                    WHERE i.sender = q.sender AND i.epoch = q.epoch AND i.sequence = q.sequence)::smallint,
                   c.cause, c.sequence, c.by_whom, c.because, CASE WHEN q.kind = 2 THEN q.root_sequence END, q.is_sealed
            FROM hoso.quarantine q
            JOIN hoso.sender s ON s.id = q.sender
            LEFT JOIN hoso.quarantine_closure c ON c.quarantine = q.id
            WHERE q.id > $6 AND ($1::text IS NULL OR s.name = $1)
              AND ($2::text IS NULL OR q.reasons @> jsonb_build_array(jsonb_build_object('code', $2)))
              AND ($3::text IS NULL OR q.dossier = $3) AND (cardinality($4) = 0 OR q.id = ANY ($4))
              AND ($5 OR c.quarantine IS NULL)
            ORDER BY q.id LIMIT $7
            """, parameters, as: "read the quarantine", within: .seconds(60))
        return (0..<result.count).map { Self.entry(result, $0) }
    }

    private static func entry(_ result: QueryResult, _ row: Int) -> Entry {
        Entry(
            id: result.int64(row, 0), sender: result.string(row, 1),
            key: EntryKey(
                sender: result.int32(row, 2), epoch: UInt64(bitPattern: result.int64(row, 3)),
                sequence: UInt64(bitPattern: result.int64(row, 4))),
            kind: EntryKind(rawValue: result.int16(row, 5)) ?? .unknown,
            outcome: StoredOutcome(rawValue: result.int16(row, 6)) ?? .rejected,
            dossier: result.isNull(row, 7) ? nil : result.string(row, 7), recordedAt: result.microseconds(row, 8),
            reasons: result.string(row, 9), digest: result.bytes(row, 10), contentType: result.int16(row, 11),
            body: result.isNull(row, 12) ? nil : result.bytes(row, 12), isSealed: result.bool(row, 19),
            nextPart: result.isNull(row, 13) ? 1 : result.int16(row, 13),
            closure: result.isNull(row, 14)
                ? nil
                : Closure(
                    cause: result.string(row, 14),
                    sequence: result.isNull(row, 15) ? nil : UInt64(bitPattern: result.int64(row, 15)),
                    byWhom: result.isNull(row, 16) ? nil : result.string(row, 16),
                    because: result.isNull(row, 17) ? nil : result.string(row, 17)),
            root: result.isNull(row, 18) ? nil : UInt64(bitPattern: result.int64(row, 18)))
    }

    /// Closes open entries by a person's decision; what they said is kept, and stays out of the figures.
    /// - Returns: numbers of those that were open.
    package func dismiss(
        _ ids: [Int64], byWhom: String, because: String
    ) async throws(PostgresError) -> [Int64] {
        var column = Column(.int8)
        for id in ids { column.append(id) }
        var parameters = Parameters()
        parameters.append(column)
        parameters.append(byWhom)
        parameters.append(because)
        let result = try await connection.commit(
            [
                Statement(
                    """
                    INSERT INTO hoso.quarantine_closure (quarantine, cause, by_whom, because)
                    SELECT id, 'dismissed', $2, $3 FROM hoso.quarantine WHERE id = ANY ($1) ORDER BY id
                    ON CONFLICT (quarantine) DO NOTHING RETURNING quarantine
                    """, parameters)
            ], as: "dismiss entries")[0]
        return (0..<result.count).map { result.int64($0, 0) }.sorted()
    }

    /// Bodies that another key than this one has sealed, or none, in order of their numbers.
    package func stale(after id: Int64, key: [UInt8], limit: Int) async throws(PostgresError) -> [SealedBody] {
        var parameters = Parameters()
        parameters.append(id)
        parameters.append(key)
        parameters.append(Int64(limit))
        let result = try await connection.run(
            """
            SELECT id, digest, body, is_sealed FROM hoso.quarantine
            WHERE id > $1 AND body IS NOT NULL AND (NOT is_sealed OR substr(body, 1, 8) <> $2) ORDER BY id LIMIT $3
            """, parameters, as: "read the quarantine", within: .seconds(60))
        return (0..<result.count).map { row in
            SealedBody(
                id: result.int64(row, 0), digest: result.bytes(row, 1), body: result.bytes(row, 2),
                isSealed: result.bool(row, 3))
        }
    }

    /// Replaces bodies by the same ones sealed anew, unless they were erased meanwhile.
    package func reseal(_ bodies: [SealedBody]) async throws(PostgresError) {
        var id = Column(.int8), body = Column(.bytes)
        for sealed in bodies {
            id.append(sealed.id)
            body.append(sealed.body)
        }
        var parameters = Parameters()
        parameters.append(id)
        parameters.append(body)
        _ = try await connection.run(
            """
            UPDATE hoso.quarantine q SET body = t.body, is_sealed = true FROM unnest($1, $2) AS t (id, body)
            WHERE q.id = t.id AND q.body IS NOT NULL
            """, parameters, as: "seal the quarantine anew", within: .seconds(60))
    }

    /// The body of an entry, as it lies in the quarantine.
    package struct SealedBody: Sendable {
        /// Number in the quarantine.
        package let id: Int64
        /// Digest of the entry in its sender's chain.
        package let digest: [UInt8]
        /// Sealed or not.
        package let body: [UInt8]
        /// Whether it is sealed.
        package let isSealed: Bool

        /// A body.
        package init(id: Int64, digest: [UInt8], body: [UInt8], isSealed: Bool) {
            self.id = id
            self.digest = digest
            self.body = body
            self.isSealed = isSealed
        }
    }

    /// Open entries per sender.
    package func open() async throws(PostgresError) -> [String: Int64] {
        let result = try await connection.run(
            """
            SELECT s.name, count(*) FROM hoso.quarantine q JOIN hoso.sender s ON s.id = q.sender
            WHERE NOT EXISTS (SELECT FROM hoso.quarantine_closure c WHERE c.quarantine = q.id) GROUP BY 1
            """, as: "count open entries", within: .seconds(30))
        return (0..<result.count).reduce(into: [:]) { $0[result.string($1, 0)] = result.int64($1, 1) }
    }

    /// Replays that an entry was part of, in order of time.
    package func attempts(of id: Int64) async throws(PostgresError) -> [Attempt] {
        var parameters = Parameters()
        parameters.append(id)
        let result = try await connection.run(
            """
            SELECT e.recorded_at, r.by_whom, e.outcome, coalesce(e.reasons::text, '[]')
            FROM hoso.replay_entry e JOIN hoso.replay r ON r.id = e.replay WHERE e.quarantine = $1 ORDER BY 1
            """, parameters, as: "read an entry's replays")
        return (0..<result.count).map { row in
            Attempt(
                at: result.microseconds(row, 0), byWhom: result.string(row, 1),
                outcome: StoredOutcome(rawValue: result.int16(row, 2)), reasons: result.string(row, 3))
        }
    }
}

/// The record of who had today's rules run on the quarantine, and what came of it.
package struct ReplayRecord {
    /// An entry that was refused again.
    package struct Line: Sendable {
        /// Its number in the quarantine.
        package let id: Int64
        /// `rejected` or `conflict`.
        package let outcome: StoredOutcome
        /// The reasons that are left, as a JSON array.
        package let reasons: String

        /// A line.
        package init(id: Int64, outcome: StoredOutcome, reasons: String) {
            self.id = id
            self.outcome = outcome
            self.reasons = reasons
        }
    }

    private let connection: Connection
    /// Its number.
    package let id: Int64

    /// Begins the record of a replay, before anything is done.
    package init(_ connection: Connection, byWhom: String, chosen: String) async throws(PostgresError) {
        var parameters = Parameters()
        parameters.append(byWhom)
        parameters.append(chosen)
        self.connection = connection
        id = try await connection.run(
            "INSERT INTO hoso.replay (by_whom, chosen) VALUES ($1, $2) RETURNING id", parameters, as: "begin a replay"
        ).int64(0, 0)
    }

    /// Adds entries that were refused again; those that were stored stand there by the transaction that stored them.
    package func add(_ lines: [Line]) async throws(PostgresError) {
        guard !lines.isEmpty else { return }
        var entry = Column(.int8), outcome = Column(.int2), reasons = Column(.text)
        for line in lines {
            entry.append(line.id)
            outcome.append(line.outcome.rawValue)
            reasons.append(line.reasons)
        }
        var parameters = Parameters()
        parameters.append(id)
        for column in [entry, outcome, reasons] { parameters.append(column) }
        _ = try await connection.run(
            """
            INSERT INTO hoso.replay_entry (replay, quarantine, outcome, reasons)
            SELECT $1, e, o, r::jsonb FROM unnest($2, $3, $4) AS t (e, o, r) ON CONFLICT DO NOTHING
            """, parameters, as: "record a replay")
    }

    /// Ends the record.
    package func finish() async throws(PostgresError) {
        var parameters = Parameters()
        parameters.append(id)
        _ = try await connection.run(
            "UPDATE hoso.replay SET finished_at = now() WHERE id = $1", parameters, as: "end a replay")
    }
}
