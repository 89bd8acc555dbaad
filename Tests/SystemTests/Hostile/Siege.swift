import Foundation
import Postgres
import Spool
import Store
import Subprocess
import Synchronization
import TestSupport
import Testing
import ZeroMQ

/// A centre that listens to a network, an honest sender that goes on sending, and somebody who attacks them.
struct Siege: Sendable {
    let office: Office
    let endpoint: String
    let centreKey: String
    /// The sender's spool, from which an agent of its own sends.
    private let spool: SpoolDatabase

    /// Processes of the centre by what they were started with.
    private static let services = ["broker", "worker", "aggregator", "surveys", "agent"]

    /// Starts everything around some work.
    /// - Parameter wrapper: a program with its arguments that runs the centre.
    static func lay(under wrapper: [String] = [], _ work: (Siege) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        let server = folder.path + "/server.curve", honest = folder.path + "/honest.curve"
        let centreKey = try await makeKey(server)
        _ = try await makeKey(honest)
        let endpoint = "tcp://127.0.0.1:\(try FreePort.find())"
        let centre = [
            "HOSO_INTAKE_ENDPOINTS": "ipc://\(folder.path)/data/run/intake.sock,\(endpoint)",
            "HOSO_INTAKE_SERVER_KEY": server,
        ]
        try await Office.open(environment: centre, in: folder, under: wrapper) { office async throws in
            let enrolled = try await office.run(["sender", "enrol", "honest", "--key", honest + ".pub"])
            #expect(enrolled.status == 0, "\(enrolled.error)")
            let settings = try folder.write(
                """
                intake: { endpoints: "\(endpoint)", centre_keys: ["\(centreKey)"] }
                sender: { name: honest, key: "\(honest)", spool: "\(folder.path)/honest.sqlite", inbox: "" }

                """, to: "honest.yaml")
            let spool = try SpoolDatabase(path: folder.path + "/honest.sqlite", sender: "honest")
            let siege = Siege(office: office, endpoint: endpoint, centreKey: centreKey, spool: spool)
            _ = try await Program.run(["agent", "--config", settings]) { agent async throws in
                try siege.accept(1)
                try await Patience.until("the honest sender is heard") { try siege.receipts == 1 }
                try await work(siege)
                #expect(Office.isAlive(agent.process), "\(agent.log)")
            }
        }
    }

    private static func makeKey(_ file: String) async throws -> String {
        let made = try await Program.run(["keygen", file])
        #expect(made.status == 0, "\(made.error)")
        return try #require(made.output.split(separator: "\n").first?.split(separator: " ").last.map(String.init))
    }

    /// Makes keys of attackers, enrols them, and writes them to a file.
    func enrolAttackers(_ count: Int) async throws -> String {
        let keys = try (0..<count).map { _ in try CurveSecretKey() }
        let text = try String(contentsOfFile: office.configuration, encoding: .utf8)
        let url = try #require(text.firstMatch(of: /url: "?([^"\n]+)"?/)?.1)
        try await DatabaseSession(DatabaseAddress(url: String(url), program: "siege")).perform { connection in
            for (index, key) in keys.enumerated() {
                _ = try await SenderKeys(connection).enrol(
                    key.publicKey.bytes, of: "attacker-\(index)", from: nil, to: nil, by: "test")
            }
        }
        // Workers look for new keys every second.
        try await Task.sleep(for: .seconds(2))
        return try office.folder.write(keys.map { $0.revealed + "\n" }.joined(), to: "attackers")
    }

    /// What an attack came to.
    struct Outcome {
        /// What the attacker says that it has done.
        let deeds: [String: Any]
        /// From the spool to the receipt, of the honest sender's entries, sorted.
        let latencies: [Duration]

        var p99: Duration { latencies[latencies.count * 99 / 100] }
    }

