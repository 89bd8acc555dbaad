import Dossiers
import IntakeProtocol
import Polling
import Postgres
import Store
import TestSupport
import Testing

@Suite(.takingTurns) struct BatchWriterTests {
    @Test func `A batch is stored, and told again on redelivery what it was told first`() async throws {
        try await Ledger.perform { ledger async throws in
            let entries = ledger.entries(1...4)
            #expect(try await ledger.write(entries) == Array(repeating: .recorded(.stored), count: 4))
            #expect(try await ledger.write(entries) == Array(repeating: .recorded(.stored), count: 4))
            #expect(try await ledger.count("dossier") == 4)
            #expect(try await ledger.count("intake") == 4)
            #expect(try await ledger.count("survey_task") == 4)
        }
    }

    @Test func `The same dossier under another number is a duplicate, other content a conflict`() async throws {
        try await Ledger.perform { ledger async throws in
            let first = ledger.entry(1, code: "A")
            let same = ledger.entry(2, code: "A")
            let other = ledger.entry(3, code: "A", channel: .postal)
            #expect(try await ledger.write([first]) == [.recorded(.stored)])
            #expect(try await ledger.write([same]) == [.recorded(.duplicate)])
            #expect(try await ledger.write([other]) == [.conflicting])
            #expect(try await ledger.count("dossier") == 1)
            #expect(try await ledger.count("intake") == 2, "a conflict is written when it is quarantined")
            #expect(try await ledger.count("survey_task") == 1)
        }
    }

    @Test func `A code that stands in a batch a thousand times costs one more transaction, not a thousand`()
        async throws
    {
        try await Ledger.perform { ledger async throws in
            let entries = (1...1_000).map { ledger.entry($0, code: "A") } + ledger.entries(1_001...1_010)
            let first = try await ledger.write(entries)
            #expect(first[0] == .recorded(.stored) && first[1_000...].allSatisfy { $0 == .recorded(.stored) })
            #expect(first[1..<1_000].allSatisfy { $0 == .undecided })
            let second = try await ledger.write(Array(entries[1..<1_000]))
            #expect(second.allSatisfy { $0 == .recorded(.duplicate) })
            #expect(try await ledger.count("dossier") == 11)
            #expect(try await ledger.count("survey_task") == 11)
            #expect(try await ledger.count("intake") == 1_010)
        }
    }

