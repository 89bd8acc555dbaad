import Foundation
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

    /// Makes the folders.
    func prepare() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        // What lies in them may be personal data.
        for path in [logs, folder + "/senders", folder + "/inbox"] {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
    }

    /// Sockets lie in a folder of their own; where its path would be too long for a socket, in /tmp.
    private var sockets: String {
        let inside = folder + "/run"
        guard inside.utf8.count > 85 else { return inside }
        let digest = folder.utf8.reduce(UInt64(5_381)) { $0 &* 33 &+ UInt64($1) }
        return "/tmp/hoso-run-\(String(digest, radix: 36))"
    }

    /// Writes the configuration if there is none yet; what an operator changed stays.
    func writeConfiguration(databaseURL: String, timeZone: String?) throws {
        try FileManager.default.createDirectory(
            atPath: sockets, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        guard !FileManager.default.fileExists(atPath: configuration) else { return }
        var values = [
            "database.url": databaseURL, "intake.endpoints": "ipc://\(sockets)/intake.sock",
            "intake.workers": "ipc://\(sockets)/workers.sock", "survey.endpoint": "ipc://\(sockets)/surveys.sock",
            "sender.spool": folder + "/senders/local.sqlite", "sender.inbox": folder + "/inbox",
        ]
        let environment = ProcessInfo.processInfo.environment
        values["time_zone"] = timeZone ?? environment["HOSO_TIME_ZONE"]
        try Data(HosoSettings.yaml(values).utf8).write(to: URL(fileURLWithPath: configuration), options: .atomic)
    }

    /// The services in the order in which they start.
    func stages(workers: Int, senders: [String]) -> [[ChildService]] {
        [
            [child("broker", ["broker"])],
            (1...workers).map { child("worker-\($0)", ["worker"]) }
                + [child("aggregator", ["aggregator"]), child("surveys", ["surveys"])],
            senders.map { sender in
                child(
                    "agent-\(sender)", ["agent"],
                    [
                        "HOSO_SENDER_NAME": sender, "HOSO_SENDER_SPOOL": spool(of: sender),
                        "HOSO_SENDER_INBOX": inbox(of: sender),
                    ])
            },
        ]
    }

    /// The spool of a sender on this machine.
    func spool(of sender: String) -> String { folder + "/senders/\(sender).sqlite" }

    /// The drop folder of a sender on this machine.
    func inbox(of sender: String) -> String { folder + "/inbox" + (sender == "local" ? "" : "/\(sender)") }

    /// A service as a child process: this very program with a subcommand.
    func child(_ name: String, _ arguments: [String], _ environment: [String: String] = [:]) -> ChildService {
        ChildService(
            name: name, program: Self.program, arguments: arguments + ["--config", configuration],
            environment: environment, logFile: "\(logs)/\(name).log")
    }

    private static var program: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }
}

/// A lock on a file, held until the process ends.
final class FileLock {
    private let file: FileHandle

    /// `nil` when another process holds it.
    init?(path: String) {
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        guard let file = FileHandle(forUpdatingAtPath: path), flock(file.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else {
            return nil
        }
        self.file = file
    }

    deinit { try? file.close() }
}