    /// Has the centre attacked while the honest sender sends, and checks that everything stays as it was.
    /// - Parameter keys: how many keys the attacker has.
    func attack(_ mode: String, seconds: Int = 10, keys: Int = 20) async throws -> Outcome {
        let file = try await enrolAttackers(keys)
        let before = Self.services.map { office.children($0) }
        let script = Repository.root.appending(path: "Tests/Fixtures/dip_attacker.py").path
        let arguments = [
            script, mode, endpoint.replacing("tcp://", with: ""), centreKey, "\(seconds)", "7", file,
        ]
        let isOver = Mutex(false)
        async let attacker = Program.run(arguments, program: "/usr/bin/python3")
        async let latencies = measure { isOver.withLock { $0 } }
        let attack = try await attacker
        isOver.withLock { $0 = true }
        let measured = try await latencies
        let deeds = try #require(
            JSONSerialization.jsonObject(with: Data(attack.output.utf8)) as? [String: Any], "\(attack.error)")
        let outcome = Outcome(deeds: deeds, latencies: measured)
        let peaks = Self.services.flatMap { name in office.children(name).map { (name, Self.peak($0)) } }
        print("\(mode): \(attack.output.trimmingCharacters(in: .newlines))")
        print(
            "\(mode): p50 \(measured[measured.count / 2]), p99 \(outcome.p99), max \(measured[measured.count - 1]) of \(measured.count); "
                + peaks.map { "\($0.0) \($0.1) MiB" }.joined(separator: ", "))
        #expect(outcome.p99 < .seconds(3), "an honest sender's entries have their receipts within three seconds")
        #expect(Self.services.map { office.children($0) } == before, "no process has ended\n\(office.log)\(log)")
        for (name, peak) in peaks { #expect(peak > 0 && peak < Self.bound(name), "\(name): \(peak) MiB") }
        expectQuietLog()
        return outcome
    }

    /// MiB of resident memory that a process takes at most, as the README says.
    private static func bound(_ service: String) -> Int {
        switch service {
        case "broker": 384
        case "surveys": 320
        default: 128
        }
    }

    /// The most resident memory that a process has had, in MiB.
    private static func peak(_ pid: pid_t) -> Int {
        let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line.flatMap { Int($0.filter(\.isNumber)) } ?? 0) >> 10
    }

    // MARK: - The honest sender

    private var receipts: Int {
        get throws {
            let counts = try spool.counts()
            return Int(counts.accepted - counts.pending)
        }
    }

    private func accept(_ number: Int) throws {
        let entry = """
            {"intake":{"dossier_code":"H36.31-220301-\(String(1_000_000 + number).dropFirst())",\
            "received_at":"2022-03-01T09:00:00+07:00","unit":"H36.31","procedure":"1.004194","channel":"postal"}}
            """
        try spool.append([SpoolDraft(body: Array(entry.utf8), contentType: 2)])
    }

    /// Spools an entry every twentieth of a second, and looks how long each waits for its receipt.
    private func measure(until isOver: @Sendable () -> Bool) async throws -> [Duration] {
        var waiting: [ContinuousClock.Instant] = []
        var latencies: [Duration] = []
        var number = try receipts
        var next = ContinuousClock.now
        let limit = next.advanced(by: .seconds(120))
        while !isOver() || !waiting.isEmpty, limit > .now {
            if next <= .now, !isOver() {
                number += 1
                waiting.append(.now)
                try accept(number)
                next = next.advanced(by: .milliseconds(50))
            }
            let answered = waiting.count - (number - (try receipts))
            for since in waiting.prefix(answered) { latencies.append(since.duration(to: .now)) }
            waiting.removeFirst(max(0, answered))
            try await Task.sleep(for: .milliseconds(3))
        }
        #expect(waiting.isEmpty, "every entry has its receipt\n\(office.log)")
        #expect(try spool.counts().stored == Int64(number), "and is stored")
        return (latencies + waiting.map { $0.duration(to: .now) }).sorted()
    }

    // MARK: - The log

    private var log: String {
        (try? String(contentsOfFile: office.folder.path + "/data/log/broker.log", encoding: .utf8)) ?? ""
    }

    /// The broker's log has one line per second and cause at most, whatever the cause is about.
    private func expectQuietLog() {
        let log = log
        var seen: [String: Int] = [:]
        for line in log.split(separator: "\n") {
            // The second, and what is said of whom: names and numbers make no other cause.
            guard var facts = try? JSONDecoder().decode([String: String].self, from: Data(line.utf8)) else {
                Issue.record("no log line of the broker: \(line)")
                continue
            }
            facts["time"] = facts["time"].map { String($0.prefix(19)) }
            for name in ["address", "proof", "user", "withheld", "sender", "count", "version", "keys", "redelivered"] {
                facts[name] = nil
            }
            let cause = facts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
            seen[cause, default: 0] += 1
        }
        #expect(log.contains("listening"), "there is a log")
        let loud = seen.filter { $0.value > 1 }
        #expect(loud.isEmpty, "\(loud.sorted { $0.value > $1.value }.prefix(5))")
        print("the broker has logged \(log.count { $0 == "\n" }) lines")
    }
}
