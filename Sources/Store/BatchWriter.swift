import Dossiers
package import Postgres

/// Writes batches: ledger, dossiers, survey tasks and quarantine in one transaction and one round trip.
package struct BatchWriter {
    private let connection: Connection
    private let quietDays: Int32
    private var columns = AcceptedColumns()
    private var rows = AcceptedRows()
    private var confidence = Confidence()
    /// What is still to be noted with the next transaction that is committed.
    private var notes: [DeliveryNote] = []
    /// The same of what was signed of earlier batches.
    private var receipts: [ReceiptNote] = []

    /// A writer on a connection.
    /// - Parameter quietDays: days for which a citizen who was chosen for a survey is left in peace.
    package init(_ connection: Connection, quietDays: Int) {
        self.connection = connection
        self.quietDays = Int32(clamping: quietDays)
    }

    /// What is written in one transaction.
    package struct Batch: Sendable {
        /// New dossiers, with different codes and different keys.
        package var accepted: [AcceptedEntry] = []
        /// Corrections and replays: entries with a revision, different codes and different keys.
        package var revised: [AcceptedEntry] = []
        /// Entries with different keys.
        package var quarantined: [QuarantinedEntry] = []
        /// Manifests with different keys.
        package var manifests: [ManifestEntry] = []
        /// Batches of senders of which these are the first entries to be written.
        package var deliveries: [DeliveryNote] = []
        /// What was signed of batches that earlier transactions have written.
        package var receipts: [ReceiptNote] = []
        /// The replay that writes, and the numbers in the quarantine that it may store.
        package var replay: (id: Int64, entries: [Int64])?

        /// Nothing.
        package init() {}
    }

    /// What became of the entries of a batch, in their order.
    package struct Outcome: Sendable {
        /// Of new dossiers.
        package var accepted: [Resolution]
        /// Of corrections and replays.
        package var revised: [Resolution]
        /// Of quarantined entries.
        package var quarantined: [Resolution]
        /// Of manifests.
        package var manifests: [Resolution]

        fileprivate init(undecided batch: Batch) {
            accepted = Array(repeating: .undecided, count: batch.accepted.count)
            revised = Array(repeating: .undecided, count: batch.revised.count)
            quarantined = Array(repeating: .undecided, count: batch.quarantined.count)
            manifests = Array(repeating: .undecided, count: batch.manifests.count)
        }
    }

    /// The kinds of entries that a batch has, in the order in which they are written: a correction sees what was
    /// stored with it.
    private enum Section: CaseIterable {
        case accepted, quarantined, manifests, revised

        var resolutions: WritableKeyPath<Outcome, [Resolution]> {
            switch self {
            case .accepted: \.accepted
            case .quarantined: \.quarantined
            case .manifests: \.manifests
            case .revised: \.revised
            }
        }
    }

    /// Some entries of a batch.
    private typealias Share = [Section: Range<Int>]

    /// Writes a batch.
    ///
    /// A value that only the database rejects is found by halving the batch, each half in a transaction of its own;
    /// all others are stored.
    /// - Throws: ``PostgresError`` when nothing more can be said now: the server is away, or refuses the statement.
    package mutating func write(_ batch: Batch) async throws(PostgresError) -> Outcome {
        var outcome = Outcome(undecided: batch)
        notes = batch.deliveries
        receipts = batch.receipts
        var share: Share = [:]
        for section in Section.allCases {
            let indices = outcome[keyPath: section.resolutions].indices
            if !indices.isEmpty { share[section] = indices }
        }
        if try await copy(batch, &share, into: &outcome) { return outcome }
        try await write(batch, share, into: &outcome)
        return outcome
    }

    /// Copies the new dossiers, in the belief that every one of them is new; false when that was not so, or not tried.
    ///
    /// It decides nothing and looks nothing up, and costs half of what ``BatchSQL/accepted`` does.
    private mutating func copy(
        _ batch: Batch, _ share: inout Share, into outcome: inout Outcome
    ) async throws(PostgresError) -> Bool {
        // Whether a citizen is left in peace is for the statement to decide.
        guard let indices = share[.accepted], !batch.accepted.contains(where: { $0.person != nil }),
            confidence.allowsCopying
        else { return false }
        var rest = share
        rest[.accepted] = nil
        let (statements, firstRevised) = statements(batch, rest)
        var tables = rows.tables(batch.accepted, indices)
        if !notes.isEmpty { tables.append(Self.table(notes)) }
        if !receipts.isEmpty { tables.append(receipts.table) }
        do throws(PostgresError) {
            let results = try await connection.commit(copying: tables, then: statements, as: "copy a batch")
            notes = []
            receipts = []
            confidence.wasRight()
            for index in indices { outcome.accepted[index] = .recorded(.stored) }
            read(results, rest, firstRevised, into: &outcome)
            return true
        } catch {
            guard case .refused(let state) = error.code, state.remedy == .findTheValue else { throw error }
            confidence.wasWrong()
            return false
        }
    }

    private mutating func write(
        _ batch: Batch, _ share: Share, into outcome: inout Outcome
    ) async throws(PostgresError) {
        guard !share.isEmpty else { return }
        var (statements, firstRevised) = statements(batch, share)
        if !notes.isEmpty { statements.append(Self.note(notes)) }
        if !receipts.isEmpty { statements.append(receipts.statement) }
        // A batch that is known already would write nothing, and its COMMIT would not wait for a synchronous standby that
        // the first attempt may have failed to reach: a few bytes of log make it wait.
        statements.append(Statement("SELECT pg_logical_emit_message(true, 'hoso', '') IS NULL"))
        do throws(PostgresError) {
            let results = try await connection.commit(statements, as: "store a batch")
            notes = []
            receipts = []
            read(results, share, firstRevised, into: &outcome)
        } catch {
            guard case .refused(let state) = error.code, state.remedy == .findTheValue else { throw error }
            try await halve(batch, share, state, into: &outcome)
        }
    }

    /// The statements of some entries, and where those of the revised ones begin.
    private mutating func statements(_ batch: Batch, _ share: Share) -> (statements: [Statement], firstRevised: Int) {
        let sections = Section.allCases.filter { share[$0] != nil && $0 != .revised }
        var statements = sections.map { statement($0, batch, share[$0] ?? 0..<0) }
        let firstRevised = statements.count
        if let indices = share[.revised] {
            statements.append(Statement(BatchSQL.nestedLoops))
            statements.append(statement(.revised, batch, indices))
            if let replay = batch.replay { statements.append(Self.record(replay)) }
        }
        return (statements, firstRevised)
    }

    private func read(_ results: [QueryResult], _ share: Share, _ firstRevised: Int, into outcome: inout Outcome) {
        for (place, section) in Section.allCases.filter({ share[$0] != nil }).enumerated() {
            let result = results[section == .revised ? firstRevised + 1 : place]
            Self.read(result, from: share[section]?.lowerBound ?? 0, into: &outcome[keyPath: section.resolutions])
        }
    }

    /// Whether the receipts of the last batch are committed: they are unless nothing of it could be.
    package var hasKeptReceipts: Bool { receipts.isEmpty }

    /// Writes what was signed of batches when no other batch follows that would take it along.
    package func keep(_ receipts: [ReceiptNote]) async throws(PostgresError) {
        guard !receipts.isEmpty else { return }
        _ = try await connection.commit([receipts.statement], as: "keep receipts")
    }

    /// Tries the outcome of a batch on a transaction that somebody else has begun and will roll back.
    package mutating func rehearse(_ batch: Batch) async throws(PostgresError) -> Outcome {
        var outcome = Outcome(undecided: batch)
        _ = try await connection.run(BatchSQL.nestedLoops, as: "rehearse a batch")
        for section in Section.allCases {
            let indices = outcome[keyPath: section.resolutions].indices
            guard !indices.isEmpty else { continue }
            let result = try await connection.run([statement(section, batch, indices)], as: "rehearse a batch")[0]
            Self.read(result, from: 0, into: &outcome[keyPath: section.resolutions])
        }
        return outcome
    }

    private mutating func statement(_ section: Section, _ batch: Batch, _ indices: Range<Int>) -> Statement {
        switch section {
        case .accepted:
            var parameters = columns.parameters(batch.accepted, indices)
            parameters.append(quietDays)
            return Statement(BatchSQL.accepted, parameters)
        case .revised:
            var parameters = columns.parameters(batch.revised, indices)
            Self.append(batch.revised[indices], to: &parameters)
            parameters.append(quietDays)
            return Statement(BatchSQL.revised, parameters)
        case .quarantined: return Statement(BatchSQL.quarantined, Self.parameters(batch.quarantined, indices))
        case .manifests: return Statement(BatchSQL.manifests, Self.parameters(batch.manifests, indices))
        }
    }

    private mutating func halve(
        _ batch: Batch, _ share: Share, _ state: SQLState, into outcome: inout Outcome
    ) async throws(PostgresError) {
        if share.count == 1, let (section, indices) = share.first {
            if indices.count == 1, let index = indices.first {
                outcome[keyPath: section.resolutions][index] = .refused(state.rawValue)
                return
            }
            let middle = (indices.lowerBound + indices.upperBound) / 2
            try await write(batch, [section: indices.lowerBound..<middle], into: &outcome)
            return try await write(batch, [section: middle..<indices.upperBound], into: &outcome)
        }
        for section in Section.allCases {
            guard let indices = share[section] else { continue }
            try await write(batch, [section: indices], into: &outcome)
        }
    }

    private static func read(_ result: QueryResult, from first: Int, into resolutions: inout [Resolution]) {
        for row in 0..<result.count {
            let index = first + Int(result.int32(row, 0))
            guard !result.isNull(row, 1) else { continue }
            let isFromLedger = result.bool(row, 2)
            switch (result.int16(row, 1), StoredOutcome(rawValue: result.int16(row, 1))) {
            case (-1, _): resolutions[index] = .targetUnknown
            case (-2, _): resolutions[index] = .codeChanged
            case (_, .conflict?) where !isFromLedger: resolutions[index] = .conflicting
            case (_, let outcome?): resolutions[index] = .recorded(outcome)
            default: break
            }
        }
    }

    private static func parameters(_ entries: [QuarantinedEntry], _ indices: Range<Int>) -> Parameters {
        var ordinal = Column(.int4), sender = Column(.int4), epoch = Column(.int8), sequence = Column(.int8)
        var digest = Column(.bytes), type = Column(.int2), outcome = Column(.int2), body = Column(.bytes)
        var dossier = Column(.text), reasons = Column(.text), kind = Column(.int2), acceptedAt = Column(.timestamp)
        var targetEpoch = Column(.int8), target = Column(.int8), channel = Column(.int2), procedure = Column(.text)
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
            kind.append(entry.kind.rawValue)
            acceptedAt.append(microseconds: entry.acceptedAt)
            targetEpoch.append(entry.revision.map { Int64(bitPattern: $0.epoch) })
            target.append(entry.revision.map { Int64(bitPattern: $0.sequence) })
            channel.append(Channel(code: entry.cell.channel)?.rawValue)
            procedure.append(entry.cell.procedure)
        }
        var parameters = Parameters()
        for column in [
            ordinal, sender, epoch, sequence, digest, type, outcome, body, dossier, reasons, kind, acceptedAt,
            targetEpoch, target, channel, procedure,
        ] { parameters.append(column) }
        return parameters
    }

    private static func append(_ entries: ArraySlice<AcceptedEntry>, to parameters: inout Parameters) {
        var kind = Column(.int2), epoch = Column(.int8), sequence = Column(.int8), part = Column(.int2)
        for entry in entries {
            kind.append(entry.kind.rawValue)
            epoch.append(Int64(bitPattern: entry.revision?.epoch ?? 0))
            sequence.append(Int64(bitPattern: entry.revision?.sequence ?? 0))
            part.append(entry.revision?.part ?? 0)
        }
        for column in [kind, epoch, sequence, part] { parameters.append(column) }
    }

    private static func parameters(_ entries: [ManifestEntry], _ indices: Range<Int>) -> Parameters {
        var ordinal = Column(.int4), sender = Column(.int4), epoch = Column(.int8), sequence = Column(.int8)
        var digest = Column(.bytes), day = Column(.date), first = Column(.int8), last = Column(.int8)
        var lastDigest = Column(.bytes), cells = Column(.text)
        for (place, index) in indices.enumerated() {
            let entry = entries[index]
            ordinal.append(Int32(place))
            sender.append(entry.key.sender)
            epoch.append(Int64(bitPattern: entry.key.epoch))
            sequence.append(Int64(bitPattern: entry.key.sequence))
            digest.append(entry.digest)
            day.append(day: entry.day.number)
            first.append(Int64(bitPattern: entry.numbers.lowerBound))
            last.append(Int64(bitPattern: entry.numbers.upperBound))
            lastDigest.append(entry.lastDigest)
            cells.append(ManifestCells.json(entry.cells))
        }
        var parameters = Parameters()
        for column in [ordinal, sender, epoch, sequence, digest, day, first, last, lastDigest, cells] {
            parameters.append(column)
        }
        return parameters
    }

    private static func record(_ replay: (id: Int64, entries: [Int64])) -> Statement {
        var parameters = Parameters()
        parameters.append(replay.id)
        var entries = Column(.int8)
        for entry in replay.entries { entries.append(entry) }
        parameters.append(entries)
        return Statement(BatchSQL.replayed, parameters)
    }

    private static func note(_ deliveries: [DeliveryNote]) -> Statement {
        var sender = Column(.int4), epoch = Column(.int8), first = Column(.int8), last = Column(.int8)
        var attempt = Column(.int2), receivedAt = Column(.timestamp), validatedAt = Column(.timestamp)
        for note in deliveries {
            sender.append(note.key.sender)
            epoch.append(Int64(bitPattern: note.key.epoch))
            first.append(Int64(bitPattern: note.key.sequence))
            last.append(Int64(bitPattern: note.key.sequence) + Int64(note.count) - 1)
            attempt.append(Int16(note.attempt))
            receivedAt.append(microseconds: note.receivedAt)
            validatedAt.append(microseconds: note.validatedAt)
        }
        var parameters = Parameters()
        for column in [sender, epoch, first, last, attempt, receivedAt, validatedAt] { parameters.append(column) }
        return Statement(BatchSQL.deliveries, parameters)
    }

    private static func table(_ deliveries: [DeliveryNote]) -> CopiedTable {
        var rows = CopyRows()
        for note in deliveries {
            rows.beginRow(columns: 7)
            rows.append(note.key.sender)
            rows.append(Int64(bitPattern: note.key.epoch))
            rows.append(Int64(bitPattern: note.key.sequence))
            rows.append(Int64(bitPattern: note.key.sequence) + Int64(note.count) - 1)
            rows.append(Int16(note.attempt))
            rows.append(microseconds: note.receivedAt)
            rows.append(microseconds: note.validatedAt)
        }
        return CopiedTable("hoso.delivery (sender, epoch, first, last, attempt, received_at, validated_at)", rows)
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
            SELECT k.sender, k.epoch, k.sequence, q.reasons::text
            FROM unnest($1, $2, $3) AS k (sender, epoch, sequence) CROSS JOIN LATERAL (
                SELECT reasons FROM hoso.quarantine q
                WHERE q.sender = k.sender AND q.epoch = k.epoch AND q.sequence = k.sequence
                ORDER BY q.id DESC LIMIT 1) q
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
