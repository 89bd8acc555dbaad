import Foundation
import Subprocess

extension PrivateCluster {
    func makeFolders() throws {
        for path in [folder, socketFolder] {
            try PrivateFolder.make(path, owner: programs.user.map { ($0.id, $0.group) })
        }
        guard programs.user != nil else { return }
        var parent = URL(fileURLWithPath: folder).deletingLastPathComponent()
        while parent.path != "/" {
            let permissions = try FileManager.default.attributesOfItem(atPath: parent.path)[.posixPermissions] as? Int
            if (permissions ?? 0) & 0o001 == 0 { throw ClusterError(.unreachableFolder(parent.path)) }
            parent = parent.deletingLastPathComponent()
        }
    }

    /// Removes the folders of a cluster whose server has ended.
    package func remove() throws {
        for path in [folder, socketFolder] where FileManager.default.fileExists(atPath: path) {
            try FileManager.default.removeItem(atPath: path)
        }
    }

    /// Makes the cluster in a folder beside its place and moves it there when it is complete.
    ///
    /// A cluster that was only half made when the process was killed would never start; here it is made again.
    func make() async throws {
        let fresh = data + ".new"
        if FileManager.default.fileExists(atPath: fresh) { try FileManager.default.removeItem(atPath: fresh) }
        try await programs.run(
            "initdb",
            [
                "-D", fresh, "--data-checksums", "-E", "UTF8", "--locale=C.UTF-8", "-U", "hoso",
                "--auth-local=peer", "--auth-host=reject", "--no-instructions",
            ])
        try await configure(fresh)
        try FileManager.default.moveItem(atPath: fresh, toPath: data)
    }

    /// lz4 takes a fraction of the time of PostgreSQL's own method, where the server was built with it.
    private func compression(_ data: String) async throws -> String {
        let arguments = ["-D", data, "-C", "wal_compression", "-c", "wal_compression=lz4"]
        return try await programs.outcome("postgres", arguments).status == .exited(0) ? "lz4" : "on"
    }

    /// Megabytes of shared buffers: an eighth of the machine's memory, which agents and workers need too; 128 to 1,024.
    private static var sharedBuffers: UInt64 {
        min(max(ProcessInfo.processInfo.physicalMemory >> 23, 128), 1_024)
    }

    private func configure(_ data: String) async throws {
        try letIn(data)
        let compression = try await compression(data)
        let settings = """

            # Set by hoso. Durability (fsync, synchronous_commit, full_page_writes) is left as it is: on.
            listen_addresses = ''
            unix_socket_permissions = 0700
            shared_buffers = \(Self.sharedBuffers)MB
            max_wal_size = 2GB
            wal_compression = \(compression)
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

    /// Lets in the users of this machine that run hoso, each as its roles; nobody has a password.
    func letIn(_ data: String) throws {
        let users = Set(["root", "postgres", NSUserName()]).sorted()
        try write("local all all peer map=hoso\n", to: data + "/pg_hba.conf")
        let lines = users.flatMap { user in Self.roles.map { "hoso \(user) \($0)\n" } }
        try write(lines.joined(), to: data + "/pg_ident.conf")
    }

    /// Who connects: the owner of the cluster, and the services.
    private static let roles = [
        "hoso", "hoso_ingest", "hoso_fold", "hoso_relay", "hoso_read", "hoso_operations",
    ]

    /// Overwrites in place, so that the file keeps its owner, and forces it to disk as initdb did with the others.
    private func write(_ text: String, to path: String) throws {
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: Data(text.utf8))
        try file.synchronize()
        try file.close()
    }
}
