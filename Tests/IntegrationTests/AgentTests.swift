import Agent
import Demonstration
import Dossiers
import Foundation
import Mapping
import ServiceLifecycle
import Spool
import Subprocess
import TestSupport
import Testing

@Suite(.takingTurns) struct AgentTests {
    private func inbox(_ centre: Centre, _ spool: SpoolDatabase) throws -> Inbox {
        try Inbox(
            folder: centre.folder.path + "/inbox", mapping: .native, spool: spool, language: .english,
            logger: Centre.logger)
    }

    private func lines(_ submissions: some Sequence<Submission>) -> String {
        submissions.map { String(decoding: $0.nativeLine(), as: UTF8.self) }.joined()
    }

    private func exists(_ centre: Centre, _ name: String) -> Bool {
        FileManager.default.fileExists(atPath: centre.folder.path + "/inbox/" + name)
    }

    @Test func `Complete files are taken, and settled in done or failed with a report`() async throws {
        let centre = try await Centre()
        let spool = try centre.spool("one")
        let inbox = try inbox(centre, spool)
        var bad = Array(SampleSubmissions(count: 30))[20...]
        bad[24].channel = "Intern"
        try centre.folder.write(lines(Array(SampleSubmissions(count: 30))[..<20]), to: "inbox/good.ndjson")
        try centre.folder.write(lines(bad) + "{ not json\n", to: "inbox/bad.ndjson")
        try centre.folder.write(lines(SampleSubmissions(count: 3)), to: "inbox/half.ndjson.part")
        let services: [any Service] = [
            try await centre.broker(), try centre.worker(), try centre.courier(spool), inbox,
        ]
        try await centre.run(services) {
            try await Centre.until("both files are settled") {
                exists(centre, "done/good.ndjson") && exists(centre, "failed/bad.ndjson")
            }
        }
        #expect(exists(centre, "half.ndjson.part") && !exists(centre, "good.ndjson") && !exists(centre, "bad.ndjson"))
        let report = try String(
            contentsOfFile: centre.folder.path + "/inbox/failed/bad.ndjson.report.txt", encoding: .utf8)
        #expect(report.contains("9 stored") && report.contains("1 quarantined") && report.contains("1 unreadable"))
        #expect(report.contains("bad.ndjson:5: channel: "))
        #expect(report.contains("bad.ndjson:11: "))
        let json = try Data(
            contentsOf: URL(fileURLWithPath: centre.folder.path + "/inbox/done/good.ndjson.report.json"))
        let counts = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
        #expect(counts["stored"] as? Int == 20)
        #expect(try await centre.count("dossier") == 29)
    }

    @Test func `What is dropped while the centre is away waits in the spool`() async throws {
        let centre = try await Centre()
        let spool = try centre.spool("one")
        let inbox = try inbox(centre, spool)
        try centre.folder.write(lines(SampleSubmissions(count: 50)), to: "inbox/a.ndjson")
        try await centre.run([inbox, try centre.courier(spool)]) {
            try await Centre.until("the file is spooled") { try spool.counts().accepted == 50 }
            #expect(exists(centre, "a.ndjson"), "it stays until the centre has answered")
        }
        let again = try self.inbox(centre, spool)
        try await centre.run([again, try centre.courier(spool), try await centre.broker(), try centre.worker()]) {
            try await Centre.until("the file is settled") { exists(centre, "done/a.ndjson") }
        }
        #expect(try spool.counts().accepted == 50, "nothing is spooled twice after a restart")
    }

    @Test func `A file renamed over one that waits is taken too`() async throws {
        let centre = try await Centre()
        let spool = try centre.spool("one")
        let samples = Array(SampleSubmissions(count: 70))
        try centre.folder.write(lines(samples[..<50]), to: "seed")
        let inbox = try inbox(centre, spool)
        let path = centre.folder.path + "/inbox/a.ndjson"
        try FileManager.default.moveItem(atPath: centre.folder.path + "/seed", toPath: path)
        try await centre.run([inbox, try centre.courier(spool)]) {
            try await Centre.until("the first file is spooled") { try spool.counts().accepted == 50 }
            let part = try centre.folder.write(lines(samples[50...]), to: "inbox/a.ndjson.part")
            let result = unsafe rename(part, path)
            #expect(result == 0)
            try await Centre.until("the second file is spooled") { try spool.counts().accepted == 70 }
            try await centre.run([try await centre.broker(), try centre.worker()]) {
                try await Centre.until("it is settled") { exists(centre, "done/a.ndjson") }
            }
        }
        #expect(try await centre.count("dossier") == 70)
    }

    @Test func `A file that is put back after it was settled is sent again`() async throws {
        let centre = try await Centre()
        let spool = try centre.spool("one")
        try centre.folder.write(lines(SampleSubmissions(count: 5)), to: "seed")
        let inbox = try inbox(centre, spool)
        let path = centre.folder.path + "/inbox/a.ndjson"
        try FileManager.default.moveItem(atPath: centre.folder.path + "/seed", toPath: path)
        let services: [any Service] = [
            try await centre.broker(), try centre.worker(), try centre.courier(spool), inbox,
        ]
        try await centre.run(services) {
            try await Centre.until("it is settled") { exists(centre, "done/a.ndjson") }
            try FileManager.default.moveItem(atPath: centre.folder.path + "/inbox/done/a.ndjson", toPath: path)
            try await Centre.until("it is settled again") { try spool.counts().duplicate == 5 }
            // The report of the first time keeps its name.
            try await Centre.until("it is moved again") { exists(centre, "done/a.ndjson.2") }
            #expect(exists(centre, "done/a.ndjson.report.txt") && exists(centre, "done/a.ndjson.2.report.txt"))
        }
        #expect(try spool.counts().stored == 5)
    }

