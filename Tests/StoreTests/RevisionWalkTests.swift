import Dossiers
import Postgres
import Store
import TestSupport
import Testing

/// Intakes, corrections, refusals and replays in any order, and what must hold after each.
@Suite(.takingTurns) struct RevisionWalkTests {
    @Test(arguments: 1...6) func `Whatever comes in whatever order, a root has one dossier and the balance holds`(
        seed: UInt64
    ) async throws {
        try await Ledger.perform { ledger async throws in
            var numbers = SeededNumbers(seed: seed)
            var used: Set<UInt64> = []
            for _ in 0..<120 {
                let number = UInt64.random(in: 1...60, using: &numbers)
                let target = UInt64.random(in: 1...60, using: &numbers)
                let code = "C\(Int.random(in: 0..<12, using: &numbers))"
                let channel = [Ledger.channels[0], Ledger.channels[1]].randomElement(using: &numbers) ?? .online
                if used.insert(number).inserted {
                    try await ledger.receive(number, target: target, code, channel, &numbers)
                } else {
                    try await ledger.replay(number, code, channel)
                }
            }
            try await ledger.expectSoundness()
        }
    }

    @Test func `One root is settled once, whichever of two transactions is first`() async throws {
        let database = try await TestCluster.shared.migratedDatabase()
        try await DatabaseSession(database).perform { connection async throws in
            let ledger = Ledger(connection)
            try await ledger.prepare()
            for number in 1...UInt64(30) {
                _ = try await ledger.quarantine(ledger.refused(number, salt: 0, outcome: .rejected))
            }
        }
        // A correction with one code, a replay with another, at the same time.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for isReplay in [true, false] {
                group.addTask {
                    try await DatabaseSession(database).perform { connection async throws in
                        let ledger = Ledger(connection)
                        for number in 1...UInt64(30) {
                            let entry =
                                isReplay
                                ? ledger.revision(number, of: number, code: "A\(number)", part: 1)
                                : ledger.revision(100 + number, of: number, code: "B\(number)")
                            while try await ledger.isToBeRunAgain(entry) {}
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        try await DatabaseSession(database).perform { connection async throws in
            let ledger = Ledger(connection)
            #expect(try await ledger.count("dossier") == 30)
            try await ledger.expectSoundness()
        }
    }

    @Test func `Corrections of one root in one batch settle it once`() async throws {
        try await Ledger.perform { ledger async throws in
            for number in [1, 4] as [UInt64] {
                _ = try await ledger.quarantine(ledger.refused(number, salt: 0, outcome: .rejected))
            }
            _ = try await ledger.quarantine(ledger.refused(5, salt: 0, outcome: .rejected, correcting: 4))
            let twins = [ledger.revision(2, of: 1, code: "A"), ledger.revision(3, of: 1, code: "B")]
            #expect(try await ledger.revise(twins) == [.recorded(.stored), .undecided])
            #expect(try await ledger.revise([twins[1]]) == [.codeChanged])
            // A root and its refused correction in one chunk of a replay.
            let chunk = [
                ledger.revision(4, of: 4, code: "D", part: 1), ledger.revision(5, of: 4, code: "E", part: 1),
            ]
            #expect(try await ledger.revise(chunk) == [.recorded(.stored), .undecided])
            #expect(try await ledger.revise([chunk[1]]) == [.codeChanged])
            #expect(try await ledger.count("dossier") == 2)
            try await ledger.expectSoundness()
        }
    }

    @Test func `A correction of a manifest is refused, and so is one of that`() async throws {
        try await Ledger.perform { ledger async throws in
            _ = try await ledger.write(ledger.entries(1...2))
            _ = try await ledger.keep(ledger.manifest(3, 1...2, [:]))
            #expect(try await ledger.revise([ledger.revision(4, of: 3, code: "A")]) == [.targetUnknown])
            _ = try await ledger.quarantine(ledger.refused(4, salt: 0, outcome: .rejected, correcting: 3))
            // It may be mended as what it is, an entry of its own.
            #expect(try await ledger.revise([ledger.revision(5, of: 4, code: "A")]) == [.recorded(.stored)])
            try await ledger.expectSoundness()
        }
    }

    @Test func `A root that was dismissed is settled once too`() async throws {
        let database = try await TestCluster.shared.migratedDatabase()
        try await DatabaseSession(database).perform { connection async throws in
            let ledger = Ledger(connection)
            try await ledger.prepare()
            for number in 1...UInt64(30) {
                _ = try await ledger.quarantine(ledger.refused(number, salt: 0, outcome: .rejected))
            }
            let ids = try await QuarantineTable(connection).entries(QuarantineTable.Selection(), limit: 99).map(\.id)
            #expect(try await QuarantineTable(connection).dismiss(ids, byWhom: "a test", because: "a test").count == 30)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (offset, code) in [(100, "E"), (200, "F")] as [(UInt64, String)] {
                group.addTask {
                    try await DatabaseSession(database).perform { connection async throws in
                        let ledger = Ledger(connection)
                        for number in 1...UInt64(30) {
                            let entry = ledger.revision(offset + number, of: number, code: "\(code)\(number)")
                            while try await ledger.isToBeRunAgain(entry) {}
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        try await DatabaseSession(database).perform { connection async throws in
            #expect(try await Ledger(connection).count("dossier") == 30)
        }
    }

    @Test func `A correction looks up what it needs, however much there is`() async throws {
        var database = try await TestCluster.shared.migratedDatabase()
        // As a worker has it.
        database.plans = .lookups
        try await DatabaseSession(database).perform { connection async throws in
            let ledger = Ledger(connection)
            try await ledger.prepare()
            try await ledger.fill(dossiers: 20_000, quarantined: 10_000)
            // The last one in order, so that whoever reads from the beginning reads all.
            let correction = ledger.revision(50_001, of: 9_999, code: "D9999", channel: .postal)
            let read = try await ledger.rowsRead(by: correction)
            #expect(read < 1_000, "\(read) rows were read")
        }
    }
}

extension Ledger {
    fileprivate static var channels: [Channel] { [.online, .postal] }

    /// A new number: an intake or a correction, valid or not.
    fileprivate func receive(
        _ number: UInt64, target: UInt64, _ code: String, _ channel: Channel, _ numbers: inout SeededNumbers
    ) async throws {
        let isValid = Int.random(in: 0..<3, using: &numbers) > 0
        let isIntake = Bool.random(using: &numbers) || target >= number
        var resolution = Resolution.conflicting
        if isValid, isIntake {
            resolution = try await write([entry(number, code: code, channel: channel)])[0]
        } else if isValid {
            resolution = try await revise([revision(number, of: target, code: code, channel: channel)])[0]
        }
        switch resolution {
        case .recorded: break
        case .conflicting, .targetUnknown, .codeChanged:
            let outcome: StoredOutcome = resolution == .conflicting ? .conflict : .rejected
            _ = try await quarantine(
                refused(number, salt: 0, outcome: outcome, correcting: isIntake ? nil : target, dossier: code))
        default: Issue.record("\(resolution)")
        }
    }

    /// What is open under a number, as a replay finds it.
    fileprivate func replay(_ number: UInt64, _ code: String, _ channel: Channel) async throws {
        let open = try await QuarantineTable(connection).entries(QuarantineTable.Selection(), limit: 1_000)
        guard let entry = open.first(where: { $0.key.sequence == number }) else { return }
        let target = try await connection.run(
            "SELECT coalesce(root_sequence, sequence) FROM hoso.intake WHERE sequence = \(number) AND part = 0",
            as: "read")
        _ = try await revise([
            revision(
                number, of: UInt64(target.int64(0, 0)), code: entry.dossier ?? code, channel: channel,
                part: entry.nextPart)
        ])
    }

    /// Tries once; true when another transaction was quicker and it is to be tried again.
    fileprivate func isToBeRunAgain(_ entry: AcceptedEntry) async throws -> Bool {
        do throws(PostgresError) {
            var writer = BatchWriter(connection, quietDays: 0)
            var batch = BatchWriter.Batch()
            batch.revised = [entry]
            return try await writer.write(batch).revised == [.undecided]
        } catch {
            guard error.isRetriable, !error.isConnectionLost else { throw error }
            return true
        }
    }

    fileprivate func expectSoundness() async throws {
        let report = try await Recount(connection).run()
        #expect(report.difference == nil)
        let roots = try await connection.run(
            """
            SELECT count(*) FROM (
                SELECT sender, coalesce(root_epoch, epoch), coalesce(root_sequence, sequence)
                FROM hoso.intake WHERE delta <> 0 GROUP BY 1, 2, 3 HAVING sum(delta) > 1) r
            """, as: "count roots")
        #expect(roots.int64(0, 0) == 0, "no root has two dossiers")
        let balance = try await Reconciliation(connection).balances()[0]
        #expect(balance.quarantined >= 0)
        let rows = try await connection.run("SELECT count(*) FROM hoso.intake WHERE part = 0", as: "count")
        #expect(balance.stored + balance.duplicate + balance.quarantined == rows.int64(0, 0))
        let tasks = try await connection.run(
            """
            SELECT count(*) FROM hoso.dossier d FULL JOIN hoso.survey_task t ON t.dossier = d.code
            WHERE d.code IS NULL OR t.dossier IS NULL
            """, as: "compare tasks")
        #expect(tasks.int64(0, 0) == 0)
        let open = try await QuarantineTable(connection).open()["tester"] ?? 0
        #expect(open <= balance.quarantined, "what was replayed is closed")
    }

    /// Rows in bulk, for plans.
    fileprivate func fill(dossiers: Int, quarantined: Int) async throws {
        for start in stride(from: 1, to: dossiers, by: 5_000) {
            _ = try await write(
                (start..<(start + 5_000)).map { entry(UInt64($0), code: "D\($0)") })
        }
        _ = try await connection.run(
            """
            INSERT INTO hoso.quarantine (
                sender, epoch, sequence, content_type, outcome, digest, body, reasons, root_epoch, root_sequence)
            SELECT 1, 77, n, 1, 3, '', '', '[]', 77, n FROM generate_series(100000, \(100_000 + quarantined)) n
            """, as: "fill")
        _ = try await connection.run("ANALYZE hoso.intake, hoso.dossier, hoso.quarantine", as: "analyse")
    }

    /// Rows of tables and indexes that storing an entry reads.
    fileprivate func rowsRead(by entry: AcceptedEntry) async throws -> Int {
        let before = try await tuples()
        _ = try await revise([entry])
        return try await tuples() - before
    }

    private func tuples() async throws -> Int {
        // Counts of this transaction's reads reach the statistics when the session is idle.
        _ = try await connection.run("SELECT pg_stat_force_next_flush()", as: "flush")
        let result = try await connection.run(
            """
            SELECT (SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE schemaname = 'hoso')::bigint
                 + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE schemaname = 'hoso')::bigint
            """, as: "read statistics")
        return Int(result.int64(0, 0))
    }
}
