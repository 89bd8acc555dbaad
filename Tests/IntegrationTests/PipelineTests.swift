import Agent
import Demonstration
import Dossiers
import Foundation
import Machines
import Postgres
import ServiceLifecycle
import Spool
import Store
import TestSupport
import Testing

@Suite(.takingTurns) struct PipelineTests {
    @Test func `What two senders hand in is stored once, receipted and balanced`() async throws {
        let centre = try await Centre()
        let all = Array(SampleSubmissions(count: 3_000))
        let one = try centre.spool("one"), other = try centre.spool("other")
        try one.accept(all[..<1_500])
        try other.accept(all[1_500...])
        let services: [any Service] = [
            try await centre.broker(), try centre.worker(), try centre.worker(), try centre.courier(one),
            try centre.courier(other),
        ]
        try await centre.run(services) {
            try await Centre.until("all have receipts") { try one.isSettled && other.isSettled }
        }
        #expect(try one.counts().stored == 1_500 && other.counts().stored == 1_500)
        #expect(try await centre.count("dossier") == 3_000)
        #expect(try await centre.count("intake", where: "outcome = 1") == 3_000)
        #expect(try await centre.count("survey_task") == 3_000)
        let transactions = try await centre.session.perform { connection async throws in
            try await connection.run("SELECT count(DISTINCT xid) FROM hoso.intake", as: "count").int64(0, 0)
        }
        #expect(transactions < 1_500, "batches share transactions")
    }

    @Test func `All reasons travel back to the sender, and the quarantine keeps the bytes`() async throws {
        let centre = try await Centre()
        var submissions = Array(SampleSubmissions(count: 20))
        submissions[4].channel = "Intern"
        submissions[9].applicantPhone = "12"
        submissions[9].unit = ""
        let spool = try centre.spool("one")
        try spool.accept(submissions)
        try await centre.run([try await centre.broker(), try centre.worker(), try centre.courier(spool)]) {
            try await Centre.until("all have receipts") { try spool.isSettled }
        }
        #expect(try spool.counts().stored == 18)
        let rejected = try spool.rejected()
        #expect(rejected.map(\.number) == [5, 10])
        let reasons = rejected.map { String(decoding: $0.reasons, as: UTF8.self) }
        #expect(reasons[0].contains("channel_unknown"))
        #expect(reasons[1].contains("phone_malformed") && reasons[1].contains("missing"))
        #expect(!reasons[1].contains("\"12\""), "no personal data in reasons")
        #expect(try await centre.count("quarantine", where: "length(body) > 50 AND sequence IN (5, 10)") == 2)
    }

    @Test func `A value that only the database refuses is quarantined, and its neighbours are stored`() async throws {
        let centre = try await Centre()
        try await centre.session.perform { connection in
            try await connection.runScript(
                "ALTER TABLE hoso.dossier ADD CHECK (operator <> 'forbidden')", as: "constrain", within: .seconds(10))
        }
        var submissions = Array(SampleSubmissions(count: 400))
        for index in [0, 77, 399] { submissions[index].deskOperator = "forbidden" }
        let spool = try centre.spool("one")
        try spool.accept(submissions)
        try await centre.run([try await centre.broker(), try centre.worker(), try centre.courier(spool)]) {
            try await Centre.until("all have receipts") { try spool.isSettled }
        }
        #expect(try spool.counts().stored == 397)
        #expect(try spool.rejected().map(\.number) == [1, 78, 400])
        #expect(try await centre.count("quarantine", where: "reasons @> '[{\"code\": \"refused_by_database\"}]'") == 3)
        #expect(try await centre.count("survey_task") == 397)
    }

    @Test func `A batch in which everything is wrong gets a receipt that fits`() async throws {
        let centre = try await Centre()
        let submissions = (0..<1_100).map { number in
            var submission = Submission()
            submission.dossierCode = "H36.26-220230-\(10_000 + number)"
            submission.receivedAt = "yesterday-or-the-day-before-that-or-so"
            submission.finishedAt = "tomorrow-or-the-day-after-that-or-later"
            submission.channel = "a-pigeon-or-some-other-bird-that-carries-letters-for-people"
            submission.returnChannel = submission.channel
            submission.status = "somewhere-between-here-and-there"
            submission.applicantKind = "a-person-of-no-particular-kind"
            submission.onlineLevel = "as-high-as-it-goes"
            submission.applicantPhone = "none"
            return submission
        }
        let spool = try centre.spool("one")
        try spool.accept(submissions)
        try await centre.run([try await centre.broker(), try centre.worker(), try centre.courier(spool)]) {
            try await Centre.until("all have receipts") { try spool.isSettled }
        }
        #expect(try spool.counts().rejected == 1_100)
        let reasons = try #require(try spool.rejected(limit: 1).first)
        #expect(!ReasonList(json: reasons.reasons).reasons.isEmpty)
        #expect(try await centre.count("quarantine", where: "jsonb_array_length(reasons) > 8") == 1_100)
    }

    @Test func `A closed catalogue is read before anything is judged by it`() async throws {
        let centre = try await Centre()
        let submissions = Array(SampleSubmissions(count: 300))
        let units = Set(submissions.map(\.unit)), procedures = Set(submissions.map(\.procedure))
        try await centre.session.perform { connection in
            try await CatalogueTable(connection).add(
                units: units.map { .init(code: $0, name: $0, kind: "") },
                procedures: procedures.map { .init(code: $0, title: $0, sector: "from the catalogue", onlineLevel: 4) })
        }
        let spool = try centre.spool("one")
        try spool.accept(submissions)
        try await centre.run([try await centre.broker(), try centre.courier(spool)]) {
            try await centre.run([try centre.worker(policy: .closed)]) {
                try await Centre.until("all have receipts") { try spool.isSettled }
            }
        }
        #expect(try spool.counts().stored == 300)
    }

