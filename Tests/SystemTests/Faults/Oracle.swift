import Demonstration
import Dossiers
import Foundation
import IntakeProtocol
import Mapping
import Postgres
import Spool
import Store
import TestSupport
import Testing

/// What was handed in at a site, and whether the centre has exactly that.
struct Oracle: Sendable {
    private let site: Site
    /// Rows handed in by each sender, and how many of them are valid.
    private var submitted = Array(repeating: 0, count: Site.senders)
    private var valid = 0
    private let samples: [Submission]
    private var dropped = 0
    private var files = 0
    /// Refused dossiers that were mended, and days that were closed.
    private var mended = 0, closed = 0

    init(_ site: Site, dossiers: Int) {
        self.site = site
        samples = Array(SampleSubmissions(count: dossiers))
    }

    /// Puts a file with the next dossiers, of which a few are invalid, into a sender's drop folder; false when all are in.
    mutating func drop(_ numbers: inout SeededNumbers) throws -> Bool {
        let start = dropped
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
        dropped += chosen.count
        files += 1
        let path = "\(site.inbox(sender))/\(files).ndjson"
        try FileManager.default.createDirectory(atPath: site.inbox(sender), withIntermediateDirectories: true)
        try data.write(to: URL(fileURLWithPath: path + ".part"))
        try FileManager.default.moveItem(atPath: path + ".part", toPath: path)
        return true
    }