    @Test func `The same number with another digest is a conflict with what the ledger has`() async throws {
        try await Ledger.perform { ledger async throws in
            let first = ledger.entry(1, code: "A")
            let forged = ledger.entry(1, code: "B", salt: 9)
            #expect(try await ledger.write([first]) == [.recorded(.stored)])
            #expect(try await ledger.write([forged]) == [.conflicting])
            #expect(
                try await ledger.quarantine(ledger.refused(1, salt: 9, outcome: .conflict)) == [.recorded(.conflict)])
            #expect(try await ledger.count("intake") == 1)
            #expect(try await ledger.count("quarantine") == 1)
        }
    }

    @Test(arguments: [[0], [5], [0, 1, 2], [3, 9, 10, 15], Array(0..<16)])
    func `Values that only the database refuses are found, and their neighbours stored`(bad: [Int]) async throws {
        try await Ledger.perform { ledger async throws in
            // A text with U+0000 passes no validator; here it stands for whatever a validator may overlook.
            let entries = (0..<16).map {
                ledger.entry(UInt64($0 + 1), code: bad.contains($0) ? "N\u{0}\($0)" : "N\($0)")
            }
            let resolutions = try await ledger.write(entries)
            for (index, resolution) in resolutions.enumerated() {
                #expect(resolution == (bad.contains(index) ? .refused("22021") : .recorded(.stored)), "\(index)")
            }
            #expect(try await ledger.count("dossier") == 16 - bad.count)
            #expect(try await ledger.count("survey_task") == 16 - bad.count)
        }
    }

    @Test func `Quarantined entries keep their bytes and reasons, and are recorded once`() async throws {
        try await Ledger.perform { ledger async throws in
            let refused = ledger.refused(1, salt: 0, outcome: .rejected)
            for _ in 0..<3 { #expect(try await ledger.quarantine(refused) == [.recorded(.rejected)]) }
            #expect(try await ledger.count("quarantine") == 1)
            var writer = BatchWriter(ledger.connection, quietDays: 0)
            let reasons = try await writer.reasons(for: [refused.key])
            #expect(reasons[refused.key]?.contains("channel_unknown") == true)
            _ = try await writer.write(BatchWriter.Batch())
        }
    }

    @Test func `Two workers with the same batch store it once`() async throws {
        let address = try await TestCluster.shared.migratedDatabase()
        try await DatabaseSession(address).perform { try await Ledger($0).prepare() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try await DatabaseSession(address).perform { connection async throws in
                        let ledger = Ledger(connection)
                        for batch in 0..<20 {
                            let numbers = UInt64(batch * 50 + 1)...UInt64(batch * 50 + 50)
                            let told = try await ledger.writeUntilDecided(ledger.entries(numbers))
                            #expect(told == Array(repeating: .recorded(.stored), count: 50))
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        try await DatabaseSession(address).perform { connection async throws in
            let ledger = Ledger(connection)
            #expect(try await ledger.count("dossier") == 1_000)
            #expect(try await ledger.count("intake") == 1_000)
            #expect(try await ledger.count("survey_task") == 1_000)
        }
    }

    @Test func `What is copied is what the deciding statement writes`() async throws {
        try await Ledger.perform { ledger async throws in
            let first = ledger.completeEntry(1, code: "A")
            #expect(try await ledger.write([first]) == [.recorded(.stored)])
            // The first entry is known, so this batch cannot be copied.
            let second = ledger.completeEntry(2, code: "B")
            #expect(try await ledger.write([first, second]) == [.recorded(.stored), .recorded(.stored)])
            for (table, own) in [
                ("dossier", "'{code,content,sequence}'"),
                ("intake", "'{id,xid,recorded_at,dossier,digest,sequence}'"), ("survey_task", "'{id,xid,dossier}'"),
            ] {
                let result = try await ledger.connection.run(
                    "SELECT count(*), count(DISTINCT to_jsonb(t) - \(own)::text[]) FROM hoso.\(table) t", as: "compare")
                #expect(result.int64(0, 0) == 2 && result.int64(0, 1) == 1, "\(table)")
            }
        }
    }

    @Test func `After a batch that was known, one writer goes on with new ones and known ones`() async throws {
        try await Ledger.perform { ledger async throws in
            var writer = BatchWriter(ledger.connection, quietDays: 0)
            for round in 0..<40 {
                var batch = BatchWriter.Batch()
                // Every third batch repeats the one before it.
                let start = UInt64((round - round % 3 / 2) * 10 + 1)
                batch.accepted = ledger.entries(start...(start + 9))
                let told = try await writer.write(batch).accepted
                #expect(told == Array(repeating: .recorded(.stored), count: 10), "round \(round)")
            }
            #expect(try await ledger.count("dossier") == 270)
            #expect(try await ledger.count("intake") == 270)
        }
    }

    @Test func `A citizen is left in peace for the quiet period`() async throws {
        try await Ledger.perform { ledger async throws in
            let person = [UInt8](repeating: 1, count: 32)
            let entries = (1...3).map { ledger.entry(UInt64($0), code: "P\($0)", person: person) }
            #expect(try await ledger.write([entries[0]], quietDays: 30) == [.recorded(.stored)])
            #expect(try await ledger.write([entries[1]], quietDays: 30) == [.recorded(.stored)])
            #expect(try await ledger.count("survey_task") == 1)
            #expect(try await ledger.write([entries[2]], quietDays: 0) == [.recorded(.stored)])
            #expect(try await ledger.count("survey_task") == 2)
        }
    }

    @Test func `The ledger cannot be changed, not even by its owner`() async throws {
        try await Ledger.perform { ledger async throws in
            _ = try await ledger.write(ledger.entries(1...2))
            for sql in ["UPDATE hoso.intake SET outcome = 2", "DELETE FROM hoso.intake", "TRUNCATE hoso.survey_task"] {
                let refusal = try await failure(PostgresError.self) {
                    _ = try await ledger.connection.run(sql, as: "tamper")
                }
                #expect(refusal?.code == .refused(SQLState(rawValue: "42501")))
            }
        }
    }

    @Test func `Codes are taken in the order of their bytes, copied or decided, in a database of any language`()
        async throws
    {
        let vietnamese = "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'vi'"
        try await DatabaseSession(TestCluster.shared.migratedDatabase(vietnamese)).perform { connection async throws in
            let ledger = Ledger(connection)
            try await ledger.prepare()
            let codes = ["b", "C", "H36.31-x", "H36-31-a"]
            let copied = codes.enumerated().map { ledger.entry(UInt64($0 + 1), code: $1) }
            #expect(try await ledger.write(copied).allSatisfy { $0 == .recorded(.stored) })
            // One that is known already has the statement decide.
            let decided = codes.enumerated().map { ledger.entry(UInt64($0 + 11), code: "2" + $1) } + [copied[0]]
            #expect(try await ledger.write(decided).allSatisfy { $0 == .recorded(.stored) })
            let result = try await connection.run("SELECT code FROM hoso.dossier ORDER BY ctid", as: "read the order")
            let order = (0..<result.count).map { result.string($0, 0) }
            #expect(order == ["C", "H36-31-a", "H36.31-x", "b", "2C", "2H36-31-a", "2H36.31-x", "2b"])
        }
    }
}
