import Dossiers
import Postgres
import Store
import TestSupport
import Testing

@Suite(.takingTurns) struct RevisionTests {
    @Test func `A correction of a refused entry is counted once and closes the quarantine entry`() async throws {
        try await Ledger.perform { ledger async throws in
            #expect(
                try await ledger.quarantine(ledger.refused(1, salt: 0, outcome: .rejected)) == [.recorded(.rejected)])
            #expect(try await ledger.open() == 1)
            let correction = ledger.revision(2, of: 1, code: "A")
            #expect(try await ledger.revise([correction]) == [.recorded(.stored)])
            #expect(try await ledger.revise([correction]) == [.recorded(.stored)], "sent again it is told the same")
            #expect(try await ledger.open() == 0)
            #expect(try await ledger.count("dossier") == 1)
            #expect(try await ledger.count("survey_task") == 1)
            #expect(try await ledger.channels() == [2: 1])
            let balance = try await Reconciliation(ledger.connection).balances()[0]
            #expect(balance.stored == 1 && balance.quarantined == 1 && balance.isBalanced)
            #expect(try await ledger.isExact())
        }
    }

    @Test func `A correction that is refused too is closed with the first one by the next`() async throws {
        try await Ledger.perform { ledger async throws in
            _ = try await ledger.quarantine(ledger.refused(1, salt: 0, outcome: .rejected))
            _ = try await ledger.quarantine(ledger.refused(2, salt: 0, outcome: .rejected, correcting: 1))
            #expect(try await ledger.open() == 2)
            // It names the second, which named the first.
            #expect(try await ledger.revise([ledger.revision(3, of: 2, code: "A")]) == [.recorded(.stored)])
            #expect(try await ledger.open() == 0)
            #expect(try await ledger.isExact())
        }
    }

    @Test func `A correction of a stored dossier withdraws what it replaces`() async throws {
        try await Ledger.perform { ledger async throws in
            _ = try await ledger.write([ledger.entry(1, code: "A"), ledger.entry(2, code: "B")])
            try await ledger.foldAll()
            let correction = ledger.revision(3, of: 1, code: "A", channel: .postal)
            #expect(try await ledger.revise([correction]) == [.recorded(.stored)])
            #expect(try await ledger.channels() == [2: 1, 3: 1])
            #expect(try await ledger.isExact(), "while the correction is not folded")
            try await ledger.foldAll()
            #expect(try await ledger.isExact(), "and when it is")
            #expect(try await ledger.count("dossier") == 2)
            #expect(try await ledger.count("survey_task") == 2)
            let balance = try await Reconciliation(ledger.connection).balances()[0]
            #expect(balance.stored == 3 && balance.isBalanced)
            let ranges = try await ReconciliationDetail(ledger.connection).ranges
            #expect(ranges.map(\.numbers) == [1...3] && ranges.map(\.term) == ["stored"])
        }
    }

    @Test func `The newest correction stands, in whatever order corrections come`() async throws {
        try await Ledger.perform { ledger async throws in
            _ = try await ledger.write([ledger.entry(1, code: "A")])
            #expect(
                try await ledger.revise([ledger.revision(3, of: 1, code: "A", channel: .postal)]) == [
                    .recorded(.stored)
                ])
            #expect(
                try await ledger.revise([ledger.revision(2, of: 1, code: "A", channel: .inPerson)])
                    == [.recorded(.duplicate)])
            #expect(try await ledger.channels() == [3: 1])
            #expect(
                try await ledger.revise([ledger.revision(4, of: 3, code: "A", channel: .inPerson)])
                    == [.recorded(.stored)])
            #expect(try await ledger.channels() == [1: 1])
            #expect(try await ledger.isExact())
        }
    }

    @Test func `A correction changes only the dossier of the entry that it names`() async throws {
        try await Ledger.perform { ledger async throws in
            _ = try await ledger.write([ledger.entry(1, code: "A"), ledger.entry(2, code: "B")])
            _ = try await ledger.quarantine(ledger.refused(3, salt: 0, outcome: .rejected))
            #expect(try await ledger.revise([ledger.revision(4, of: 9, code: "A")]) == [.targetUnknown])
            #expect(try await ledger.revise([ledger.revision(4, of: 1, code: "C")]) == [.codeChanged])
            #expect(
                try await ledger.revise([ledger.revision(4, of: 3, code: "A", channel: .postal)]) == [.conflicting],
                "another entry has that code with other content")
            #expect(
                try await ledger.revise([ledger.revision(4, of: 3, code: "A")]) == [.recorded(.duplicate)],
                "the same content is there already")
            #expect(try await ledger.open() == 0)
            #expect(try await ledger.channels() == [2: 2])
            #expect(try await ledger.isExact())
        }
    }

    @Test func `A replay stores an entry under its own number, once`() async throws {
        try await Ledger.perform { ledger async throws in
            _ = try await ledger.quarantine(ledger.refused(1, salt: 0, outcome: .rejected, dossier: "A"))
            let replay = ledger.revision(1, of: 1, code: "A", part: 1)
            #expect(try await ledger.revise([replay]) == [.recorded(.stored)])
            #expect(try await ledger.revise([replay]) == [.recorded(.stored)])
            #expect(try await ledger.open() == 0)
            #expect(try await ledger.count("dossier") == 1)
            let balance = try await Reconciliation(ledger.connection).balances()[0]
            #expect(balance.assigned == 1 && balance.stored == 1 && balance.quarantined == 0 && balance.isBalanced)
            #expect(try await ReconciliationDetail(ledger.connection).ranges.map(\.term) == ["stored"])
            #expect(try await ledger.isExact())
            // What was replayed can be corrected like anything that is stored.
            #expect(
                try await ledger.revise([ledger.revision(2, of: 1, code: "A", channel: .postal)]) == [
                    .recorded(.stored)
                ])
            #expect(try await ledger.channels() == [3: 1])
            #expect(try await ledger.isExact())
        }
    }

    @Test func `Of a number that two spools have used, only the content that came first can be replayed`() async throws
    {
        try await Ledger.perform { ledger async throws in
            _ = try await ledger.write([ledger.entry(1, code: "A")])
            _ = try await ledger.quarantine(ledger.refused(1, salt: 9, outcome: .conflict, dossier: "B"))
            #expect(try await ledger.revise([ledger.revision(1, of: 1, code: "B", part: 1, salt: 9)]) == [.conflicting])
            #expect(try await ledger.count("dossier") == 1)
            #expect(try await ledger.isExact())
        }
    }

    @Test func `Two workers that revise the same dossier leave one of both, counted once`() async throws {
        let database = try await TestCluster.shared.migratedDatabase()
        try await DatabaseSession(database).perform { connection async throws in
            let ledger = Ledger(connection)
            try await ledger.prepare()
            _ = try await ledger.write((1...40).map { ledger.entry($0, code: "D\($0)") })
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (worker, channel) in [(0, Channel.postal), (1, .inPerson)] {
                group.addTask {
                    try await DatabaseSession(database).perform { connection async throws in
                        let ledger = Ledger(connection)
                        for number in 1...UInt64(40) {
                            let own = 100 + 2 * number + UInt64(worker)
                            let entry = ledger.revision(own, of: number, code: "D\(number)", channel: channel)
                            while true {
                                let resolution = try? await ledger.revise([entry])
                                if resolution == [.recorded(.stored)] || resolution == [.recorded(.duplicate)] { break }
                            }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        try await DatabaseSession(database).perform { connection async throws in
            let ledger = Ledger(connection)
            #expect(try await ledger.channels() == [1: 40], "the higher number stands")
            #expect(try await ledger.isExact())
        }
    }

    @Test func `A manifest is equal, or told apart to the unit`() async throws {
        try await Ledger.perform { ledger async throws in
            _ = try await ledger.write(ledger.entries(1...3))
            _ = try await ledger.quarantine(ledger.refused(4, salt: 0, outcome: .rejected))
            let manifests = Manifests(ledger.connection)
            let online = TallyCell(channel: "online", procedure: ""),
                other = TallyCell(channel: "unknown", procedure: "")
            #expect(try await ledger.keep(ledger.manifest(5, 1...4, [online: 3, other: 1])) == [.recorded(.stored)])
            #expect(try await ledger.keep(ledger.manifest(5, 1...4, [online: 3, other: 1])) == [.recorded(.stored)])
            let equal = try await manifests.recent()
            #expect(equal.count == 1 && equal[0].isEqual && equal[0].dossiers == 4)

            let postal = TallyCell(channel: "postal", procedure: "1.004194")
            _ = try await ledger.keep(ledger.manifest(9, 5...8, [online: 1, postal: 2], salt: 1))
            _ = try await ledger.write([ledger.entry(6, code: "D6"), ledger.entry(8, code: "D8")])
            let differing = try #require(try await manifests.recent().last)
            #expect(differing.missing == [7...7])
            #expect(differing.chainAgrees == false)
            #expect(
                differing.differences.map { "\($0.cell.channel) \($0.sender) \($0.centre)" }
                    == ["online 1 2", "postal 2 0"])
            #expect(try await Reconciliation(ledger.connection).balances()[0].assigned == 9)
        }
    }

    @Test func `A trace tells what a correction did`() async throws {
        try await Ledger.perform { ledger async throws in
            _ = try await ledger.quarantine(ledger.refused(1, salt: 0, outcome: .rejected, dossier: "A"))
            _ = try await ledger.revise([ledger.revision(2, of: 1, code: "A")])
            _ = try await ledger.revise([ledger.revision(3, of: 2, code: "A", channel: .postal)])
            try await ledger.foldAll()
            let events = try await Trace(ledger.connection).events(of: "A")
            let told = events.filter { ![.counted, .closed].contains($0.kind) }.map { "\($0.kind) \($0.number)" }
            #expect(told == ["rejected 1", "stored 2", "surveyTask 1", "stored 3", "withdrawn 3"])
            let closed = events.filter { $0.kind == .closed }.map { "\($0.number) \($0.detail)" }
            #expect(closed == ["1 corrected #2"])
            let counted = events.filter { $0.kind == .counted }.map { "\($0.number) \($0.detail.prefix(2))" }
            #expect(counted.sorted() == ["2 +1", "3 +1", "3 −1"])
        }
    }
}

extension Ledger {
    /// Quarantine entries that are open.
    func open() async throws -> Int {
        try await QuarantineTable(connection).entries(QuarantineTable.Selection(), limit: 1_000).count
    }

    /// Whether the roll-up, with what is not folded, equals a recount.
    func isExact() async throws -> Bool { try await Recount(connection).run().difference == nil }
}