    /// Mends what was refused of some file of a sender and puts it into the drop folder.
    mutating func mend(_ numbers: inout SeededNumbers) throws {
        let sender = Int.random(in: 0..<Site.senders, using: &numbers)
        let folder = site.inbox(sender) + "/failed"
        let found = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
        guard let name = found.first(where: { $0.hasSuffix(".rejected.ndjson") }) else { return }
        let text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
        let count = text.split(separator: "\n").count
        let place = "\(site.inbox(sender))/\(name)"
        try Data(text.replacing(#""channel":"pigeon""#, with: #""channel":"postal""#).utf8)
            .write(to: URL(fileURLWithPath: place + ".part"))
        try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
        try FileManager.default.moveItem(atPath: place + ".part", toPath: place)
        submitted[sender] += count
        valid += count
        mended += count
    }

    /// Closes the day of a sender, without waiting for the answer.
    mutating func closeDay(_ numbers: inout SeededNumbers) async throws {
        let sender = Int.random(in: 0..<Site.senders, using: &numbers)
        guard FileManager.default.fileExists(atPath: site.spoolPath(sender)) else { return }
        let outcome = try await Program.run(
            ["agent", "close-day", "--wait", "0", "--config", site.configuration],
            environment: ["HOSO_SENDER_NAME": "sender-\(sender)", "HOSO_SENDER_SPOOL": site.spoolPath(sender)])
        // 69: closed, and not answered yet; 0: nothing was new.
        #expect(outcome.status == 69 || outcome.status == 0, "\(outcome.output)\(outcome.error)")
        guard outcome.status == 69 else { return }
        submitted[sender] += 1
        closed += 1
    }

    /// Waits until every row has its receipt and everything is folded and asked.
    func settle() async throws -> Resumption {
        var resumption = Resumption(before: try receipts, submitted: submitted)
        while true {
            let now = try receipts
            resumption.note(now)
            if now == submitted, try await isQuiet() { break }
            guard resumption.elapsed < .seconds(150) else {
                Issue.record("not settled: \(now) of \(submitted) receipts\n\(site.tails)")
                break
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        return resumption
    }

    /// Receipts that each sender has so far.
    private var receipts: [Int] {
        get throws {
            try (0..<Site.senders).map { sender in
                let counts = try site.spool(sender).counts()
                return Int(counts.accepted - counts.pending)
            }
        }
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

    /// Fails the test by each finding.
    func verify() async throws {
        for finding in try await findings() { Issue.record("\(finding)") }
    }

    /// What is wrong, by set algebra over what was handed in, what senders have in writing, and what the centre has.
    func findings() async throws -> [String] {
        var findings = try verifySurveys()
        for sender in 0..<Site.senders { findings += try await verify(sender) }
        let total = submitted.reduce(0, +)
        let (valid, mended, closed) = (valid, mended, closed)
        return try await findings
            + site.withDatabase { connection async throws in
                var findings = Findings()
                func count(_ sql: String) async throws -> Int {
                    Int(try await connection.run(sql, as: "count").int64(0, 0))
                }
                findings.expect(
                    "dossiers: none is lost, none is twice", try await count("SELECT count(*) FROM hoso.dossier"), valid
                )
                findings.expect(
                    "every number has one outcome", try await count("SELECT count(*) FROM hoso.intake WHERE part = 0"),
                    total)
                findings.expect(
                    "stored", try await count("SELECT count(*) FROM hoso.intake WHERE outcome = 1"), valid + closed)
                let refused = total - valid - closed
                findings.expect("quarantined", try await count("SELECT count(*) FROM hoso.quarantine"), refused)
                findings.expect(
                    "what was mended is closed", try await count("SELECT count(*) FROM hoso.quarantine_closure"), mended
                )
                findings.expect(
                    "no root has two dossiers",
                    try await count(
                        """
                        SELECT count(*) FROM (
                            SELECT 1 FROM hoso.intake WHERE delta <> 0
                            GROUP BY sender, coalesce(root_epoch, epoch), coalesce(root_sequence, sequence)
                            HAVING sum(delta) <> 1) r
                        """), 0)
                let manifests = try await Manifests(connection).recent()
                findings.expect("manifests", manifests.count, closed)
                findings.expect(
                    "every day is closed with equal counts", manifests.allSatisfy(\.isEqual), "\(manifests)")
                findings.expect(
                    "a task exists if and only if its dossier does",
                    try await count(
                        "SELECT count(*) FROM hoso.dossier d FULL JOIN hoso.survey_task t ON t.dossier = d.code "
                            + "WHERE d.code IS NULL OR t.dossier IS NULL"), 0)
                let difference = try await Recount(connection).run().difference
                findings.expect("the roll-up equals a recount", difference == nil, "\(String(describing: difference))")
                let balances = try await Reconciliation(connection).balances()
                findings.expect(
                    "every sender's numbers are balanced", balances.allSatisfy(\.isBalanced), "\(balances)")
                findings.expect("assigned", Int(balances.reduce(0) { $0 + $1.assigned }), total)
                let detail = try await ReconciliationDetail(connection)
                findings.expect("chains agree", detail.chains.allSatisfy { $0.state == "agrees" }, "\(detail.chains)")
                findings.expect("no alarm", detail.alarms.isEmpty, "\(detail.alarms)")
                return findings.list
            }
    }

    private func verify(_ sender: Int) async throws -> [String] {
        var findings = Findings(of: "sender-\(sender)")
        let spool = try site.spool(sender)
        let counts = try spool.counts()
        findings.expect(
            "rows are taken once, whatever happens to the agent", Int(counts.accepted), submitted[sender])
        findings.expect("nothing is pending or damaged", Int(counts.pending + counts.damaged), 0)
        guard counts.accepted > 0 else { return findings.list }
        let stored = try spool.receipted(.stored).reduce(into: Set<UInt64>()) { $0.formUnion($1) }
        let digest = try spool.chainHead().digest
        let (committed, last) = try await site.withDatabase { connection async throws in
            let of = "FROM hoso.intake i JOIN hoso.sender s ON s.id = i.sender WHERE s.name = 'sender-\(sender)'"
            let rows = try await connection.run("SELECT i.sequence \(of) AND i.outcome = 1", as: "read")
            let head = try await connection.run("SELECT i.digest \(of) ORDER BY i.sequence DESC LIMIT 1", as: "read")
            return (
                Set((0..<rows.count).map { UInt64(rows.int64($0, 0)) }), head.count == 1 ? head.bytes(0, 0) : []
            )
        }
        let lost = stored.subtracting(committed), phantoms = committed.subtracting(stored)
        findings.expect("lost: receipted and not stored", lost.isEmpty, "\(lost.sorted().prefix(20))")
        findings.expect("phantom: stored and never receipted", phantoms.isEmpty, "\(phantoms.sorted().prefix(20))")
        findings.expect("the heads of the chains agree", last == digest, "")
        try verifyProofs(spool, upTo: UInt64(counts.accepted), &findings)
        return findings.list
    }

    /// What senders have in writing, the centre has signed: every entry, with the outcome that was recorded.
    private func verifyProofs(_ spool: SpoolDatabase, upTo last: UInt64, _ findings: inout Findings) throws {
        guard let key = VerificationKey(hexadecimal: try site.publicKey("receipts")) else { return }
        var number: UInt64 = 1
        while number <= last {
            guard let proof = try spool.proof(of: number) else {
                findings.expect("every receipt is signed", false, "\(number)")
                return
            }
            let digests = stride(from: 0, to: proof.digests.count, by: 32).compactMap { start in
                Digest(Array(proof.digests[start..<(start + 32)]))
            }
            let head = ReceiptHead(
                key: key.id, sender: spool.sender, epoch: spool.epoch, first: proof.first, count: digests.count,
                committedAt: proof.committedAt,
                root: MerkleTree.root(first: proof.first, outcomes: proof.outcomes, digests: digests))
            findings.expect(
                "the centre has signed it", key.verifies(proof.signature, of: head.statement), "\(proof.first)")
            for (index, outcome) in proof.outcomes.enumerated() {
                let recorded = try spool.outcome(of: proof.first + UInt64(index))?.rawValue
                findings.expect("what is signed is recorded", recorded == Int(outcome), "\(proof.first) + \(index)")
            }
            number = proof.first + UInt64(digests.count)
        }
    }

    private func verifySurveys() throws -> [String] {
        let text = try String(contentsOfFile: site.folder.path + "/listener.out", encoding: .utf8)
        var asked: Set<String> = []
        // A killed survey sender may leave a torn line; its task comes again.
        for line in text.split(separator: "\n") {
            let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            if let code = object?["dossier_code"] as? String { asked.insert(code) }
        }
        var findings = Findings()
        findings.expect("every stored dossier's task was carried out", asked.count, valid)
        return findings.list
    }
}

/// What an oracle found wrong, each as a sentence.
struct Findings {
    private(set) var list: [String] = []
    private let subject: String

    init(of subject: String = "centre") { self.subject = subject }

    mutating func expect(_ rule: String, _ holds: Bool, _ detail: @autoclosure () -> String) {
        if !holds { list.append("\(subject): \(rule): \(detail())") }
    }

    mutating func expect(_ rule: String, _ found: Int, _ expected: Int) {
        expect(rule, found == expected, "\(found) instead of \(expected)")
    }
}

/// How long each sender with something to send waited for its first new receipt.
struct Resumption: CustomStringConvertible {
    private let start = ContinuousClock.now
    private let before: [Int], submitted: [Int]
    private var times: [Duration?]

    init(before: [Int], submitted: [Int]) {
        (self.before, self.submitted) = (before, submitted)
        times = zip(before, submitted).map { $0 == $1 ? .zero : nil }
    }

    /// Since the last fault healed.
    var elapsed: Duration { start.duration(to: .now) }

    mutating func note(_ receipts: [Int]) {
        for sender in times.indices where times[sender] == nil && receipts[sender] > before[sender] {
            times[sender] = elapsed
        }
    }

    /// Of the sender that waited longest.
    var longest: Duration { times.map { $0 ?? elapsed }.max() ?? .zero }

    var description: String {
        times.enumerated().map { sender, time in
            let seconds = time.map { "\(($0 / .seconds(1) * 100).rounded() / 100) s" } ?? "never"
            return "sender-\(sender) \(seconds) (\(before[sender]) of \(submitted[sender]) receipts before)"
        }.joined(separator: ", ")
    }
}
