import Demonstration
import Dossiers
import Foundation
import Mapping
import Postgres
import Spool
import Store
import TestSupport
import Testing

extension Site {
    /// Does something with the database, past the proxies, and again while the server is away.
    func withDatabase<Value: Sendable>(_ work: @Sendable (Connection) async throws -> Value) async throws -> Value {
        let deadline = ContinuousClock.now.advanced(by: .seconds(40))
        while true {
            do {
                return try await DatabaseSession(address).perform(work)
            } catch let error as PostgresError where error.isRetriable && deadline > .now {
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    /// Runs a script.
    func sql(_ text: String) async throws {
        try await withDatabase { try await $0.runScript(text, as: "test", within: .seconds(60)) }
    }

    /// Holds a lock on the ledger for longer than anybody waits for one.
    func lock(_ duration: Duration) async throws {
        try await sql("BEGIN; LOCK hoso.intake; SELECT pg_sleep(\(duration.components.seconds)); COMMIT")
    }

    /// Lets the server refuse writes, as one that has become a standby.
    func takeNoWrites(for duration: Duration) async throws {
        try await change("SET default_transaction_read_only = on")
        try await Task.sleep(for: duration)
        try await change("RESET default_transaction_read_only")
    }

    /// By psql: our own connections ask for a server that takes writes.
    private func change(_ setting: String) async throws {
        for statement in ["ALTER SYSTEM \(setting)", "SELECT pg_reload_conf()"] {
            // Until the server is there: the fault before this one may have been its restart.
            try await Patience.until("\(statement) is done") {
                try await Program.run(
                    [
                        "-h", folder.path + "/pg/run", "-U", "hoso", "-d", "hoso", "-q", "-c",
                        "SET default_transaction_read_only = off", "-c", statement,
                    ], program: "/usr/bin/psql"
                ).status == 0
            }
        }
    }
}

/// What was handed in at a site, and whether the centre has exactly that.
struct Oracle: Sendable {
    private let site: Site
    /// Rows handed in by each sender, and how many of them are valid.
    private var submitted = Array(repeating: 0, count: Site.senders)
    private var valid = 0
    private let samples: [Submission]
    private var files = 0

    init(_ site: Site, dossiers: Int) {
        self.site = site
        samples = Array(SampleSubmissions(count: dossiers))
    }

    /// Puts a file with the next dossiers, of which a few are invalid, into a sender's drop folder; false when all are in.
    mutating func drop(_ numbers: inout SeededNumbers) throws -> Bool {
        let start = submitted.reduce(0, +)
        guard start < samples.count else { return false }
        let sender = Int.random(in: 0..<Site.senders, using: &numbers)
        let chosen = samples[start..<min(start + Int.random(in: 1...400, using: &numbers), samples.count)]
        var data = Data()
        for (index, sample) in chosen.enumerated() {
            var submission = sample
            if index % 50 == 49 { submission.channel = "pigeon" } else { valid += 1 }
            data.append(contentsOf: submission.nativeLine())
        }
        submitted[sender] += chosen.count
        files += 1
        let path = "\(site.inbox(sender))/\(files).ndjson"
        try FileManager.default.createDirectory(atPath: site.inbox(sender), withIntermediateDirectories: true)
        try data.write(to: URL(fileURLWithPath: path + ".part"))
        try FileManager.default.moveItem(atPath: path + ".part", toPath: path)
        return true
    }

    /// Receipts that senders have so far.
    var receipts: Int {
        get throws {
            try (0..<Site.senders).reduce(0) { sum, sender in
                let counts = try site.spool(sender).counts()
                return sum + Int(counts.accepted - counts.pending)
            }
        }
    }

    /// Waits until every row has its receipt and everything is folded and asked; the time to the first sign of life.
    func settle() async throws -> Duration {
        let start = ContinuousClock.now
        let before = try receipts
        let total = submitted.reduce(0, +)
        var resumed: Duration?
        while true {
            let now = try receipts
            if resumed == nil, now > before || now == total { resumed = start.duration(to: .now) }
            if now == total, try await isQuiet() { break }
            guard start.duration(to: .now) < .seconds(150) else {
                Issue.record(
                    "not settled: \(now) of \(total) receipts\n\(Site.roles.map { "\($0): \(site.tail($0))" }.joined(separator: "\n"))"
                )
                break
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        return resumed ?? start.duration(to: .now)
    }

    private func isQuiet() async throws -> Bool {
        try await site.withDatabase { connection async throws in
            let backlog = try await Fold(connection).backlog()
            let tasks = try await Outbox(connection).counts()
            // The last beat has told the last head.
            let chains = try await ReconciliationDetail(connection).chains
            return backlog == 0 && tasks.tasks == tasks.acknowledged && chains.allSatisfy { $0.state != "open" }
        }
    }

    /// Compares what was handed in, what senders have in writing, and what the centre has, by set algebra.
    func verify() async throws {
        let total = submitted.reduce(0, +)
        for sender in 0..<Site.senders { try await verify(sender) }
        let valid = valid
        try await site.withDatabase { connection async throws in
            func count(_ sql: String) async throws -> Int {
                Int(try await connection.run(sql, as: "count").int64(0, 0))
            }
            #expect(try await count("SELECT count(*) FROM hoso.dossier") == valid, "no dossier is lost, none is twice")
            #expect(try await count("SELECT count(*) FROM hoso.intake") == total, "every number has one outcome")
            #expect(try await count("SELECT count(*) FROM hoso.intake WHERE outcome = 1") == valid)
            #expect(try await count("SELECT count(*) FROM hoso.quarantine") == total - valid)
            #expect(
                try await count(
                    "SELECT count(*) FROM hoso.dossier d FULL JOIN hoso.survey_task t ON t.dossier = d.code "
                        + "WHERE d.code IS NULL OR t.dossier IS NULL") == 0,
                "a task exists if and only if its dossier does")
            #expect(try await Recount(connection).run().difference == nil, "the roll-up equals a recount")
            let balances = try await Reconciliation(connection).balances()
            let detail = try await ReconciliationDetail(connection)
            #expect(detail.chains.allSatisfy { $0.state == "agrees" } && detail.alarms.isEmpty, "\(detail)")
            #expect(balances.allSatisfy(\.isBalanced) && balances.reduce(0) { $0 + $1.assigned } == Int64(total))
        }
        try verifySurveys()
    }

    private func verify(_ sender: Int) async throws {
        let spool = try site.spool(sender)
        let counts = try spool.counts()
        #expect(counts.accepted == submitted[sender], "rows are taken once, whatever happens to the agent")
        #expect(counts.pending == 0 && counts.damaged == 0)
        guard counts.accepted > 0 else { return }
        let stored = try spool.receipted(.stored).reduce(into: Set<UInt64>()) { $0.formUnion($1) }
        let digest = try spool.chainHead().digest
        let name = "sender-\(sender)"
        let (committed, last) = try await site.withDatabase { connection async throws in
            let of = "FROM hoso.intake i JOIN hoso.sender s ON s.id = i.sender WHERE s.name = '\(name)'"
            let rows = try await connection.run("SELECT i.sequence \(of) AND i.outcome = 1", as: "read")
            let head = try await connection.run("SELECT i.digest \(of) ORDER BY i.sequence DESC LIMIT 1", as: "read")
            return (Set((0..<rows.count).map { UInt64(rows.int64($0, 0)) }), head.bytes(0, 0))
        }
        #expect(stored.subtracting(committed).isEmpty, "lost: receipted and not stored")
        #expect(committed.subtracting(stored).isEmpty, "phantom: stored and never receipted")
        #expect(last == digest, "the heads of the chains agree")
    }

    private func verifySurveys() throws {
        let text = try String(contentsOfFile: site.folder.path + "/listener.out", encoding: .utf8)
        var asked: Set<String> = []
        // A killed survey sender may leave a torn line; its task comes again.
        for line in text.split(separator: "\n") {
            let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            if let code = object?["dossier_code"] as? String { asked.insert(code) }
        }
        #expect(asked.count == valid, "every stored dossier's task was carried out")
    }
}
