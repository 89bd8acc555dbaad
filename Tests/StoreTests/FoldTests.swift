import Dossiers
import Polling
import Postgres
import Store
import TestSupport
import Testing

@Suite(.takingTurns) struct FoldTests {
    @Test func `The roll-up equals a recount, and folding again changes nothing`() async throws {
        try await Ledger.perform { ledger async throws in
            let channels: [Channel] = [.online, .postal, .inPerson]
            let entries = (1...90).map { number in
                ledger.entry(
                    UInt64(number), code: "D\(number)", channel: channels[number % 3], day: 19_000 + Int32(number % 7))
            }
            _ = try await ledger.write(entries)
            #expect(try await Fold(ledger.connection).backlog() == 90)
            try await ledger.foldAll()
            try await ledger.foldAll()
            let report = try await Recount(ledger.connection).run()
            #expect(report.difference == nil && report.dossiers == 90)
            let groups = try await AdoptionQuery(ledger.connection).groups(by: [.day], from: nil, to: nil)
            #expect(groups.count == 7)
            #expect(groups.reduce(0) { $0 + $1.channels.values.reduce(0) { $0 + $1.dossiers } } == 90)
        }
    }

    @Test func `A procedure is counted under one code, however its code is written`() async throws {
        try await Ledger.perform { ledger async throws in
            let codes = ["1.004194", "1.004194.H36", "1.004194.000.00.00.H56", "1.0041945", "1.004194X", nil]
            _ = try await ledger.write(
                codes.enumerated().map { ledger.entry(UInt64($0 + 1), code: "D\($0)", procedure: $1) })
            try await ledger.foldAll()
            let groups = try await AdoptionQuery(ledger.connection).groups(by: [.procedure], from: nil, to: nil)
            #expect(groups.map(\.key) == [[""], ["1.004194"], ["1.0041945"], ["1.004194X"]])
            #expect(groups[1].channels[.online]?.dossiers == 3)
            #expect(try await Recount(ledger.connection).run().difference == nil)
        }
    }

    @Test func `Broken down in any way, the figures add up to the same`() async throws {
        try await Ledger.perform { ledger async throws in
            // Two forms of Unicode, as an older centre may have stored them.
            let sectors = ["H\u{1ED9} t\u{1ECB}ch", "Ho\u{323}\u{302} ti\u{323}ch", "Đất đai", nil]
            _ = try await ledger.write(
                (1...40).map { ledger.entry($0, code: "D\($0)", sector: sectors[Int($0) % 4]) })
            try await ledger.foldAll()
            for dimension in Dimension.allCases {
                let groups = try await AdoptionQuery(ledger.connection).groups(by: [dimension], from: nil, to: nil)
                let sum = groups.reduce(0) { $0 + $1.channels.values.reduce(0) { $0 + $1.dossiers } }
                #expect(sum == 40, "\(dimension)")
            }
        }
    }

    @Test func `The upper end of a period is left out`() async throws {
        try await Ledger.perform { ledger async throws in
            _ = try await ledger.write(
                (1...10).map { ledger.entry(UInt64($0), code: "D\($0)", day: 19_000 + Int32($0)) })
            try await ledger.foldAll()
            let query = AdoptionQuery(ledger.connection)
            let groups = try await query.groups(by: [.day], from: Day(number: 19_003), to: Day(number: 19_006))
            #expect(groups.map(\.key) == [3, 4, 5].map { [Day(number: 19_000 + $0).description] })
            #expect(try await query.span() == Day(number: 19_001)...Day(number: 19_010))
        }
    }

    @Test func `Asked for some units, the figures are those of these units alone`() async throws {
        try await Ledger.perform { ledger async throws in
            let units = ["H36.26", "H36.31", "H36.31.01"]
            _ = try await ledger.write(
                (1...30).map { ledger.entry($0, code: "D\($0)", unit: units[Int($0) % 10 == 0 ? 1 : Int($0) % 2 * 2]) })
            try await ledger.foldAll()
            let query = AdoptionQuery(ledger.connection)
            func dossiers(_ units: [String]) async throws -> Int64 {
                try await query.groups(by: [.month], from: nil, to: nil, units: units)
                    .reduce(0) { $0 + $1.channels.values.reduce(0) { $0 + $1.dossiers } }
            }
            #expect(try await dossiers([]) == 30)
            #expect(try await dossiers(["H36.31"]) == 3)
            #expect(try await dossiers(["H36.31", "H36.31.01"]) == 18)
            #expect(try await dossiers(["H36"]) == 0)
        }
    }

