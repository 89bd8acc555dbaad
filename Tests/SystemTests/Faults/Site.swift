import Cluster
import Demonstration
import Dossiers
import Foundation
import Logging
import Spool
import Store
import Subprocess
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// A centre and its senders as separate processes, with proxies on the ways between them.
///
/// Every process is started again when it ends, as systemd would; a killed one comes back within a fraction of a second.
final class Site: Sendable {
    /// A process of the site.
    enum Role: Hashable, Sendable {
        case broker, aggregator, surveys, listener
        case worker(Int)
        case agent(Int)

        var name: String {
            switch self {
            case .worker(let number): "worker-\(number)"
            case .agent(let number): "agent-\(number)"
            default: "\(self)"
            }
        }

        fileprivate var arguments: [String] {
            switch self {
            case .worker: ["worker"]
            case .agent: ["agent"]
            case .listener: ["surveys", "listen"]
            default: ["\(self)"]
            }
        }
    }

    static let senders = 3
    static let workers = 2
    static var roles: [Role] {
        [.broker, .aggregator, .surveys, .listener] + (0..<workers).map { .worker($0) }
            + (0..<senders).map { .agent($0) }
    }

    let folder: TemporaryFolder
    let cluster: PrivateCluster
    /// Between agents and broker, between workers and broker, between workers and database.
    let intake: ChaosProxy, delivery: ChaosProxy, database: ChaosProxy
    private let pids = Mutex<[Role: pid_t]>([:])
    private let lives = Mutex<[Role: Int]>([:])
    /// Fail points of processes that are started from now on.
    let failPoints = Mutex<[Role: String]>([:])
    /// More variables of processes that are started from now on.
    let variables = Mutex<[Role: [String: String]]>([:])
    /// A program with its arguments under which a process is started from now on.
    let wrappers = Mutex<[Role: [String]]>([:])
    private let held = Mutex<Set<Role>>([])

    private init(folder: TemporaryFolder, cluster: PrivateCluster) throws {
        self.folder = folder
        self.cluster = cluster
        try FileManager.default.createDirectory(atPath: folder.path + "/way", withIntermediateDirectories: true)
        intake = try ChaosProxy(at: folder.path + "/way/intake", to: folder.path + "/intake")
        delivery = try ChaosProxy(at: folder.path + "/way/workers", to: folder.path + "/workers")
        database = try ChaosProxy(
            at: folder.path + "/way/.s.PGSQL.5432", to: folder.path + "/pg/run/.s.PGSQL.5432")
    }

    var configuration: String { folder.path + "/hoso.yaml" }
    /// Where the database is really reached.
    var address: DatabaseAddress { DatabaseAddress(url: cluster.url, program: "oracle") }

    func inbox(_ sender: Int) -> String { "\(folder.path)/inbox-\(sender)" }
    func spoolPath(_ sender: Int) -> String { "\(folder.path)/sender-\(sender).sqlite" }
    /// The spool of a sender, opened beside the agent that sends from it.
    func spool(_ sender: Int) throws -> SpoolDatabase {
        try SpoolDatabase(path: spoolPath(sender), sender: "sender-\(sender)")
    }

