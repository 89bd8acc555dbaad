package import Dossiers
package import Postgres

/// What was signed of a batch, for the record.
package struct ReceiptNote: Sendable, Equatable {
    /// Where its first entry stands.
    package let key: EntryKey
    /// Its entries.
    package let count: Int
    /// When they were known to be committed, in microseconds since 1970.
    package let committedAt: Int64
    /// The centre's public key and signature; `nil` when it does not sign.
    package let centre: (key: [UInt8], signature: [UInt8])?
    /// The number of the sender's key and its signature; `nil` when the batch was not signed.
    package let sender: (key: Int32, signature: [UInt8])?
    /// 1 protobuf, 2 JSON.
    package let contentType: Int16

    /// A note.
    package init(
        key: EntryKey, count: Int, committedAt: Int64, centre: (key: [UInt8], signature: [UInt8])?,
        sender: (key: Int32, signature: [UInt8])?, contentType: Int16
    ) {
        self.key = key
        self.count = count
        self.committedAt = committedAt
        self.centre = centre
        self.sender = sender
        self.contentType = contentType
    }

    /// Whether both say the same.
    package static func == (left: ReceiptNote, right: ReceiptNote) -> Bool {
        left.key == right.key && left.count == right.count && left.committedAt == right.committedAt
            && left.centre?.key == right.centre?.key && left.centre?.signature == right.centre?.signature
            && left.sender?.key == right.sender?.key && left.sender?.signature == right.sender?.signature
            && left.contentType == right.contentType
    }
}

/// Receipts that the centre has signed, and the ledger's rows that they are about.
package struct ReceiptTable {
    /// An entry of the ledger.
    package struct Entry: Sendable, Equatable {
        /// Where it stands.
        package let key: EntryKey
        /// Name of its sender.
        package let sender: String
        /// Its digest.
        package let digest: Digest
        /// What became of it when it was received.
        package let outcome: Int16
        /// When that was committed, in microseconds since 1970.
        package let recordedAt: Int64
    }

    /// A receipt and what it is about.
    package struct Signed: Sendable, Equatable {
        /// First number of the batch.
        package let first: UInt64
        /// When it was signed as committed.
        package let committedAt: Int64
        /// The centre's public key.
        package let key: [UInt8]
        /// The centre's signature.
        package let signature: [UInt8]
        /// Outcomes as the ledger has them.
        package let outcomes: [UInt8]
        /// Digests as the ledger has them.
        package let digests: [Digest]
    }

    private let connection: Connection

    /// The receipts on a connection.
    package init(_ connection: Connection) { self.connection = connection }

    /// The entry of a dossier and its receipts; `nil` when there is no such dossier.
    package func evidence(of code: String) async throws(PostgresError) -> (entry: Entry, receipts: [Signed])? {
        guard let entry = try await entry(of: code) else { return nil }
        return (entry, try await receipts(of: entry.key))
    }

    /// The entry that a dossier is stored by; without one, the last entry of that code that was received.
    package func entry(of code: String) async throws(PostgresError) -> Entry? {
        var parameters = Parameters()
        parameters.append(code)
        let result = try await connection.run(
            """
            WITH named AS (
                SELECT 1 AS rank, sender, epoch, sequence FROM hoso.dossier WHERE code = $1
                UNION ALL
                SELECT 2, sender, epoch, sequence FROM hoso.intake WHERE dossier = $1 AND outcome <> 1 AND part = 0
                UNION ALL SELECT 2, sender, epoch, sequence FROM hoso.quarantine WHERE dossier = $1
            )
            SELECT i.sender, i.epoch, i.sequence, s.name, i.digest, i.outcome, i.recorded_at
            FROM named n JOIN hoso.intake i USING (sender, epoch, sequence) JOIN hoso.sender s ON s.id = i.sender
            WHERE i.part = 0 ORDER BY n.rank, i.id DESC LIMIT 1
            """, parameters, as: "look for an entry")
        guard result.count == 1, let digest = Digest(result.bytes(0, 4)) else { return nil }
        return Entry(
            key: EntryKey(
                sender: result.int32(0, 0), epoch: UInt64(bitPattern: result.int64(0, 1)),
                sequence: UInt64(bitPattern: result.int64(0, 2))), sender: result.string(0, 3), digest: digest,
            outcome: result.int16(0, 5), recordedAt: result.microseconds(0, 6))
    }

    /// The signed receipts of an entry, the first one first; most have one.
    package func receipts(of entry: EntryKey) async throws(PostgresError) -> [Signed] {
        var parameters = Parameters()
        parameters.append(entry.sender)
        parameters.append(Int64(bitPattern: entry.epoch))
        parameters.append(Int64(bitPattern: entry.sequence))
        let result = try await connection.run(
            """
            SELECT first, last, committed_at, key, signature FROM hoso.receipt
            -- A batch has at most 512 entries.
            WHERE sender = $1 AND epoch = $2 AND first BETWEEN $3 - 511 AND $3 AND last >= $3 AND signature IS NOT NULL
            ORDER BY committed_at LIMIT 20
            """, parameters, as: "look for receipts")
        var receipts: [Signed] = []
        for row in 0..<result.count {
            let (first, last) = (result.int64(row, 0), result.int64(row, 1))
            let (outcomes, digests) = try await ledger(entry, first, last)
            // Rows that are not there any more, or were never: nothing can be proved by the rest.
            guard digests.count == Int(last - first + 1) else { continue }
            receipts.append(
                Signed(
                    first: UInt64(bitPattern: first), committedAt: result.microseconds(row, 2),
                    key: result.bytes(row, 3), signature: result.bytes(row, 4), outcomes: outcomes, digests: digests))
        }
        return receipts
    }

    private func ledger(
        _ entry: EntryKey, _ first: Int64, _ last: Int64
    ) async throws(PostgresError) -> (outcomes: [UInt8], digests: [Digest]) {
        var parameters = Parameters()
        parameters.append(entry.sender)
        parameters.append(Int64(bitPattern: entry.epoch))
        parameters.append(first)
        parameters.append(last)
        let result = try await connection.run(
            """
            SELECT outcome, digest FROM hoso.intake
            WHERE sender = $1 AND epoch = $2 AND sequence BETWEEN $3 AND $4 AND part = 0 ORDER BY sequence
            """, parameters, as: "read a batch")
        let rows = 0..<result.count
        return (
            rows.map { UInt8(truncatingIfNeeded: result.int16($0, 0)) },
            rows.compactMap { Digest(result.bytes($0, 1)) }
        )
    }
}

