package import Postgres

/// Writes batches: ledger, dossiers, survey tasks and quarantine in one transaction and one round trip.
package struct BatchWriter {
    private let connection: Connection
    private let quietDays: Int32
    private var columns = AcceptedColumns()

    /// A writer on a connection.
    /// - Parameter quietDays: days for which a citizen who was chosen for a survey is left in peace.
    package init(_ connection: Connection, quietDays: Int) {
        self.connection = connection
        self.quietDays = Int32(clamping: quietDays)
    }

    /// What became of the entries of a batch, in their order.
    package struct Outcome: Sendable {
        /// Of accepted entries.
        package var accepted: [Resolution]
        /// Of quarantined entries.
        package var quarantined: [Resolution]
    }

    /// Writes a batch.
    ///
    /// A value that only the database rejects is found by halving the batch, each half in a transaction of its own;
    /// all others are stored.
    /// - Parameters:
    ///   - accepted: entries with different dossier codes and different keys.
    ///   - quarantined: entries with different keys.
    /// - Throws: ``PostgresError`` when nothing more can be said now: the server is away, or refuses the statement.
    package mutating func write(
        accepted: [AcceptedEntry], quarantined: [QuarantinedEntry]
    ) async throws(PostgresError) -> Outcome {
        var outcome = Outcome(
            accepted: Array(repeating: .undecided, count: accepted.count),
            quarantined: Array(repeating: .undecided, count: quarantined.count))
        try await write(
            accepted, accepted.indices, quarantined, quarantined.indices, into: &outcome)
        return outcome
    }

    private mutating func write(
        _ accepted: [AcceptedEntry], _ chosen: Range<Int>, _ quarantined: [QuarantinedEntry],
        _ refused: Range<Int>, into outcome: inout Outcome
    ) async throws(PostgresError) {
        guard !chosen.isEmpty || !refused.isEmpty else { return }
        var statements: [Statement] = []
        if !chosen.isEmpty {
            var parameters = columns.parameters(accepted, chosen)
            parameters.append(quietDays)
            statements.append(Statement(BatchSQL.accepted, parameters))
        }
        if !refused.isEmpty {
            statements.append(Statement(BatchSQL.quarantined, Self.parameters(quarantined, refused)))
        }
        // A batch that is known already would write nothing, and its COMMIT would not wait for a synchronous standby that
        // the first attempt may have failed to reach: a few bytes of log make it wait.
        statements.append(Statement("SELECT pg_logical_emit_message(true, 'hoso', '') IS NULL"))
        do throws(PostgresError) {
            var results = try await connection.commit(statements, as: "store a batch")[...]
            if !chosen.isEmpty, let result = results.popFirst() {
                Self.read(result, from: chosen.lowerBound, into: &outcome.accepted)
            }
            if !refused.isEmpty, let result = results.popFirst() {
                Self.read(result, from: refused.lowerBound, into: &outcome.quarantined)
            }
        } catch {
            guard case .refused(let state) = error.code, state.remedy == .findTheValue else { throw error }
            try await halve(accepted, chosen, quarantined, refused, state, into: &outcome)
        }
    }

    private mutating func halve(
        _ accepted: [AcceptedEntry], _ chosen: Range<Int>, _ quarantined: [QuarantinedEntry],
        _ refused: Range<Int>, _ state: SQLState, into outcome: inout Outcome
    ) async throws(PostgresError) {
        if chosen.count + refused.count == 1 {
            if let index = chosen.first { outcome.accepted[index] = .refused(state.rawValue) }
            if let index = refused.first { outcome.quarantined[index] = .refused(state.rawValue) }
            return
        }
        if !chosen.isEmpty, !refused.isEmpty {
            try await write(accepted, chosen, quarantined, 0..<0, into: &outcome)
            return try await write(accepted, 0..<0, quarantined, refused, into: &outcome)
        }
        let middle = (chosen.lowerBound + chosen.upperBound) / 2
        try await write(accepted, chosen.lowerBound..<middle, quarantined, 0..<0, into: &outcome)
        try await write(accepted, middle..<chosen.upperBound, quarantined, 0..<0, into: &outcome)
        let centre = (refused.lowerBound + refused.upperBound) / 2
        try await write(accepted, 0..<0, quarantined, refused.lowerBound..<centre, into: &outcome)
        try await write(accepted, 0..<0, quarantined, centre..<refused.upperBound, into: &outcome)
    }

    private static func read(_ result: QueryResult, from first: Int, into resolutions: inout [Resolution]) {
        for row in 0..<result.count {
            let index = first + Int(result.int32(row, 0))
            guard !result.isNull(row, 1), let outcome = StoredOutcome(rawValue: result.int16(row, 1)) else { continue }
            let isFromLedger = result.bool(row, 2)
            resolutions[index] = outcome == .conflict && !isFromLedger ? .conflicting : .recorded(outcome)
        }
    }

    private static func parameters(_ entries: [QuarantinedEntry], _ indices: Range<Int>) -> Parameters {
        var ordinal = Column(.int4), sender = Column(.int4), epoch = Column(.int8), sequence = Column(.int8)
        var digest = Column(.bytes), type = Column(.int2), outcome = Column(.int2), body = Column(.bytes)
        var dossier = Column(.text), reasons = Column(.text)
        for (place, index) in indices.enumerated() {
            let entry = entries[index]
            ordinal.append(Int32(place))
            sender.append(entry.key.sender)
            epoch.append(Int64(bitPattern: entry.key.epoch))
            sequence.append(Int64(bitPattern: entry.key.sequence))
            digest.append(entry.digest)
            type.append(entry.contentType)
            outcome.append(entry.outcome.rawValue)
            body.append(entry.body)
            dossier.append(entry.dossier)
            reasons.append(entry.reasons)
        }
        var parameters = Parameters()
        for column in [ordinal, sender, epoch, sequence, digest, type, outcome, body, dossier, reasons] {
            parameters.append(column)
        }
        return parameters
    }

    /// The reasons recorded for entries in the quarantine, as JSON arrays.
    package func reasons(for keys: [EntryKey]) async throws(PostgresError) -> [EntryKey: String] {
        var sender = Column(.int4), epoch = Column(.int8), sequence = Column(.int8)
        for key in keys {
            sender.append(key.sender)
            epoch.append(Int64(bitPattern: key.epoch))
            sequence.append(Int64(bitPattern: key.sequence))
        }
        var parameters = Parameters()
        for column in [sender, epoch, sequence] { parameters.append(column) }
        let result = try await connection.run(
            """
            SELECT q.sender, q.epoch, q.sequence, q.reasons::text
            FROM unnest($1, $2, $3) AS k (sender, epoch, sequence) JOIN hoso.quarantine q
              ON q.sender = k.sender AND q.epoch = k.epoch AND q.sequence = k.sequence
            ORDER BY q.id
            """, parameters, as: "read reasons")
        var reasons: [EntryKey: String] = [:]
        for row in 0..<result.count {
            let key = EntryKey(
                sender: result.int32(row, 0), epoch: UInt64(bitPattern: result.int64(row, 1)),
                sequence: UInt64(bitPattern: result.int64(row, 2)))
            reasons[key] = result.string(row, 3)
        }
        return reasons
    }
}