    @Test func `Other content under a stored code is a conflict at both ends`() async throws {
        let centre = try await Centre()
        var submissions = Array(SampleSubmissions(count: 3))
        submissions[1] = submissions[0]
        submissions[2].dossierCode = submissions[0].dossierCode
        let spool = try centre.spool("one")
        try spool.accept(submissions)
        try await centre.run([try await centre.broker(), try centre.worker(), try centre.courier(spool)]) {
            try await Centre.until("all have receipts") { try spool.isSettled }
        }
        let counts = try spool.counts()
        #expect(counts.stored == 1 && counts.duplicate == 1 && counts.conflict == 1)
        #expect(try await centre.count("dossier") == 1)
    }

    @Test func `What a hung worker has goes to another one`() async throws {
        let centre = try await Centre()
        let spool = try centre.spool("one")
        let broker = try await centre.broker { $0.lease = .seconds(2) }
        let hung = try HungWorker(endpoint: centre.workers)
        let worker = try centre.worker()
        try await centre.run([broker, hung, try centre.courier(spool)]) {
            // Its greeting is the first thing that a sender sends, and it goes to the only worker there is.
            try await Centre.until("the hung worker has something") { await hung.deliveries > 0 }
            try spool.accept(SampleSubmissions(count: 100))
            try await centre.run([worker]) {
                try await Centre.until("all have receipts") { try spool.isSettled }
            }
        }
        #expect(try spool.counts().stored == 100)
    }

    @Test func `Work resumes by itself when the database comes back`() async throws {
        let centre = try await Centre()
        let spool = try centre.spool("one")
        try spool.accept(SampleSubmissions(count: 2_000))
        let services: [any Service] = [try await centre.broker(), try centre.worker(), try centre.courier(spool)]
        try await centre.run(services) {
            for _ in 0..<5 {
                try await Task.sleep(for: .milliseconds(150))
                try await centre.session.perform { connection in
                    _ = try await connection.run(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE datname = current_database() AND pid <> pg_backend_pid()
                        """, as: "end all sessions")
                }
            }
            try await Centre.until("all have receipts") { try spool.isSettled }
        }
        #expect(try spool.counts().stored == 2_000)
        #expect(try await centre.count("dossier") == 2_000)
        #expect(try await centre.count("intake") == 2_000)
    }

    @Test func `Workers that come and go lose nothing and store nothing twice`() async throws {
        let centre = try await Centre()
        let spool = try centre.spool("one")
        try spool.accept(SampleSubmissions(count: 4_000))
        try await centre.run([try await centre.broker(), try centre.courier(spool)]) {
            for _ in 0..<6 {
                try await centre.run([try centre.worker()]) { try await Task.sleep(for: .milliseconds(200)) }
            }
            try await centre.run([try centre.worker()]) {
                try await Centre.until("all have receipts") { try spool.isSettled }
            }
        }
        #expect(try spool.counts().stored == 4_000)
        #expect(try await centre.count("dossier") == 4_000)
        #expect(try await centre.count("intake") == 4_000)
    }

    @Test func `A broker that starts late, and again, is found`() async throws {
        let centre = try await Centre()
        let spool = try centre.spool("one")
        try spool.accept(SampleSubmissions(count: 1_000))
        try await centre.run([try centre.worker(), try centre.courier(spool)]) {
            for _ in 0..<3 {
                try await centre.run([try await centre.broker()]) { try await Task.sleep(for: .milliseconds(300)) }
            }
            try await centre.run([try await centre.broker()]) {
                try await Centre.until("all have receipts") { try spool.isSettled }
            }
        }
        #expect(try await centre.count("dossier") == 1_000)
    }

    @Test func `An old copy of a spool is found out before it sends`() async throws {
        let centre = try await Centre()
        let path = centre.folder.path
        var spool = try centre.spool("one")
        try spool.accept(Array(SampleSubmissions(count: 20))[..<10])
        spool.close()
        try FileManager.default.copyItem(atPath: path + "/one.sqlite", toPath: path + "/copy.sqlite")
        spool = try centre.spool("one")
        try spool.accept(Array(SampleSubmissions(count: 20))[10...])
        let current = spool
        let broker = try await centre.broker(), worker = try centre.worker()
        try await centre.run([broker, worker]) {
            try await centre.run([try centre.courier(current)]) {
                try await Centre.until("all have receipts") { try current.isSettled }
            }
            let old = try SpoolDatabase(path: path + "/copy.sqlite", sender: "one")
            let error = try await failure(SpoolRegression.self) { try await centre.courier(old).run() }
            #expect(error?.head == 10 && error?.highest == 20)
        }
        #expect(try await centre.count("intake") == 20)
    }

    @Test func `A spool that has lost what it announced does not use the numbers twice, also if nothing was sent`()
        async throws
    {
        let centre = try await Centre()
        let spool = try centre.spool("one")
        try spool.accept(Array(SampleSubmissions(count: 10)))
        let epoch = spool.epoch
        try await centre.session.perform { connection in
            let directory = SenderDirectory(connection)
            try await directory.announce(sender: try await directory.register("one"), epoch: epoch, head: 50)
        }
        try await centre.run([try await centre.broker(), try centre.worker()]) {
            let error = try await failure(SpoolRegression.self) { try await centre.courier(spool).run() }
            #expect(error?.head == 10 && error?.highest == 50)
        }
        #expect(try await centre.count("intake") == 0)
    }
}