    /// Starts everything around some work.
    /// - Parameter prepare: what is done before the processes are started.
    static func run(
        in folder: TemporaryFolder? = nil, preparing prepare: (Site) async throws -> Void = { _ in },
        _ work: @escaping @Sendable (Site) async throws -> Void
    ) async throws {
        let folder = try folder ?? TemporaryFolder()
        var logger = Logger(label: "cluster")
        logger.logLevel = .critical
        let cluster = try PrivateCluster(folder: folder.path + "/pg", logger: logger)
        try await cluster.prepare()
        let site = try Site(folder: folder, cluster: cluster)
        try await prepare(site)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await cluster.run() }
            try await cluster.waitUntilReady()
            let isNew = try await site.makeKeys()
            try site.writeConfiguration()
            try await site.command(["migrate", "--config", site.configuration])
            if isNew { try await site.enrolTheSigner() }
            try await withThrowingTaskGroup(of: Void.self) { processes in
                for role in roles { processes.addTask { try await site.keep(role) } }
                try await work(site)
                processes.cancelAll()
            }
            for proxy in [site.intake, site.delivery, site.database] { proxy.close() }
            group.cancelAll()
        }
    }

    /// The centre signs its receipts, the first sender its batches; false when an earlier run in this folder made the keys.
    private func makeKeys() async throws -> Bool {
        guard !FileManager.default.fileExists(atPath: folder.path + "/receipts") else { return false }
        try await command(["keygen", folder.path + "/receipts", "--for", "receipts"])
        try await command(["keygen", folder.path + "/personal", "--for", "personal"])
        try await command(["keygen", folder.path + "/sender-0"])
        return true
    }

    private func enrolTheSigner() async throws {
        try await command([
            "sender", "enrol", "sender-0", "--key", try publicKey("sender-0"), "--signing-key",
            try publicKey("sender-0.sign"), "--config", configuration,
        ])
    }

    private func command(_ arguments: [String]) async throws {
        let outcome = try await Program.run(arguments)
        #expect(outcome.status == 0, "\(arguments): \(outcome.error)")
    }

    /// The key in a file of this site, as `hoso keygen` prints it.
    func publicKey(_ name: String) throws -> String {
        let lines = try String(contentsOfFile: "\(folder.path)/\(name).pub", encoding: .utf8).split(separator: "\n")
        return String(try #require(lines.last))
    }

    private func writeConfiguration() throws {
        try folder.write(
            """
            database: { url: "\(cluster.url)" }
            intake: { endpoints: "ipc://\(folder.path)/intake", workers: "ipc://\(folder.path)/workers", lease_seconds: 4,
              receipt_key: "\(folder.path)/receipts", receipt_keys: "\(publicKey("receipts"))" }
            personal: { keys: ["\(folder.path)/personal"] }
            survey: { endpoint: "ipc://\(folder.path)/surveys", lease_seconds: 5 }
            sender: { inbox: "" }

            """, to: "hoso.yaml")
    }

    private func environment(_ role: Role) -> [String: String] {
        var variables: [String: String] = [:]
        switch role {
        case .worker:
            variables["HOSO_INTAKE_WORKERS"] = "ipc://\(folder.path)/way/workers"
            variables["HOSO_DATABASE_URL"] = "host=\(folder.path)/way user=hoso dbname=hoso"
        case .agent(let number):
            variables["HOSO_INTAKE_ENDPOINTS"] = "ipc://\(folder.path)/way/intake"
            variables["HOSO_SENDER_NAME"] = "sender-\(number)"
            variables["HOSO_SENDER_SPOOL"] = spoolPath(number)
            variables["HOSO_SENDER_INBOX"] = inbox(number)
            if number == 0 { variables["HOSO_SENDER_SIGNING_KEY"] = folder.path + "/sender-0.sign" }
        default: break
        }
        variables["HOSO_FAIL"] = failPoints.withLock { $0[role] }
        return variables.merging(self.variables.withLock { $0[role] } ?? [:]) { _, new in new }
    }

    private func keep(_ role: Role) async throws {
        let log = try FileDescriptor.open(
            FilePath("\(folder.path)/\(role.name).log"), .writeOnly, options: [.create, .append],
            permissions: .ownerReadWrite)
        // What the survey sender prints is what it has done.
        let output = try FileDescriptor.open(
            FilePath("\(folder.path)/\(role.name).out"), .writeOnly, options: [.create, .append],
            permissions: .ownerReadWrite)
        while !Task.isCancelled {
            guard !held.withLock({ $0.contains(role) }) else {
                try? await Task.sleep(for: .milliseconds(20))
                continue
            }
            let command =
                (wrappers.withLock { $0[role] } ?? []) + [Program.path] + role.arguments + ["--config", configuration]
            _ = try? await Subprocess.run(
                .path(FilePath(command[0])), arguments: Arguments(Array(command.dropFirst())),
                environment: Program.inherited(environment(role)), input: .none,
                output: .fileDescriptor(output, closeAfterSpawningProcess: false),
                error: .fileDescriptor(log, closeAfterSpawningProcess: false)
            ) { execution in
                let pid = execution.processIdentifier.value
                pids.withLock { $0[role] = pid }
                lives.withLock { $0[role, default: 0] += 1 }
                while !Task.isCancelled, Office.isAlive(pid) { try? await Task.sleep(for: .milliseconds(20)) }
                pids.withLock { $0[role] = nil }
                if Task.isCancelled { kill(pid, SIGKILL) }
            }
            try? await Task.sleep(for: .milliseconds(150))
        }
        try? log.close()
        try? output.close()
    }

    /// The process of a role, while it runs.
    func process(_ role: Role) -> pid_t? { pids.withLock { $0[role] } }

    /// Sends a signal to a process of the site.
    func signal(_ role: Role, _ signal: Int32) {
        if let pid = process(role) { kill(pid, signal) }
    }

    /// Kills a process, and does not start it again before ``release(_:)``.
    func hold(_ role: Role) async throws {
        held.withLock { _ = $0.insert(role) }
        signal(role, SIGKILL)
        try await Patience.until("\(role.name) is gone") { process(role) == nil }
    }

    /// Lets a process be started again.
    func release(_ role: Role) { held.withLock { _ = $0.remove(role) } }

    /// How often a process has been started.
    func starts(_ role: Role) -> Int { lives.withLock { $0[role] ?? 0 } }

    /// Sends a signal to the server itself: fast shutdown (SIGINT), immediate shutdown (SIGQUIT); it is started again.
    func signalServer(_ signal: Int32) {
        let text = (try? String(contentsOfFile: folder.path + "/pg/data/postmaster.pid", encoding: .utf8)) ?? ""
        if let pid = text.split(separator: "\n").first.flatMap({ pid_t($0) }) { kill(pid, signal) }
    }

    /// Stops every process of the server for a while.
    func stallServer(for duration: Duration) async throws {
        let text = (try? String(contentsOfFile: folder.path + "/pg/data/postmaster.pid", encoding: .utf8)) ?? ""
        guard let parent = text.split(separator: "\n").first else { return }
        let all = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
        let server = all.filter { pid in
            let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
            return status.contains("\nPPid:\t\(parent)\n")
        }
        for pid in server { kill(pid, SIGSTOP) }
        try await Task.sleep(for: duration)
        for pid in server { kill(pid, SIGCONT) }
    }

    /// What a process has logged.
    func log(_ role: Role) -> String {
        (try? String(contentsOfFile: "\(folder.path)/\(role.name).log", encoding: .utf8)) ?? ""
    }

    /// The end of what each process has logged, for a failure's sake.
    var tails: String {
        Self.roles.map { role in
            let text = log(role)
            return "\(role.name):\n" + text.split(separator: "\n").suffix(8).joined(separator: "\n")
        }.joined(separator: "\n")
    }
}
