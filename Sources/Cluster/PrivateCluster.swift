import Foundation
package import Logging
import Subprocess
import SystemPackage

/// A PostgreSQL cluster of our own in a folder: reached by a Unix socket only, with checksums and default durability.
///
/// Started by root, the server runs as the user `postgres`, to whom the folder is given. Who may connect is decided by
/// the kernel's word for the user at the other end of the socket (peer authentication).
package struct PrivateCluster: Sendable {
    private let folder: String
    private let logger: Logger
    private let programs: ServerPrograms

    /// A cluster in a folder, which is made when it is missing.
    package init(folder: String, logger: Logger) throws(ClusterError) {
        self.folder = folder
        self.logger = logger
        programs = try ServerPrograms.find()
    }

    private var data: String { folder + "/data" }
    private var log: String { folder + "/server.log" }

    /// The folder of the Unix socket.
    ///
    /// Where the path would be longer than a socket's address can be, it lies in /tmp.
    private var socketFolder: String {
        let inside = folder + "/run"
        guard inside.utf8.count + "/.s.PGSQL.5432".utf8.count > 100 else { return inside }
        let digest = folder.utf8.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
        return "/tmp/hoso-\(String(digest, radix: 36))"
    }

    /// libpq's connection string for the role and database `hoso`.
    package var url: String { "host=\(socketFolder) user=hoso dbname=hoso" }

    /// Makes the cluster when it is missing, and ends a server that an earlier run left behind.
    package func prepare() async throws {
        try await makeFolders()
        if !FileManager.default.fileExists(atPath: data + "/PG_VERSION") {
            logger.info("making a database cluster", metadata: ["folder": "\(folder)"])
            try await programs.run(
                "initdb",
                [
                    "-D", data, "--data-checksums", "-E", "UTF8", "--locale=C.UTF-8", "-U", "hoso",
                    "--auth-local=peer", "--auth-host=reject", "--no-instructions",
                ])
            try configure()
        } else if FileManager.default.fileExists(atPath: data + "/postmaster.pid") {
            // Fails when the file is a leftover of a server that is gone, which is as good.
            _ = try? await programs.run("pg_ctl", ["-D", data, "-m", "fast", "-w", "-t", "30", "stop"])
        }
    }

    private func makeFolders() async throws {
        for path in [folder, socketFolder] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            var attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
            if let user = programs.user {
                attributes[.ownerAccountID] = user.id
                attributes[.groupOwnerAccountID] = user.group
            }
            try FileManager.default.setAttributes(attributes, ofItemAtPath: path)
        }
        guard programs.user != nil else { return }
        var parent = URL(fileURLWithPath: folder).deletingLastPathComponent()
        while parent.path != "/" {
            let permissions = try FileManager.default.attributesOfItem(atPath: parent.path)[.posixPermissions] as? Int
            if (permissions ?? 0) & 0o001 == 0 { throw ClusterError(.unreachableFolder(parent.path)) }
            parent = parent.deletingLastPathComponent()
        }
    }

    private func configure() throws {
        let users = Set(["root", "postgres", NSUserName()]).sorted()
        try write("local all all peer map=hoso\n", to: data + "/pg_hba.conf")
        try write(users.map { "hoso \($0) hoso\n" }.joined(), to: data + "/pg_ident.conf")
        let settings = """

            # Set by hoso. Durability (fsync, synchronous_commit, full_page_writes) is left as it is: on.
            listen_addresses = ''
            unix_socket_permissions = 0700
            shared_buffers = 128MB
            max_wal_size = 2GB
            wal_compression = on
            max_connections = 50
            timezone = 'UTC'
            log_lock_waits = on
            # No values of rows in the log.
            log_error_verbosity = terse
            log_min_error_statement = panic
            log_parameter_max_length_on_error = 0

            """
        let file = data + "/postgresql.conf"
        try write(String(contentsOfFile: file, encoding: .utf8) + settings, to: file)
    }

    /// Overwrites in place, so that the file keeps its owner.
    private func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        guard let user = programs.user else { return }
        try FileManager.default.setAttributes(
            [.ownerAccountID: user.id, .groupOwnerAccountID: user.group], ofItemAtPath: path)
    }

    /// Runs the server until the task is cancelled; one that dies is started again.
    package func run() async throws {
        while !Task.isCancelled {
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
            logger.error("the database server ended", metadata: ["status": "\(result.terminationStatus)"])
            try await Task.sleep(for: .seconds(1))
        }
    }

    /// Waits until the server accepts connections, and makes the database when it is missing.
    package func waitUntilReady() async throws {
        let deadline = ContinuousClock.now.advanced(by: .seconds(60))
        while (try? await programs.run("pg_isready", ["-q", "-h", socketFolder, "-U", "hoso"])) == nil {
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