    @Test func `What commits late with an early number is not passed over`() async throws {
        let address = try await TestCluster.shared.migratedDatabase()
        try await DatabaseSession(address).perform { connection async throws in
            try await Ledger(connection).prepare()
            try await connection.runScript(
                "CREATE SEQUENCE begun; CREATE TABLE may_end ()", as: "prepare", within: .seconds(10))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await DatabaseSession(address).perform { connection async throws in
                    try await connection.runScript(Self.slowTransaction, as: "early", within: .seconds(60))
                }
            }
            try await DatabaseSession(address).perform { connection async throws in
                let ledger = Ledger(connection)
                let hasBegun = "SELECT is_called, pg_sleep(0.02) FROM begun"
                while try await !connection.run(hasBegun, as: "wait").bool(0, 0) {}
                try await connection.runScript(Self.insert(6...10), as: "late", within: .seconds(10))
                try await ledger.fold()
                #expect(try await ledger.folded() == 0, "nothing at or above the horizon is folded")
                try await connection.runScript("INSERT INTO may_end DEFAULT VALUES", as: "end", within: .seconds(10))
            }
            try await group.waitForAll()
        }
        try await DatabaseSession(address).perform { connection async throws in
            try await Ledger(connection).foldAll()
            #expect(try await Ledger(connection).folded() == 10)
        }
    }

    /// Takes its number and its ids first, and commits when it is told to.
    private static let slowTransaction = """
        BEGIN; SET LOCAL statement_timeout = '60s'; \(insert(1...5)) SELECT nextval('begun');
        DO $$ BEGIN LOOP EXIT WHEN EXISTS (SELECT FROM may_end); PERFORM pg_sleep(0.02); END LOOP; END $$; COMMIT
        """

    @Test func `Under concurrent writers the fold counts every row once`() async throws {
        let address = try await TestCluster.shared.migratedDatabase()
        try await DatabaseSession(address).perform { try await Ledger($0).prepare() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in UInt64(0)..<4 {
                group.addTask {
                    try await DatabaseSession(address).perform { connection async throws in
                        let ledger = Ledger(connection)
                        for batch in UInt64(0)..<25 {
                            let first = writer * 10_000 + batch * 10 + 1
                            _ = try await ledger.writeUntilDecided(ledger.entries(first...(first + 9)))
                        }
                    }
                }
            }
            for _ in 0..<2 {
                group.addTask {
                    try await DatabaseSession(address).perform { connection async throws in
                        while try await Ledger(connection).folded() < 1_000 { try await Ledger(connection).fold() }
                    }
                }
            }
            try await group.waitForAll()
        }
        try await DatabaseSession(address).perform { connection async throws in
            #expect(try await Ledger(connection).folded() == 1_000)
            #expect(try await Recount(connection).run().difference == nil)
        }
    }

    @Test func `A roll-up that was tampered with is found out`() async throws {
        try await Ledger.perform { ledger async throws in
            _ = try await ledger.write(ledger.entries(1...5))
            try await ledger.foldAll()
            _ = try await ledger.connection.run("UPDATE hoso.adoption SET dossiers = dossiers + 1", as: "tamper")
            let difference = try #require(try await Recount(ledger.connection).run().difference)
            #expect(difference.folded.dossiers == 6 && difference.counted.dossiers == 5)
        }
    }

    @Test func `So is a roll-up by months that says something else than the one by days`() async throws {
        try await Ledger.perform { ledger async throws in
            _ = try await ledger.write(ledger.entries(1...5))
            try await ledger.foldAll()
            #expect(try await Recount(ledger.connection).run().difference == nil)
            _ = try await ledger.connection.run("UPDATE hoso.adoption_month SET late = late - 1", as: "tamper")
            let difference = try #require(try await Recount(ledger.connection).run().difference)
            #expect(difference.folded.late == -1 && difference.counted.late == 0)
        }
    }

    private static func insert(_ numbers: ClosedRange<Int>) -> String {
        numbers.map { number in
            """
            INSERT INTO hoso.intake (sender, epoch, sequence, digest, outcome, delta, dossier, received_on, channel,
                timeliness, offered_online, returned, unit)
            VALUES (1, 77, \(number), '\\x00', 1, 1, 'D\(number)', '2022-03-01', 2, 0, false, false, 'H36');
            """
        }.joined(separator: "\n")
    }
}

extension Ledger {
    /// Folds what lies below the horizon.
    func fold() async throws {
        let fold = Fold(connection)
        try await acting(as: .fold) { while try await fold.step(limit: 37).rows > 0 {} }
    }

    /// Folds everything; transactions of other tests hold the horizon of the whole cluster back for a while.
    func foldAll() async throws {
        repeat { try await fold() } while try await Fold(connection).backlog() > 0
    }

    func folded() async throws -> Int64 {
        try await connection.run("SELECT coalesce(sum(dossiers), 0)::bigint FROM hoso.adoption", as: "sum").int64(0, 0)
    }
}
