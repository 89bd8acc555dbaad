import Cluster
import Dossiers
import Foundation
import IntakeProtocol
import Keys
import Settings
import Supervision

/// The folder of `hoso up` and what lies in it.
struct Installation: Sendable {
    /// The folder.
    let folder: String

    init(folder: String) { self.folder = URL(fileURLWithPath: folder).standardizedFileURL.path }

    /// The configuration that `hoso up` writes.
    var configuration: String { folder + "/hoso.yaml" }
    /// Logs of the services.
    var logs: String { folder + "/log" }

    /// Whether a database cluster has been made in it.
    var hasCluster: Bool { FileManager.default.fileExists(atPath: folder + "/postgres/data") }
    /// Whether an earlier run has written the configuration.
    var isConfigured: Bool { FileManager.default.fileExists(atPath: configuration) }

    /// The folder where nothing else is asked for: /var/lib/hoso as root, else in the user's home.
    static var standard: Installation {
        if getuid() == 0 { return Installation(folder: "/var/lib/hoso") }
        let environment = ProcessInfo.processInfo.environment
        let base = environment["XDG_DATA_HOME"] ?? (environment["HOME"] ?? ".") + "/.local/share"
        return Installation(folder: base + "/hoso")
    }

    /// Makes the folders.
    func prepare() throws {
        try PrivateFolder.makePassable(folder)
        // What lies in them may be personal data.
        for path in [logs, folder + "/senders", folder + "/inbox"] {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        for path in [sockets, sockets + "/health"] { try PrivateFolder.make(path) }
    }

    /// Sockets lie in a folder of their own; where its path would be too long for a socket, in /tmp.
    private var sockets: String {
        let inside = folder + "/run"
        guard inside.utf8.count > 85 else { return inside }
        let digest = folder.utf8.reduce(UInt64(5_381)) { $0 &* 33 &+ UInt64($1) }
        return "/tmp/hoso-run-\(String(digest, radix: 36))"
    }

    /// Writes the configuration if there is none yet; what an operator changed stays.
    /// - Parameters:
    ///   - port: where senders reach the broker over the loopback; 0: nowhere.
    ///   - page: where operations answers over the loopback; 0: at a port that the system chooses.
    func writeConfiguration(databaseURL: String, timeZone: String, language: String?, port: Int, page: Int) throws {
        guard !isConfigured else { return }
        let (receiptKey, publicKey) = try makeReceiptKey()
        var values = [
            "time_zone": timeZone, "language": language ?? "", "database.url": databaseURL,
            "intake.endpoints": "ipc://\(sockets)/intake.sock", "intake.workers": "ipc://\(sockets)/workers.sock",
            "survey.endpoint": "ipc://\(sockets)/surveys.sock", "sender.spool": folder + "/senders/local.sqlite",
            "sender.inbox": folder + "/inbox", "intake.receipt_key": receiptKey,
            "intake.receipt_keys": "\(publicKey)", "personal.keys": try makePersonalKey(),
            "health.sockets": "\(sockets)/health", "operations.listen": "127.0.0.1:\(page)",
        ]
        if port > 0 {
            values["intake.endpoints", default: ""] += ",tcp://127.0.0.1:\(port)"
            values["intake.server_key"] = try makeServerKey()
        }
        try Data(HosoSettings.yaml(values).utf8).write(to: URL(fileURLWithPath: configuration), options: .atomic)
    }

    /// Gives a configuration of before there was sealing a key for it.
    func addPersonalKey(to settings: HosoSettings) throws {
        guard settings.personalKeys.isEmpty else { return }
        let url = URL(fileURLWithPath: configuration)
        let text = try String(contentsOf: url, encoding: .utf8)
        // What an operator has written there stays, and is theirs to complete.
        guard !text.split(separator: "\n").contains(where: { $0.hasPrefix("personal:") }) else { return }
        let key = try makePersonalKey()
        try Data((text + "personal:\n  keys: \"\(key)\"\n").utf8).write(to: url, options: .atomic)
    }

    /// Makes the key by which receipts are signed, or finds the one that an interrupted start has left.
    private func makeReceiptKey() throws -> (path: String, publicKey: VerificationKey) {
        try PrivateFolder.make(folder + "/keys")
        let path = folder + "/keys/receipts"
        guard FileManager.default.fileExists(atPath: path) else { return (path, try KeyFile.makeSigning(path)) }
        return (path, try KeyFile.signingKey(path).publicKey)
    }

    /// Makes the key by which senders know the broker, or finds the one that an interrupted start has left.
    private func makeServerKey() throws -> String {
        try PrivateFolder.make(folder + "/keys")
        let path = folder + "/keys/server"
        if !FileManager.default.fileExists(atPath: path) { _ = try KeyFile.make(path) }
        return path
    }

    /// Makes the key under which personal data is sealed, or finds the one that an interrupted start has left.
    private func makePersonalKey() throws -> String {
        try PrivateFolder.make(folder + "/keys")
        let path = folder + "/keys/personal"
        if !FileManager.default.fileExists(atPath: path) { _ = try KeyFile.makeSealing(path) }
        return path
    }

    /// Removes the folder and everything in it.
    func remove() throws {
        for path in [folder, sockets] where FileManager.default.fileExists(atPath: path) {
            try FileManager.default.removeItem(atPath: path)
        }
    }

    /// The services in the order in which they start.
    /// - Parameter demoSenders: senders that take part in a demo, in place of the configured one.
    func stages(_ settings: HosoSettings, demoSenders: [String]?) -> [[ChildService]] {
        let agents = demoSenders?.map { agent($0, settings) } ?? [child("agent", "agent", settings)]
        return centre(settings) + [agents]
    }

    /// The services without an agent.
    func centre(_ settings: HosoSettings, _ environment: [String: String] = [:]) -> [[ChildService]] {
        [
            [child("broker", "broker", settings, environment)],
            (1...settings.workerCount).map { child("worker-\($0)", "worker", settings, environment) }
                + ["aggregator", "surveys", "operations"].map { child($0, $0, settings, environment) },
        ]
    }

    /// The agent of a sender with a spool and a drop folder of its own.
    func agent(_ sender: String, _ settings: HosoSettings, _ environment: [String: String] = [:]) -> ChildService {
        let own = [
            "HOSO_SENDER_NAME": sender, "HOSO_SENDER_SPOOL": spool(of: sender), "HOSO_SENDER_INBOX": inbox(of: sender),
        ]
        return child("agent-\(sender)", "agent", settings, own.merging(environment) { $1 })
    }

    /// The spool of a sender of the demo.
    private func spool(of sender: String) -> String { folder + "/senders/\(sender).sqlite" }

    /// The drop folder of a sender of the demo.
    func inbox(of sender: String) -> String { folder + "/inbox/\(sender)" }

    /// A service as a child process: this very program with a subcommand.
    private func child(
        _ name: String, _ subcommand: String, _ settings: HosoSettings, _ environment: [String: String] = [:]
    ) -> ChildService {
        ChildService(
            name: name, program: Self.program,
            arguments: [
                subcommand, "--config", configuration, "--language", settings.language.rawValue, "--instance", name,
            ],
            environment: environment, logFile: "\(logs)/\(name).log")
    }

    /// The path of this very program.
    static var program: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }
}