    @Test func `A file that was settled and not moved is moved, not sent again`() async throws {
        let centre = try await Centre()
        let spool = try centre.spool("one")
        try centre.folder.write(lines(SampleSubmissions(count: 5)), to: "seed")
        let inbox = try inbox(centre, spool)
        let path = centre.folder.path + "/inbox/a.ndjson"
        try FileManager.default.moveItem(atPath: centre.folder.path + "/seed", toPath: path)
        // What an agent leaves that is killed after it has recorded the settling.
        let identity = try #require(FileIdentity(path: path))
        let source = try spool.source(
            SpoolFile(path: path, inode: identity.inode, size: identity.size, modified: identity.modified)
        ).id
        _ = try spool.place(of: source) { "done/a.ndjson" }
        try spool.settle(source: source)
        try await centre.run([try await centre.broker(), try centre.worker(), try centre.courier(spool), inbox]) {
            try await Centre.until("it is moved") { exists(centre, "done/a.ndjson") }
        }
        #expect(try spool.counts().accepted == 0 && spool.interruptedMoves().isEmpty)
    }

    @Test func `Of a file that breaks off, what came before is sent, and the report says where it ends`() async throws {
        let centre = try await Centre()
        let spool = try centre.spool("one")
        let inbox = try inbox(centre, spool)
        let plain = try centre.folder.write(lines(SampleSubmissions(count: 3_000)), to: "a.ndjson")
        _ = try await run(.name("gzip"), arguments: [plain], output: .discarded)
        let packed = try Data(contentsOf: URL(fileURLWithPath: plain + ".gz"))
        try packed.prefix(packed.count * 9 / 10).write(
            to: URL(fileURLWithPath: centre.folder.path + "/inbox/a.ndjson.gz"), options: .atomic)
        let services: [any Service] = [
            try await centre.broker(), try centre.worker(), try centre.courier(spool), inbox,
        ]
        try await centre.run(services) {
            try await Centre.until("it is settled") { exists(centre, "failed/a.ndjson.gz") }
        }
        let report = try String(
            contentsOfFile: centre.folder.path + "/inbox/failed/a.ndjson.gz.report.txt", encoding: .utf8)
        let stored = try spool.counts().stored
        #expect(stored > 1_000 && report.contains("\(stored) stored") && report.contains("cut off"))
    }

    @Test func `An interrupted file goes on where it was`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(lines(SampleSubmissions(count: 1_800)), to: "a.ndjson")
        let spool = try SpoolDatabase(path: folder.path + "/s.sqlite", sender: "one")
        var feeder = try Feeder(path: file, mapping: .native, spool: spool, isAgain: false)
        #expect(try feeder.step() == .accepted(rows: 500))
        #expect(try feeder.step() == .accepted(rows: 500))
        feeder = try Feeder(path: file, mapping: .native, spool: spool, isAgain: false)
        while try feeder.step() != .finished {}
        #expect(try spool.counts().accepted == 1_800)
        feeder = try Feeder(path: file, mapping: .native, spool: spool, isAgain: false)
        #expect(try feeder.step() == .finished)
        feeder = try Feeder(path: file, mapping: .native, spool: spool, isAgain: true)
        while try feeder.step() != .finished {}
        #expect(try spool.counts().accepted == 3_600)
    }

    @Test func `A row larger than the limit is refused at the spool, with its line`() throws {
        let folder = try TemporaryFolder()
        var submissions = Array(SampleSubmissions(count: 3))
        submissions[1].sector = String(repeating: "x", count: 70_000)
        let file = try folder.write(lines(submissions), to: "a.ndjson")
        let spool = try SpoolDatabase(path: folder.path + "/s.sqlite", sender: "one")
        var feeder = try Feeder(path: file, mapping: .native, spool: spool, isAgain: false)
        #expect(try feeder.step() == .finished)
        #expect(try spool.counts().accepted == 2)
        #expect(try spool.unreadable(source: feeder.source.id).map(\.line) == [2])
    }

    @Test func `A full spool keeps the rest of the file for later`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(lines(SampleSubmissions(count: 20_000)), to: "a.ndjson")
        var options = SpoolOptions()
        options.quotaBytes = 3 << 20
        let spool = try SpoolDatabase(path: folder.path + "/s.sqlite", sender: "one", options: options)
        var feeder = try Feeder(path: file, mapping: .native, spool: spool, isAgain: false)
        var refusals = 0
        var step = Feeder.Step.accepted(rows: 0)
        while step != .finished {
            step = try feeder.step()
            guard step == .full else { continue }
            refusals += 1
            let head = try spool.chainHead().number
            try spool.apply([SpoolReceipt(numbers: 1...head, outcome: .stored)])
        }
        #expect(refusals > 1)
        #expect(try spool.counts().accepted == 20_000)
    }
}