extension [ReceiptNote] {
    /// The notes as rows for COPY.
    var table: CopiedTable {
        var rows = CopyRows()
        for note in self {
            rows.beginRow(columns: 10)
            rows.append(note.key.sender)
            rows.append(Int64(bitPattern: note.key.epoch))
            rows.append(Int64(bitPattern: note.key.sequence))
            rows.append(Int64(bitPattern: note.key.sequence) + Int64(note.count) - 1)
            rows.append(microseconds: note.committedAt)
            rows.append(note.centre?.key)
            rows.append(note.centre?.signature)
            rows.append(note.sender?.key)
            rows.append(note.contentType)
            rows.append(note.sender?.signature)
        }
        return CopiedTable("hoso.receipt (\(Self.columns))", rows)
    }

    /// The statement that inserts them.
    var statement: Statement {
        var sender = Column(.int4), epoch = Column(.int8), first = Column(.int8), last = Column(.int8)
        var committedAt = Column(.timestamp), key = Column(.bytes), signature = Column(.bytes)
        var senderKey = Column(.int4), contentType = Column(.int2), senderSignature = Column(.bytes)
        for note in self {
            sender.append(note.key.sender)
            epoch.append(Int64(bitPattern: note.key.epoch))
            first.append(Int64(bitPattern: note.key.sequence))
            last.append(Int64(bitPattern: note.key.sequence) + Int64(note.count) - 1)
            committedAt.append(microseconds: note.committedAt)
            key.append(note.centre?.key)
            signature.append(note.centre?.signature)
            senderKey.append(note.sender?.key)
            contentType.append(note.contentType)
            senderSignature.append(note.sender?.signature)
        }
        var parameters = Parameters()
        for column in [
            sender, epoch, first, last, committedAt, key, signature, senderKey, contentType, senderSignature,
        ] { parameters.append(column) }
        return Statement(
            """
            INSERT INTO hoso.receipt (\(Self.columns))
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """, parameters)
    }

    private static var columns: String {
        """
        sender, epoch, first, last, committed_at, key, signature, sender_key, content_type, sender_signature
        """
    }
}
