import Dossiers
import Polling
import Postgres
import Store
import TestSupport
import Testing

@Suite(.takingTurns) struct DirectoryTests {
    @Test func `Migrating is safe to repeat, and for two programs at once`() async throws {
        let address = try await TestCluster.shared.database()
        let applied = try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<3 {
                group.addTask { try await DatabaseSession(address).perform { try await Migrator($0).migrate() } }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(applied.count == Int(Migrator.neededVersion))
        try await DatabaseSession(address).perform { connection async throws in
            #expect(try await Migrator(connection).state() == .current)
            _ = try await connection.run(
                "INSERT INTO hoso.migration (number, name) VALUES (999, 'from the future')", as: "test")
            #expect(try await Migrator(connection).state() == .ahead(999))
            // A migration that says that this program goes on working after it.
            _ = try await connection.run(
                "UPDATE hoso.migration SET serves = \(Migrator.neededVersion) WHERE number = 999", as: "test")
            #expect(try await Migrator(connection).state() == .current)
            #expect(try await Migrator(connection).migrate() == [], "and nothing is taken back")
            _ = try await connection.run(
                "UPDATE hoso.migration SET serves = \(Migrator.neededVersion + 1) WHERE number = 999", as: "test")
            #expect(try await Migrator(connection).state() == .ahead(999))
        }
        let empty = try await TestCluster.shared.database()
        #expect(try await DatabaseSession(empty).perform { try await Migrator($0).state() } == .behind(1))
    }

    @Test func `Numbers that never came are named as missing`() async throws {
        try await Ledger.perform { ledger async throws in
            let directory = SenderDirectory(ledger.connection)
            _ = try await ledger.write(ledger.entries(1...3) + ledger.entries(6...6) + ledger.entries(9...10))
            try await directory.announce(sender: 1, epoch: 77, head: 12)
            let progress = try await directory.progress(sender: 1, epoch: 77)
            #expect(progress.contiguous == 3 && progress.highest == 12)
            #expect(progress.holes == [4...5, 7...8])
            let balance = try #require(try await Reconciliation(ledger.connection).balances().first)
            #expect(balance.assigned == 12 && balance.stored == 6)
            #expect(balance.missing == [4...5, 7...8, 11...12])
            try await ledger.foldAll()
            #expect(try await directory.progress(sender: 1, epoch: 77) == progress)
            _ = try await ledger.write(ledger.entries(4...5) + ledger.entries(7...8) + ledger.entries(11...12))
            try await ledger.foldAll()
            let whole = try #require(try await Reconciliation(ledger.connection).balances().first)
            #expect(whole.missing.isEmpty && whole.isBalanced && whole.stored == 12)
            #expect(try await directory.progress(sender: 1, epoch: 77).contiguous == 12)
        }
    }

    @Test func `Behind a hole the watermark stands, the head moves on, and all of it is known`() async throws {
        try await Ledger.perform { ledger async throws in
            let directory = SenderDirectory(ledger.connection)
            _ = try await ledger.write(ledger.entries(1...3) + ledger.entries(5...500))
            try await ledger.foldAll()
            _ = try await ledger.write(ledger.entries(501...12_000))
            try await ledger.foldAll()
            let progress = try await directory.progress(sender: 1, epoch: 77)
            #expect(progress.contiguous == 3 && progress.highest == 12_000 && progress.holes == [4...4])
            let balance = try #require(try await Reconciliation(ledger.connection).balances().first)
            #expect(balance.assigned == 12_000 && balance.missing == [4...4])
            _ = try await ledger.write(ledger.entries(4...4))
            try await ledger.foldAll()
            #expect(try await directory.progress(sender: 1, epoch: 77).contiguous == 12_000)
        }
    }

    @Test func `A sender is registered once, and its head never falls`() async throws {
        try await Ledger.perform { ledger async throws in
            let directory = SenderDirectory(ledger.connection)
            let first = try await directory.register("portal")
            #expect(try await directory.register("portal") == first)
            try await directory.announce(sender: first, epoch: 5, head: 9)
            try await directory.announce(sender: first, epoch: 5, head: 3)
            let balance = try #require(try await Reconciliation(ledger.connection).balances(of: "portal").first)
            #expect(balance.assigned == 9)
            #expect(balance.missing == [1...9])
        }
    }

    @Test func `An old copy of a spool and a clone of it are alarms, a late beat is none`() async throws {
        try await Ledger.perform { ledger async throws in
            let directory = SenderDirectory(ledger.connection)
            func alarms() async throws -> [String] {
                try await ReconciliationDetail(ledger.connection).alarms.map {
                    "\($0.kind) \($0.sequence) ×\($0.times)"
                }
            }
            let entries = ledger.entries(1...10)
            _ = try await ledger.write(entries)
            try await directory.announce(
                sender: 1, epoch: 77, head: 10, digest: entries[9].digest.bytes, isGreeting: true)
            try await directory.announce(sender: 1, epoch: 77, head: 8, digest: entries[7].digest.bytes)
            #expect(try await alarms().isEmpty)
            #expect(try await ReconciliationDetail(ledger.connection).chains.map(\.state) == ["agrees"])
            // The same number with another content, told by a beat; then an old copy greets; then a clone sends.
            try await directory.announce(sender: 1, epoch: 77, head: 10, digest: entries[0].digest.bytes)
            #expect(try await alarms() == ["fork 10 ×1"])
            try await directory.announce(
                sender: 1, epoch: 77, head: 7, digest: entries[6].digest.bytes, isGreeting: true)
            #expect(try await alarms() == ["fork 10 ×1"], "a greeting may be late by some seconds")
            try await directory.announce(
                sender: 1, epoch: 77, head: 7, digest: entries[6].digest.bytes, isGreeting: true, tolerance: 0)
            _ = try await ledger.quarantine(ledger.refused(4, salt: 9, outcome: .conflict))
            #expect(try await alarms() == ["fork 4 ×2", "regression 7 ×1"])
        }
    }

    @Test func `A sender that claims absurd numbers spoils nobody's balance`() async throws {
        try await Ledger.perform { ledger async throws in
            let directory = SenderDirectory(ledger.connection)
            _ = try await ledger.write(ledger.entries(1...3))
            let liar = try await directory.register("liar")
            for epoch in UInt64(1)...3 {
                try await directory.announce(sender: liar, epoch: epoch, head: UInt64(Int64.max) - 65_537)
            }
            let balances = try await Reconciliation(ledger.connection).balances()
            #expect(balances.map(\.sender) == ["liar", "tester"])
            #expect(balances[0].assigned == .max && balances[0].missingCount == .max && !balances[0].isBalanced)
            #expect(balances[1].isBalanced)
        }
    }

    @Test func `Every term of a balance is told with its numbers`() async throws {
        try await Ledger.perform { ledger async throws in
            _ = try await ledger.write(ledger.entries(1...3) + ledger.entries(5...6))
            _ = try await ledger.quarantine(ledger.refused(4, salt: 0, outcome: .rejected))
            _ = try await ledger.write([ledger.entry(8, code: "D1")])
            let detail = try await ReconciliationDetail(ledger.connection, of: "tester")
            #expect(
                detail.ranges.map { "\($0.term) \($0.numbers)" } == [
                    "stored 1...3", "quarantined 4...4", "stored 5...6", "duplicate 8...8",
                ])
            #expect(detail.chains.map(\.state) == ["open"])
            #expect(try await ReconciliationDetail(ledger.connection, of: "nobody").ranges.isEmpty)
        }
    }

