import Demonstration
import Dossiers
import Foundation
import PersonalData
import ServiceLifecycle
import Postgres
import Store
import Surveys
import Synchronization
import TestSupport
import Testing
import WireMessages
import ZeroMQ

@Suite(.takingTurns) struct SurveyTests {
    /// What survey senders were asked to do.
    private final class Book: Sendable {
        private let entries = Mutex<[Int64: Int]>([:])

        /// Notes a task and says how often it has come.
        func note(_ task: WireSurveyTask) -> Int {
            entries.withLock { entries in
                entries[task.task, default: 0] += 1
                return entries[task.task] ?? 0
            }
        }

        var tasks: Int { entries.withLock { $0.count } }
        var most: Int { entries.withLock { $0.values.max() ?? 0 } }
    }

    private func stored(_ count: Int, _ centre: Centre, survey: SurveyPolicy = SurveyPolicy()) async throws {
        let spool = try centre.spool("one")
        try spool.accept(SampleSubmissions(count: count))
        try await centre.run([
            try await centre.broker(), try centre.worker(survey: survey), try centre.courier(spool),
        ]) {
            try await Centre.until("all have receipts") { try spool.isSettled }
        }
    }

    private func relay(
        _ centre: Centre, capacity: Int = 20_000, vault: Vault = Centre.vault
    ) async throws -> RelayService {
        var configuration = RelayService.Configuration(
            endpoint: centre.surveys, database: centre.database.acting(as: .relay), vault: vault)
        // The memory of this process is that of all tests, not of a relay.
        configuration.memoryBytes = 1 << 40
        configuration.capacity = capacity
        for _ in 0..<200 {
            do { return try RelayService(configuration, logger: Centre.logger) } catch is ZeroMQError {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        return try RelayService(configuration, logger: Centre.logger)
    }

    private func listener(
        _ centre: Centre, credit: Int = 100, _ carryOut: @escaping @Sendable (WireSurveyTask) async -> Bool
    ) throws -> SurveyListener {
        try SurveyListener(
            endpoint: centre.surveys, credit: credit, logger: Centre.logger, carryOut: carryOut)
    }

    @Test func `Every task is delivered and acknowledged, by however many survey senders`() async throws {
        let centre = try await Centre()
        try await stored(1_000, centre)
        let book = Book()
        let listeners = try (0..<3).map { _ in try listener(centre) { book.note($0) > 0 } }
        try await centre.run([try await relay(centre)] + listeners) {
            try await Centre.until("all are acknowledged") { try await centre.count("survey_acknowledgement") == 1_000 }
        }
        #expect(book.tasks == 1_000)
        #expect(try await centre.count("survey_floor", where: "task > 0") == 1)
    }

    @Test func `Whom a task is about is looked up when it is handed over: what was erased meanwhile is not told`()
        async throws
    {
        let centre = try await Centre()
        try await stored(20, centre)
        let (first, second) = (Names(), Names())
        try await centre.run([try await relay(centre)]) {
            let failing = try self.listener(centre) { task in
                first.note(task)
                return false
            }
            try await centre.run([failing]) {
                try await Centre.until("all have been handed over") { first.tasks == 20 }
            }
            try await centre.session.perform { connection in
                _ = try await connection.run(
                    "SELECT hoso.erase(code, 'test', 'a test') FROM hoso.dossier", as: "erase")
            }
            let other = try self.listener(centre) { task in
                second.note(task)
                return true
            }
            try await centre.run([other]) {
                try await Centre.until("all are acknowledged") {
                    try await centre.count("survey_acknowledgement") == 20
                }
            }
        }
        #expect(first.named == 20 && second.tasks == 20 && second.named == 0)
        // Dossier by dossier; of what was erased nothing was read.
        #expect(try await centre.count("personal_access", where: "action = 'survey'") >= 20)
    }

    @Test func `A task whose contact the relay cannot open waits for one that can`() async throws {
        let centre = try await Centre()
        try await stored(10, centre)
        let names = Names()
        let stranger = try self.listener(centre) { task in
            names.note(task)
            return true
        }
        try await centre.run([try await relay(centre, vault: Protection.forNothing.vault), stranger]) {
            try await Task.sleep(for: .seconds(2))
        }
        #expect(names.tasks == 0)
        #expect(try await centre.count("survey_acknowledgement") == 0)
        let listener = try self.listener(centre) { task in
            names.note(task)
            return true
        }
        try await centre.run([try await relay(centre), listener]) {
            try await Centre.until("all are acknowledged") { try await centre.count("survey_acknowledgement") == 10 }
        }
        #expect(names.named == 10)
    }

    /// Tasks that somebody was told of, and whether with a name.
    private final class Names: Sendable {
        private let entries = Mutex<[Int64: Bool]>([:])

        func note(_ task: WireSurveyTask) { entries.withLock { $0[task.task] = !task.applicantName.isEmpty } }

        var tasks: Int { entries.withLock { $0.count } }
        var named: Int { entries.withLock { $0.values.count { $0 } } }
    }

    @Test func `A task that fails is tried again under the same id, without holding up the others`() async throws {
        let centre = try await Centre()
        try await stored(40, centre)
        let book = Book()
        let listener = try self.listener(centre) { task in
            let times = book.note(task)
            return !task.task.isMultiple(of: 8) || times > 2
        }
        try await centre.run([try await relay(centre), listener]) {
            try await Centre.until("all are acknowledged") { try await centre.count("survey_acknowledgement") == 40 }
        }
        #expect(book.tasks == 40)
        #expect(book.most == 3)
    }

    @Test func `What a lost survey sender had goes to another one, also over a restart of the relay`() async throws {
        let centre = try await Centre()
        try await stored(200, centre)
        let book = Book()
        try await centre.run([try await relay(centre)]) {
            let lost = try self.listener(centre) { _ in
                try? await Task.sleep(for: .seconds(600))
                return false
            }
            try await centre.run([lost]) { try await Task.sleep(for: .milliseconds(500)) }
            #expect(try await centre.count("survey_acknowledgement") == 0)
        }
        let listener = try self.listener(centre) { book.note($0) > 0 }
        try await centre.run([try await relay(centre), listener]) {
            try await Centre.until("all are acknowledged") { try await centre.count("survey_acknowledgement") == 200 }
        }
        #expect(book.tasks == 200)
    }

    @Test func `Tasks whose contact may not be used yet take no room from those that are due`() async throws {
        let centre = try await Centre()
        try await stored(60, centre)
        // The first fifty wait: a few seconds, and a day.
        try await centre.session.perform { connection in
            try await connection.runScript(
                """
                ALTER TABLE hoso.survey_task DISABLE TRIGGER append_only;
                UPDATE hoso.survey_task SET not_before = now() + interval '1 day' WHERE id <= 50;
                UPDATE hoso.survey_task SET not_before = now() + interval '3 seconds' WHERE id <= 5;
                """, as: "postpone", within: .seconds(10))
        }
        let book = Book()
        let listener = try self.listener(centre) { book.note($0) > 0 }
        try await centre.run([try await relay(centre, capacity: 10), listener]) {
            try await Centre.until("those that are due are done") {
                try await centre.count("survey_acknowledgement") == 10
            }
            #expect(try await centre.count("survey_floor", where: "task > 0") == 0, "nothing below the floor is undone")
            try await Centre.until("those that have become due are done") {
                try await centre.count("survey_acknowledgement") == 15
            }
        }
        #expect(book.tasks == 15 && book.most == 1)
    }

    @Test func `The policy decides which dossiers get a task, and when it may be used`() async throws {
        let centre = try await Centre()
        try await stored(
            400, centre, survey: SurveyPolicy(samplingRate: 0.5, channels: [.online, .postal], minimumContactAge: 24))
        let tasks = try await centre.count("survey_task")
        let chosen = try await centre.count("dossier", where: "channel <> 1")
        #expect(tasks > 0 && tasks < chosen)
        let wrong = """
            EXISTS (SELECT FROM hoso.dossier d WHERE d.code = survey_task.dossier
                    AND (d.channel = 1 OR survey_task.not_before <> d.received_at + interval '24 hours'))
            """
        #expect(try await centre.count("survey_task", where: wrong) == 0)
    }
}
