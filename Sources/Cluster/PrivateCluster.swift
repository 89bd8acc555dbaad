import Foundation
package import Logging
import Subprocess
import SystemPackage

/// A PostgreSQL cluster of our own in a folder: reached by a Unix socket only, with checksums and default durability.
///
/// Started by root, the server runs as the user `postgres`, to whom the folder is given. Who may connect is decided by
/// the kernel's word for the user at the other end of the socket (peer authentication).
package struct PrivateCluster: Sendable {
    let folder: String
    private let logger: Logger
    let programs: ServerPrograms

    /// A cluster in a folder, which is made when it is missing.
    package init(folder: String, logger: Logger) throws(ClusterError) {
        self.folder = folder
        self.logger = logger
        programs = try ServerPrograms.find()
    }

    var data: String { folder + "/data" }
    private var log: String { folder + "/server.log" }

    /// The folder of the Unix socket.
    ///
    /// Where the path would be longer than a socket's address can be, it lies in /tmp.
    var socketFolder: String {
        let inside = folder + "/run"
        guard inside.utf8.count + "/.s.PGSQL.5432".utf8.count > 100 else { return inside }
        let digest = folder.utf8.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
        return "/tmp/hoso-\(String(digest, radix: 36))"
    }

    /// libpq's connection string for the role and database `hoso`.
    package var url: String { url(database: "hoso") }

    /// libpq's connection string for the role `hoso` and a database.
    package func url(database: String) -> String { "host=\(socketFolder) user=hoso dbname=\(database)" }

    /// Makes the cluster when it is missing, and ends a server that an earlier run left behind.
    package func prepare() async throws {
        try makeFolders()
        if FileManager.default.fileExists(atPath: data) {
            try await LeftoverServer(data: data).end(programs)
            // A cluster of an earlier version knows fewer roles.
            try letIn(data)
        } else {
            logger.info("making a database cluster", metadata: ["folder": "\(folder)"])
            try await make()
        }
    }

    /// Runs the server until the task is cancelled; one that dies is started again.
    package func run() async throws {
        var pause: Duration = .seconds(1)
        while !Task.isCancelled {
            let start = ContinuousClock.now
            let output = try FileDescriptor.open(
                FilePath(log), .writeOnly, options: [.append, .create], permissions: [.ownerReadWrite, .groupRead])
            defer { try? output.close() }
            var configuration = programs.configuration("postgres", ["-D", data, "-k", socketFolder])
            configuration.platformOptions.teardownSequence = [
                // Fast shutdown, then immediate.
                .send(signal: .interrupt, allowedDurationToNextStep: .seconds(20)),
                .send(signal: .quit, allowedDurationToNextStep: .seconds(5)),
            ]
            let result = try await Subprocess.run(
                configuration, output: .fileDescriptor(output, closeAfterSpawningProcess: false),
                error: .fileDescriptor(output, closeAfterSpawningProcess: false))
            if Task.isCancelled { return }
            logger.error(
                "the database server ended and is started again",
                metadata: [
                    "status": "\(result.terminationStatus)", "log": "\(log)",
                    "last": "\(logTail.split(separator: "\n").last ?? "")",
                ])
            if start.duration(to: .now) > .seconds(10) { pause = .seconds(1) }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(10))
        }
    }

    /// Waits until the server accepts connections, and makes the database when it is missing.
    /// - Parameter patience: how long the server may give no answer at all. One that answers that it is starting up or
    ///   recovering gets all the time it needs: to end it would only make the recovery begin anew.
    package func waitUntilReady(patience: Duration = .seconds(60)) async throws {
        var deadline = ContinuousClock.now.advanced(by: patience)
        while true {
            let answer = try await programs.outcome("pg_isready", ["-q", "-h", socketFolder, "-U", "hoso"]).status
            if answer == .exited(0) { break }
            if answer == .exited(1) { deadline = .now.advanced(by: patience) }
            guard deadline > .now else { throw ClusterError(.notReady, detail: logTail) }
            try await Task.sleep(for: .milliseconds(100))
        }
        let connection = ["-h", socketFolder, "-U", "hoso"]
        let found = try await programs.run(
            "psql", connection + ["-d", "postgres", "-tAc", "SELECT 1 FROM pg_database WHERE datname = 'hoso'"])
        if !found.contains("1") { try await programs.run("createdb", connection + ["hoso"]) }
    }

    private var logTail: String {
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").suffix(10).joined(separator: "\n")
    }
}
