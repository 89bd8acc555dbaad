import Dossiers
import IntakeProtocol
import Postgres
import Store
import TestSupport
import Testing

/// Signatures that are kept with the ledger, and keys of senders that sign.
@Suite(.takingTurns) struct ReceiptTests {
    private static let key = SigningKey()

    /// The batch of these numbers as a worker notes it once it is committed.
    private static func note(
        _ numbers: ClosedRange<UInt64>, _ outcomes: [UInt8], _ digests: [Digest], at time: Int64 = 1_700_000_000_000_000
    ) throws -> ReceiptNote {
        let head = ReceiptHead(
            key: key.publicKey.id, sender: "tester", epoch: 77, first: numbers.lowerBound, count: numbers.count,
            committedAt: time,
            root: MerkleTree.root(first: numbers.lowerBound, outcomes: outcomes, digests: digests))
        return ReceiptNote(
            key: EntryKey(sender: 1, epoch: 77, sequence: numbers.lowerBound), count: numbers.count, committedAt: time,
            centre: (key.publicKey.bytes, try key.signature(of: head.statement)), sender: nil, contentType: 1)
    }

    /// The receipt of a dossier, made anew from what the database has.
    private static func receipt(of code: String, _ ledger: Ledger) async throws -> DossierReceipt? {
        let found = try await ledger.acting(as: .read) { try await ReceiptTable(ledger.connection).evidence(of: code) }
        guard let (entry, receipts) = found else { return nil }
        return receipts.compactMap { kept in
            DossierReceipt(
                of: entry.key.sequence, sender: entry.sender, epoch: entry.key.epoch, first: kept.first,
                outcomes: kept.outcomes, digests: kept.digests, committedAt: kept.committedAt,
                key: key.publicKey.id, signature: kept.signature)
        }.first { $0.verdict([key.publicKey]) == .genuine(key.publicKey) }
    }

    @Test(arguments: [false, true]) func `A receipt is made anew from the ledger and what was kept`(
        isCopied: Bool
    ) async throws {
        try await Ledger.perform { ledger async throws in
            let entries = ledger.entries(1...5)
            _ = try await ledger.write(entries)
            #expect(
                try await ledger.quarantine(ledger.refused(6, salt: 0, outcome: .rejected, dossier: "Q")).count == 1)
            let refused = try #require(Digest(ledger.refused(6, salt: 0, outcome: .rejected).digest))
            let note = try Self.note(1...6, [1, 1, 1, 1, 1, 3], entries.map(\.digest) + [refused])
            // New dossiers are copied, those with a quiet period inserted; the notes go along with either.
            var batch = BatchWriter.Batch()
            batch.accepted = [ledger.entry(7, code: "D7", person: isCopied ? nil : [1, 2])]
            batch.receipts = [note]
            var writer = BatchWriter(ledger.connection, quietDays: 1)
            try await ledger.acting(as: .ingest) { _ = try await writer.write(batch) }
            #expect(writer.hasKeptReceipts)
            #expect(try await ledger.count("receipt") == 1)
            for number in 1...5 {
                let receipt = try #require(try await Self.receipt(of: "D\(number)", ledger))
                #expect(receipt.leaf.sequence == UInt64(number) && receipt.leaf.outcome == 1)
            }
            #expect(try await Self.receipt(of: "Q", ledger)?.leaf.outcome == 3)
            #expect(try await Self.receipt(of: "D7", ledger) == nil, "its batch was not signed")
            #expect(try await ReceiptTable(ledger.connection).evidence(of: "D7")?.receipts.isEmpty == true)
            #expect(try await ReceiptTable(ledger.connection).evidence(of: "never") == nil)
        }
    }

    @Test func `Of several receipts the one is found that proves the entry`() async throws {
        try await Ledger.perform { ledger async throws in
            let entries = ledger.entries(1...4)
            _ = try await ledger.write(entries)
            let writer = BatchWriter(ledger.connection, quietDays: 0)
            let digests = entries.map(\.digest)
            let notes = [
                // One that the ledger does not bear out, one for others, and one for numbers that never came.
                try Self.note(1...4, [1, 1, 3, 1], digests), try Self.note(3...4, [1, 1], Array(digests[2...])),
                try Self.note(2...7, [1, 1, 1, 1, 1, 1], digests + digests[..<2]),
                try Self.note(1...3, [1, 1, 1], Array(digests[..<3]), at: 1_700_000_000_000_001),
            ]
            try await ledger.acting(as: .ingest) { try await writer.keep(notes) }
            #expect(try await Self.receipt(of: "D2", ledger)?.count == 3)
            #expect(try await Self.receipt(of: "D3", ledger)?.count == 2)
            #expect(try await ReceiptTable(ledger.connection).evidence(of: "D2")?.receipts.count == 2)
        }
    }

    @Test func `Receipts are forgotten by age and never changed`() async throws {
        try await Ledger.perform { ledger async throws in
            let entries = ledger.entries(1...1)
            _ = try await ledger.write(entries)
            let writer = BatchWriter(ledger.connection, quietDays: 0)
            let now = try await ledger.connection.run("SELECT now()", as: "time").microseconds(0, 0)
            let day: Int64 = 86_400_000_000
            let notes = try [now - 40 * day, now - 20 * day].map { time in
                try Self.note(1...1, [1], [entries[0].digest], at: time)
            }
            try await ledger.acting(as: .ingest) { try await writer.keep(notes) }
            let change = try await failure(PostgresError.self) {
                _ = try await ledger.connection.run("UPDATE hoso.receipt SET first = 2", as: "change")
            }
            #expect(change != nil)
            try await ledger.acting(as: .fold) { try await Housekeeping(ledger.connection, receiptDays: 30).forget() }
            #expect(try await ledger.count("receipt") == 1)
        }
    }

    @Test func `A sender's signing key is enrolled with its key, and stays as it was`() async throws {
        try await Ledger.perform { ledger async throws in
            let keys = SenderKeys(ledger.connection)
            let (first, second, third) = ([UInt8](repeating: 1, count: 32), [UInt8](repeating: 2, count: 32), Self.key)
            let signing = third.publicKey.bytes
            let numbers = try await ledger.acting(as: .operations) {
                [
                    try await keys.enrol(first, of: "a", from: nil, to: nil, by: "t"),
                    try await keys.rotate(second, signing: signing, of: "a", overlapDays: 2, by: "t"),
                ]
            }
            #expect(!numbers.contains(nil))
            #expect(try await keys.list("a").map(\.signing) == [nil, signing])
            #expect(try await keys.roster().keys.map(\.signing) == [nil, signing])
            let change = try await failure(PostgresError.self) {
                _ = try await ledger.connection.run("UPDATE hoso.sender_key SET signing = NULL", as: "strip")
            }
            #expect(change != nil)
        }
    }
}