    @Test func `Survey tasks are read in order of commit, and the floor never falls`() async throws {
        try await Ledger.perform { ledger async throws in
            _ = try await ledger.write(ledger.entries(1...5))
            _ = try await ledger.write(ledger.entries(6...8))
            let outbox = Outbox(ledger.connection)
            var tasks: [Outbox.Task] = []
            // Transactions of other tests hold the horizon of the whole cluster back for a while.
            while tasks.count < 8 { tasks = try await outbox.tasks(afterTransaction: 0, task: 0, limit: 100) }
            #expect(tasks.map(\.dossier) == (1...8).map { "D\($0)" })
            let rest = try await outbox.tasks(afterTransaction: tasks[4].transaction, task: tasks[4].id, limit: 100)
            #expect(rest.map(\.id) == tasks[5...].map(\.id))
            try await outbox.acknowledge(
                tasks[..<5].map(\.id), floorTransaction: tasks[4].transaction, floorTask: tasks[4].id)
            try await outbox.acknowledge(
                [tasks[0].id, 4_711], floorTransaction: tasks[0].transaction, floorTask: tasks[0].id)
            #expect(try await outbox.floor() == (tasks[4].transaction, tasks[4].id))
            #expect(try await outbox.counts() == (8, 5))
        }
    }

    @Test func `One relay at a time`() async throws {
        let address = try await TestCluster.shared.migratedDatabase()
        let other = try DatabaseSession(address)
        try await DatabaseSession(address).perform { connection async throws in
            #expect(try await Outbox(connection).becomeRelay())
            #expect(try await other.perform { try await Outbox($0).becomeRelay() } == false)
        }
    }
}
