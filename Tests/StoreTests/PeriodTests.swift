import Dossiers
import Polling
import Postgres
import Store
import TestSupport
import Testing

/// What holds of entries whose ledger rows are of a closed period, or gone with it.
@Suite(.takingTurns) struct PeriodTests {
    @Test func `What was received in a closed period is told again what it was told first, and written once`()
        async throws
    {
        try await Ledger.perform { ledger async throws in
            let entries = ledger.entries(1...2) + ledger.entries(4...5)
            _ = try await ledger.write(entries)
            let refused = ledger.refused(6, salt: 0, outcome: .rejected)
            _ = try await ledger.quarantine(refused)
            #expect(try await ledger.closePeriod() == 1)
            #expect(try await ledger.write(entries) == Array(repeating: .recorded(.stored), count: 4))
            #expect(try await ledger.quarantine(refused) == [.recorded(.rejected)])
            // A worker that knows more would store it; its code is new, so that only the ledger can say that it was refused.
            #expect(try await ledger.write([ledger.entry(6, code: "D6")]) == [.recorded(.rejected)])
            #expect(try await ledger.write([ledger.entry(1, code: "B", salt: 9)]) == [.conflicting])
            #expect(
                try await ledger.quarantine(ledger.refused(1, salt: 9, outcome: .conflict)) == [.recorded(.conflict)])
            #expect(try await ledger.write([ledger.entry(7, code: "D1")]) == [.recorded(.duplicate)])
            #expect(
                try await ledger.write(ledger.entries(3...3) + ledger.entries(8...9))
                    == Array(repeating: .recorded(.stored), count: 3),
                "what is new is stored, also among closed numbers")
            #expect(try await ledger.count("intake") == 9)
            #expect(try await ledger.count("dossier") == 7)
            #expect(try await ledger.count("survey_task") == 7)
        }
    }

    @Test func `What is gone is told again what it was told first, and is not written again`() async throws {
        try await Ledger.perform { ledger async throws in
            let refused = ledger.refused(5, salt: 0, outcome: .rejected)
            _ = try await ledger.write(ledger.entries(1...4))
            _ = try await ledger.quarantine(refused)
            #expect(try await ledger.keep(ledger.manifest(6, 1...5, [:])) == [.recorded(.stored)])
            try await ledger.foldAll()
            #expect(try await ledger.closePeriod() == 1)
            #expect(try await ledger.dropAll().dropped == [1])
            #expect(try await ledger.count("intake") == 0)
            #expect(try await ledger.open() == 0, "nobody can replay what has no ledger row")
            let progress = try await SenderDirectory(ledger.connection).progress(sender: 1, epoch: 77)
            #expect(progress.contiguous == 6 && progress.highest == 6 && progress.holes.isEmpty)
            #expect(try await Manifests(ledger.connection).recent().isEmpty)

            #expect(
                try await ledger.write(ledger.entries(1...4)) == Array(repeating: .recorded(.stored), count: 4))
            #expect(try await ledger.quarantine(refused) == [.recorded(.rejected)])
            #expect(try await ledger.write([ledger.entry(5, code: "D5")]) == [.recorded(.rejected)])
            #expect(try await ledger.keep(ledger.manifest(6, 1...5, [:])) == [.recorded(.stored)])
            #expect(try await ledger.count("intake") == 0)
            #expect(try await ledger.write([ledger.entry(7, code: "D1")]) == [.recorded(.duplicate)])
            #expect(try await ledger.write([ledger.entry(8, code: "D1", channel: .postal)]) == [.conflicting])
            let correction = ledger.revision(9, of: 2, code: "D2", channel: .postal)
            #expect(try await ledger.revise([correction]) == [.targetUnknown])
            #expect(try await ledger.count("dossier") == 4)
            #expect(try await ledger.count("survey_task") == 0)
            try await ledger.foldAll()
            #expect(try await ledger.isExact())
        }
    }

    @Test func `Workers with the same batches store them once, however often a period is closed meanwhile`()
        async throws
    {
        let address = try await TestCluster.shared.migratedDatabase()
        try await DatabaseSession(address).perform { try await Ledger($0).prepare() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    try await DatabaseSession(address).perform { connection async throws in
                        let ledger = Ledger(connection)
                        for batch in UInt64(0)..<20 {
                            let told = try await ledger.writeUntilDecided(
                                ledger.entries((batch * 50 + 1)...(batch * 50 + 50)))
                            #expect(told == Array(repeating: .recorded(.stored), count: 50))
                        }
                    }
                }
            }
            group.addTask {
                try await DatabaseSession(address).perform { connection async throws in
                    for _ in 0..<6 { _ = try await Ledger(connection).closePeriod() }
                }
            }
            group.addTask {
                try await DatabaseSession(address).perform { connection async throws in
                    while try await Ledger(connection).folded() < 1_000 { try await Ledger(connection).fold() }
                }
            }
            try await group.waitForAll()
        }
        try await DatabaseSession(address).perform { connection async throws in
            let ledger = Ledger(connection)
            #expect(try await ledger.count("intake") == 1_000)
            #expect(try await ledger.count("dossier") == 1_000)
            #expect(try await ledger.count("survey_task") == 1_000)
            #expect(try await ledger.folded() == 1_000)
            #expect(try await ledger.isExact())
            let balance = try await Reconciliation(connection).balances()[0]
            #expect(balance.stored == 1_000 && balance.missing.isEmpty)
        }
    }

    @Test func `Balance, ranges and recount are the same before and after periods are closed and dropped`() async throws
    {
        try await Ledger.perform { ledger async throws in
            _ = try await ledger.write(ledger.entries(1...6))
            _ = try await ledger.quarantine(ledger.refused(7, salt: 0, outcome: .rejected, dossier: "A"))
            try await ledger.foldAll()
            #expect(try await ledger.closePeriod() == 1)
            // A correction and a replay of what is closed, and a hole.
            let correction = ledger.revision(9, of: 1, code: "D1", channel: .postal)
            #expect(try await ledger.revise([correction]) == [.recorded(.stored)])
            #expect(
                try await ledger.revise([ledger.revision(7, of: 7, code: "A", part: 1)]) == [.recorded(.stored)])
            #expect(try await ledger.channels() == [2: 6, 3: 1])
            #expect(try await ledger.isExact(), "while it is not folded")
            try await ledger.foldAll()
            let before = try await ledger.answers()
            #expect(before.balances[0].missing == [8...8] && before.balances[0].quarantined == 0)

            #expect(try await ledger.closePeriod() == 2)
            #expect(try await ledger.answers() == before)
            #expect(try await ledger.isExact())
            #expect(try await ledger.dropAll().dropped == [1, 2])
            #expect(try await ledger.answers() == before)
            #expect(try await ledger.isExact())
            #expect(
                try await ledger.revise([ledger.revision(7, of: 7, code: "A", part: 1)]) == [.targetUnknown])
            #expect(try await ledger.write(ledger.entries(8...8)) == [.recorded(.stored)])
            #expect(try await ledger.answers().balances[0].isBalanced)
        }
    }

    @Test func `A correction of a correction counts also when the first entry is gone, and asks nobody again`()
        async throws
    {
        try await Ledger.perform { ledger async throws in
            _ = try await ledger.write([ledger.entry(1, code: "A")])
            try await ledger.foldAll()
            #expect(try await ledger.closePeriod() == 1)
            let first = ledger.revision(2, of: 1, code: "A", channel: .postal)
            #expect(try await ledger.revise([first]) == [.recorded(.stored)])
            try await ledger.foldAll()
            #expect(try await ledger.dropAll().dropped == [1])
            #expect(try await ledger.revise([first]) == [.recorded(.stored)])
            let second = ledger.revision(3, of: 2, code: "A", channel: .inPerson)
            #expect(try await ledger.revise([second]) == [.recorded(.stored)])
            #expect(try await ledger.count("survey_task") == 0, "the first one was carried out")
            #expect(try await ledger.isExact())
            try await ledger.foldAll()
            #expect(try await ledger.isExact())
            #expect(try await ledger.folded() == 1)
        }
    }

    @Test func `A number that was missing closes its gap also when what lies behind it is closed or gone`() async throws
    {
        try await Ledger.perform { ledger async throws in
            let directory = SenderDirectory(ledger.connection)
            _ = try await ledger.write(ledger.entries(1...3) + ledger.entries(5...6))
            try await ledger.foldAll()
            _ = try await ledger.closePeriod()
            _ = try await ledger.write(ledger.entries(8...9))
            try await ledger.foldAll()
            _ = try await ledger.closePeriod()
            _ = try await ledger.dropAll(1...1)
            #expect(try await directory.progress(sender: 1, epoch: 77).holes == [4...4, 7...7])
            _ = try await ledger.write(ledger.entries(7...7) + ledger.entries(4...4))
            try await ledger.foldAll()
            #expect(try await directory.progress(sender: 1, epoch: 77).contiguous == 9)
            #expect(try await ledger.answers().balances[0].isBalanced)
        }
    }

    @Test func `What is closed before it is folded is folded all the same`() async throws {
        try await Ledger.perform { ledger async throws in
            for period in 0..<3 as Range<UInt64> {
                _ = try await ledger.write(ledger.entries((period * 50 + 1)...(period * 50 + 50)))
                #expect(try await ledger.closePeriod() == Int32(period + 1))
            }
            _ = try await ledger.write(ledger.entries(151...200))
            #expect(try await Fold(ledger.connection).backlog() == 200)
            try await ledger.foldAll()
            #expect(try await ledger.folded() == 200)
            #expect(try await ledger.isExact())
            #expect(try await SenderDirectory(ledger.connection).progress(sender: 1, epoch: 77).contiguous == 200)
        }
    }

    @Test func `Open or closed, the ledger cannot be changed, and nobody writes to a closed period`() async throws {
        try await Ledger.perform { ledger async throws in
            _ = try await ledger.write(ledger.entries(1...2))
            #expect(try await ledger.closePeriod() == 1)
            _ = try await ledger.write(ledger.entries(3...4))
            for sql in [
                "UPDATE hoso.intake SET outcome = 2", "DELETE FROM hoso.intake", "UPDATE hoso.intake_1 SET outcome = 2",
                "DELETE FROM hoso.intake_1", "TRUNCATE hoso.intake_1", "DELETE FROM hoso.survey_task_1",
            ] { #expect(try await ledger.refusal(of: sql) == "42501", "\(sql)") }
            for role in DatabaseAddress.Role.allCases {
                for sql in [
                    "INSERT INTO hoso.intake_1 (sender, epoch, sequence, digest, outcome) VALUES (1, 1, 1, '', 1)",
                    "INSERT INTO hoso.survey_task_1 (dossier, not_before) VALUES ('D1', now())",
                    "INSERT INTO hoso.survey_acknowledgement_1 (task) VALUES (1)", "DROP TABLE hoso.intake_1",
                ] { #expect(try await ledger.refusal(of: sql, as: role) == "42501", "\(role): \(sql)") }
            }
        }
    }

    @Test func `A period is closed when its time is over and it has anything, and not while a backup is made`()
        async throws
    {
        let address = try await TestCluster.shared.migratedDatabase()
        try await DatabaseSession(address).perform { connection async throws in
            let ledger = Ledger(connection)
            try await ledger.prepare()
            let periods = Periods(connection)
            _ = try await ledger.write(ledger.entries(1...2))
            #expect(try await ledger.acting(as: .fold) { try await periods.close() } == nil, "there is one for ever")
            try await Retention(connection).keep(Retention.Lengths(periodMonths: 1))
            #expect(try await ledger.acting(as: .fold) { try await periods.close() } == nil, "it has just begun")
            #expect(try await ledger.acting(as: .fold) { try await periods.due() } == Periods.Work())
            try await ledger.endPeriod()
            #expect(try await ledger.acting(as: .fold) { try await periods.due() }.closed == 1)
            try await DatabaseSession(address).perform { backup async throws in
                _ = try await backup.run(
                    "SELECT pg_advisory_lock_shared(hashtext('hoso.period'))", as: "as a backup does")
                let refusal = try await DatabaseSession(address.acting(as: .fold)).perform { connection async throws in
                    try await failure(PostgresError.self) { _ = try await Periods(connection).close() }
                }
                #expect(refusal?.code == .refused(SQLState(rawValue: "55P03")) && refusal?.isRetriable == true)
                _ = try await backup.run(
                    "SELECT pg_advisory_unlock_shared(hashtext('hoso.period'))", as: "as a backup does")
            }
            #expect(try await ledger.closePeriod() == 1)
            try await ledger.endPeriod()
            #expect(try await ledger.acting(as: .fold) { try await periods.close() } == nil, "nothing is in it")
            let list = try await ledger.acting(as: .fold) { try await periods.list() }
            #expect(list.map(\.number) == [1, 2] && list.map { $0.closedAt == nil } == [false, true])
            #expect(list.allSatisfy { $0.bytes > 0 && $0.droppedAt == nil })
        }
    }

    @Test func `A period is not dropped before its time, nor while anything of it is to be folded or carried out`()
        async throws
    {
        try await Ledger.perform { ledger async throws in
            let periods = Periods(ledger.connection)
            _ = try await ledger.write(ledger.entries(1...2))
            #expect(try await ledger.closePeriod() == 1)
            try await ledger.age()
            #expect(try await ledger.acting(as: .fold) { try await periods.expired() } == nil, "it is not folded")
            try await ledger.foldAll()
            #expect(try await ledger.acting(as: .fold) { try await periods.expired() } == nil, "tasks are waiting")
            try await ledger.acting(as: .relay) {
                try await Outbox(ledger.connection).acknowledge([1, 2], floorTransaction: 0, floorTask: 0)
            }
            #expect(try await ledger.acting(as: .fold) { try await periods.expired() } == 1)
            try await Retention(ledger.connection).keep(Retention.Lengths(periodMonths: 1))
            #expect(try await ledger.acting(as: .fold) { try await periods.expired() } == nil, "it is kept for ever")
            try await Retention(ledger.connection).keep(Retention.Lengths(periodMonths: 1, ledgerMonths: 24))
            #expect(try await ledger.acting(as: .fold) { try await periods.expired() } == nil, "it is kept for longer")
            try await ledger.acting(as: .fold) { try await periods.sum(1) }
            #expect(try await ledger.acting(as: .fold) { try await periods.erase(1) } == 0)
            #expect(try await ledger.acting(as: .fold) { try await periods.drop(1) } == false)
            try await ledger.age()
            #expect(try await ledger.acting(as: .fold) { try await periods.drop(1) } == false, "it is not summed")
            #expect(try await ledger.count("forgotten") == 0)
            #expect(try await ledger.dropAll().dropped == [1])
            #expect(try await ledger.acting(as: .fold) { try await periods.list() }[0].droppedAt != nil)
        }
    }

    @Test func `A task is acknowledged once, in whatever period`() async throws {
        try await Ledger.perform { ledger async throws in
            _ = try await ledger.write(ledger.entries(1...2))
            for _ in 0..<2 {
                for _ in 0..<2 {
                    try await ledger.acting(as: .relay) {
                        try await Outbox(ledger.connection).acknowledge([1, 2, 3], floorTransaction: 0, floorTask: 0)
                    }
                }
                _ = try await ledger.closePeriod()
            }
            #expect(try await ledger.count("survey_acknowledgement") == 2)
            let counts = try await Outbox(ledger.connection).counts()
            #expect(counts.tasks == 2 && counts.acknowledged == 2)
        }
    }

    @Test
    func `A dossier is taken away when it and its ledger are old enough, its code is never new, its figures stay`()
        async throws
    {
        try await Ledger.perform { ledger async throws in
            let periods = Periods(ledger.connection)
            let young = Int32(WallClock.microseconds / 86_400_000_000)
            _ = try await ledger.write(
                ledger.entries(1...3) + [
                    ledger.entry(4, code: "YOUNG", day: young), ledger.completeEntry(5, code: "E"),
                ])
            try await ledger.foldAll()
            #expect(try await ledger.closePeriod() == 1)
            _ = try await ledger.write([ledger.entry(6, code: "LATER")])
            try await ledger.foldAll()
            #expect(try await ledger.dropAll(1...1).dropped == [1])
            #expect(try await ledger.acting(as: .fold) { try await periods.forgetDossiers() } == 0, "kept for ever")
            let before = try await ledger.answers()
            try await Retention(ledger.connection).keep(
                Retention.Lengths(periodMonths: 1, ledgerMonths: 13, dossierMonths: 13))
            #expect(try await ledger.acting(as: .fold) { try await periods.forgetDossiers(3) } == 3)
            #expect(try await ledger.acting(as: .fold) { try await periods.forgetDossiers() } == 1)
            #expect(try await ledger.acting(as: .fold) { try await periods.forgetDossiers() } == 0)
            #expect(try await ledger.count("dossier") == 2, "one is young, one has its ledger row")
            #expect(try await ledger.isExact())
            #expect(try await ledger.answers() == before)
            #expect(try await ledger.folded() == 6)

            #expect(try await ledger.write(ledger.entries(1...3)) == Array(repeating: .recorded(.stored), count: 3))
            #expect(try await ledger.write([ledger.entry(7, code: "D1")]) == [.recorded(.duplicate)])
            #expect(try await ledger.write([ledger.entry(8, code: "D1", channel: .postal)]) == [.conflicting])
            #expect(try await ledger.count("dossier") == 2)
            _ = try await ledger.connection.run(
                "UPDATE hoso.adoption SET dossiers = dossiers + 1 WHERE day < '2022-04-01'", as: "tamper")
            #expect(try await !ledger.isExact(), "and who tampers with them is found out")
        }
    }

    @Test func `Lengths that cannot be meant are refused`() async throws {
        try await Ledger.perform { ledger async throws in
            for lengths in [
                Retention.Lengths(periodMonths: 13), Retention.Lengths(periodMonths: 3, ledgerMonths: 12),
                Retention.Lengths(dossierMonths: 24),
                Retention.Lengths(periodMonths: 3, ledgerMonths: 24, dossierMonths: 23),
            ] {
                let refusal = try await failure(PostgresError.self) {
                    try await Retention(ledger.connection).keep(lengths)
                }
                #expect(refusal?.code == .refused(SQLState(rawValue: "23514")), "\(lengths)")
            }
        }
    }
}

/// What queries say that must not change when a period is closed or dropped.
private struct Answers: Equatable {
    let balances: [Reconciliation.Balance]
    let ranges: [ReconciliationDetail.Range]
    let progress: SenderDirectory.Progress
}

extension Ledger {
    /// Lets the time of the open period be over.
    fileprivate func endPeriod() async throws {
        for sql in [
            "UPDATE hoso.retention SET period_months = 1",
            "UPDATE hoso.period SET began_at = now() - interval '2 months' WHERE closed_at IS NULL",
        ] { _ = try await connection.run(sql, as: "let time pass") }
    }

    /// Closes the open period as the aggregator does, which tries again when somebody is in the way.
    fileprivate func closePeriod() async throws -> Int32? {
        try await endPeriod()
        while true {
            do {
                return try await acting(as: .fold) { try await Periods(connection).close() }
            } catch let error as PostgresError where error.isRetriable && !error.isConnectionLost {
                continue
            }
        }
    }

    /// Lets closed periods have been kept for long enough.
    fileprivate func age(_ numbers: ClosedRange<Int> = 1...99) async throws {
        for sql in [
            "UPDATE hoso.retention SET period_months = 1, ledger_months = 13",
            """
            UPDATE hoso.period SET closed_at = closed_at - interval '14 months'
            WHERE number BETWEEN \(numbers.lowerBound) AND \(numbers.upperBound)
            """,
        ] { _ = try await connection.run(sql, as: "let time pass") }
    }

    /// Does what is due once some periods are old and their tasks carried out.
    fileprivate func dropAll(_ numbers: ClosedRange<Int> = 1...99) async throws -> Periods.Work {
        try await age(numbers)
        _ = try await connection.run(
            """
            INSERT INTO hoso.survey_acknowledgement (task) SELECT id FROM hoso.survey_task t
            WHERE NOT EXISTS (SELECT FROM hoso.survey_acknowledgement a WHERE a.task = t.id)
            """, as: "carry out")
        while true {
            do {
                return try await acting(as: .fold) { try await Periods(connection).work() }
            } catch let error as PostgresError where error.isRetriable && !error.isConnectionLost {
                continue
            }
        }
    }

    /// The state in which a statement is refused; `nil` when it is not.
    /// - Parameter role: `nil` for the owner of everything.
    fileprivate func refusal(of sql: String, as role: DatabaseAddress.Role? = nil) async throws -> String? {
        let refusal = try await failure(PostgresError.self) {
            if let role {
                try await acting(as: role) { _ = try await connection.run(sql, as: "try") }
            } else {
                _ = try await connection.run(sql, as: "try")
            }
        }
        guard case .refused(let state) = refusal?.code else { return nil }
        return state.rawValue
    }

    fileprivate func answers() async throws -> Answers {
        Answers(
            balances: try await Reconciliation(connection).balances(),
            ranges: try await ReconciliationDetail(connection).ranges,
            progress: try await SenderDirectory(connection).progress(sender: 1, epoch: 77))
    }
}
