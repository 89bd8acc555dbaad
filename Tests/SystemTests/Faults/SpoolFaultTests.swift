import Foundation
import Spool
import Synchronization
import TestSupport
import Testing

/// Faults of the sender's disk, with real agents.
@Suite(.takingTurns) struct SpoolFaultTests {
    private static let hasStrace = FileManager.default.isExecutableFile(atPath: "/usr/bin/strace")

    /// A4: fsync fails for a while, then for ever until the agent is killed.
    @Test(.enabled(if: hasStrace || getuid() == 0, "strace is not installed"))
    func `When the disk fails, nothing is claimed that is not on it, and afterwards all arrives once`() async throws {
        try await Site.run(preparing: { site in
            for sender in 0..<Site.senders {
                site.wrappers.withLock { wrappers in
                    // The tracer is no parent, so that the process that is killed is the agent.
                    wrappers[.agent(sender)] = [
                        "/usr/bin/strace", "-D", "-f", "-o", "\(site.folder.path)/trace-\(sender)", "-e",
                        "trace=fsync,fdatasync", "-e",
                        "inject=fsync,fdatasync:error=EIO:when=\(sender == 0 ? "12+" : "8..30+\(sender)")",
                    ]
                }
            }
        }) { site in
            var numbers = SeededNumbers(seed: 31)
            var oracle = Oracle(site, dossiers: 4_000)
            // No file is finished meanwhile: one whose report was written when the disk failed may be taken again.
            site.intake.set { $0.holdsAnswers = true }
            for _ in 0..<20 {
                _ = try oracle.drop(&numbers)
                try await Task.sleep(for: .milliseconds(200))
            }
            try await Patience.until("every agent has met it") {
                (0..<Site.senders).allSatisfy { sender in
                    let trace = try? String(contentsOfFile: "\(site.folder.path)/trace-\(sender)", encoding: .utf8)
                    return trace?.contains("(INJECTED)") == true
                }
            }
            #expect(site.log(.agent(0)).contains("input_output"), "it is named: \(site.log(.agent(0)))")
            site.wrappers.withLock { $0 = [:] }
            for sender in 0..<Site.senders { site.signal(.agent(sender), SIGKILL) }
            site.intake.set { $0.holdsAnswers = false }
            while try oracle.drop(&numbers) {}
            print("after EIO: \(try await oracle.settle())")
            try await oracle.verify()
        }
    }

    /// A7, A8: an old copy of a spool is put back; a spool is copied to a second machine.
    @Test func `An old copy of a spool and a clone are named, and neither makes numbers mean two things`() async throws
    {
        try await Site.run { site in
            try site.fill(0, 1...40)
            try site.fill(1, 1...40)
            let old = site.folder.path + "/old.sqlite"
            let clone = site.folder.path + "/clone.sqlite"
            for sender in 0..<2 {
                try await Patience.until("sender-\(sender) is receipted") { try site.receipts(sender) == 40 }
                try await site.hold(.agent(sender))
                try Self.copy(site.spoolPath(sender), to: sender == 0 ? old : clone)
            }
            // Both go on: the clone under the same name, with other dossiers under the same numbers.
            try site.fill(0, 41...65)
            try site.fill(1, 41...70)
            for sender in 0..<2 { site.release(.agent(sender)) }
            try await Patience.until("sender-0 is receipted") { try site.receipts(0) == 65 }
            try await Patience.until("sender-1 is receipted") { try site.receipts(1) == 70 }
            try await Self.runClone(of: 1, at: clone, site)
            // Only a head that fell long ago is one of an old copy, and no late greeting.
            try await Task.sleep(for: .seconds(21))
            try await site.hold(.agent(0))
            try Self.copy(old, to: site.spoolPath(0))
            site.release(.agent(0))
            try await Patience.until("the agent refuses") { site.log(.agent(0)).contains("this is an old copy") }
            try await Patience.until("both are named") {
                try await Self.alarms(site) == ["sender-0 regression", "sender-1 fork"]
            }
            let stored = try await Self.stored(site)
            #expect(stored == ["sender-0": 65, "sender-1": 70], "nothing was taken twice: \(stored)")
        }
    }

    private static func runClone(of sender: Int, at path: String, _ site: Site) async throws {
        let spool = try SpoolDatabase(path: path, sender: "sender-\(sender)")
        let body = Array(
            """
            {"intake":{"dossier_code":"H36.31-220301-000001","received_at":"2022-03-01T09:00:00+07:00",\
            "unit":"H36.26","procedure":"1.004194","channel":"online"}}
            """.utf8)
        try spool.append((0..<30).map { _ in SpoolDraft(body: body, contentType: 2) })
        let variables = [
            "HOSO_SENDER_NAME": "sender-\(sender)", "HOSO_SENDER_SPOOL": path, "HOSO_SENDER_INBOX": "",
            "HOSO_INTAKE_ENDPOINTS": "ipc://\(site.folder.path)/intake",
        ]
        _ = try await Program.run(["agent", "--config", site.configuration], environment: variables) { _ in
            try await Patience.until("the clone is answered") { try spool.counts().pending == 0 }
            try await Patience.until("its head is known") {
                try await alarms(site).contains("sender-\(sender) fork")
            }
        }
        let counts = try spool.counts()
        #expect(counts.stored == 40 && counts.conflict == 30, "the clone's own dossiers are refused: \(counts)")
    }

    /// What `hoso reconcile` says to a program.
    private static func report(_ site: Site) async throws -> [[String: Any]] {
        let outcome = try await Program.run(["reconcile", "--format", "json", "--config", site.configuration])
        let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
        return object?["senders"] as? [[String: Any]] ?? []
    }

    private static func alarms(_ site: Site) async throws -> [String] {
        try await report(site).flatMap { sender in
            let alarms = sender["alarms"] as? [[String: Any]] ?? []
            return alarms.map { "\(sender["sender"] ?? "") \($0["kind"] ?? "")" }
        }
    }

    private static func stored(_ site: Site) async throws -> [String: Int] {
        try await report(site).reduce(into: [:]) { counts, sender in
            let name = sender["sender"] as? String ?? ""
            if name != "sender-2" { counts[name] = sender["stored"] as? Int }
        }
    }

    /// Copies a spool that nobody has open, with its write-ahead log.
    private static func copy(_ source: String, to target: String) throws {
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: target + suffix)
            guard suffix != "-shm", FileManager.default.fileExists(atPath: source + suffix) else { continue }
            try FileManager.default.copyItem(atPath: source + suffix, toPath: target + suffix)
        }
    }
}
