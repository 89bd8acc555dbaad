import Foundation
import Glibc
import Subprocess
import SystemPackage

/// A database cluster of this machine as Debian's `postgresql-common` keeps it, which may serve others too: nothing is changed in
/// it but what hoso needs, and that can be done again.
package struct SystemCluster: Sendable {
    /// Its version and name, for example `15` and `main`.
    package let version: String
    /// See ``version``.
    package let name: String
    /// The port that names its socket.
    package let port: String
    private let programs: ServerPrograms

    /// The cluster of the newest version; when there is none, one is made, with data checksums.
    package static func findOrMake() async throws -> SystemCluster {
        let programs = try ServerPrograms.find()
        if let found = try await list(programs).last { return found }
        let folder = programs.folder.split(separator: "/")
        // /usr/lib/postgresql/VERSION/bin
        guard folder.count > 2 else { throw ClusterError(.notInstalled) }
        let version = String(folder[folder.count - 2])
        try await asRoot("/usr/bin/pg_createcluster", [version, "main", "--", "--data-checksums"])
        guard let made = try await list(programs).last else { throw ClusterError(.failed("pg_createcluster")) }
        return made
    }

    private static func list(_ programs: ServerPrograms) async throws -> [SystemCluster] {
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/pg_lsclusters") else {
            throw ClusterError(.notInstalled)
        }
        return try await asRoot("/usr/bin/pg_lsclusters", ["--no-header"]).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            return words.count > 3
                ? SystemCluster(version: words[0], name: words[1], port: words[2], programs: programs) : nil
        }.sorted {
            (Double($0.version) ?? 0, $0.name == "main" ? 1 : 0) < (Double($1.version) ?? 0, $1.name == "main" ? 1 : 0)
        }
    }

    /// libpq's connection string for a role and a database.
    package func url(role: String, database: String) -> String {
        "host=/run/postgresql" + (port == "5432" ? "" : " port=\(port)") + " user=\(role) dbname=\(database)"
    }

    /// Starts the server where it does not run, now and with the machine.
    package func start() async throws {
        let unit = "postgresql@\(version)-\(name).service"
        try await Self.asRoot("/usr/bin/systemctl", ["enable", "--quiet", "postgresql.service"])
        try await Self.asRoot("/usr/bin/systemctl", ["start", unit])
        for _ in 0..<60 {
            if (try? await query("SELECT 1")) != nil { return }
            try await Task.sleep(for: .milliseconds(500))
        }
        throw ClusterError(.notReady, detail: unit)
    }

    /// Makes a role that may make others, and a database that belongs to it, where they are missing.
    /// - Returns: the owner of the database, which is somebody else when it was there before.
    package func make(database: String, owner: String) async throws -> String {
        if try await query("SELECT 1 FROM pg_roles WHERE rolname = '\(owner)'").isEmpty {
            try await query("CREATE ROLE \(owner) LOGIN CREATEROLE NOCREATEDB CONNECTION LIMIT 8")
        }
        let who = """
            SELECT r.rolname FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE d.datname = '\(database)'
            """
        if try await query(who).isEmpty {
            try await query(
                "CREATE DATABASE \(database) OWNER \(owner) ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0")
        }
        // The server's log is read by many; no values of rows in it.
        for setting in [
            "log_error_verbosity = 'terse'", "log_min_error_statement = 'panic'",
            "log_parameter_max_length_on_error = 0",
        ] {
            try await query("ALTER DATABASE \(database) SET \(setting)")
        }
        return try await query(who)
    }

    /// Lets users of this machine in as roles of a database, by the kernel's word for who they are.
    package func letIn(_ users: [(user: String, roles: [String])], database: String) async throws {
        let roles = Set(users.flatMap(\.roles)).sorted().joined(separator: ",")
        let lines = users.flatMap { entry in entry.roles.map { "hoso \(entry.user) \($0)" } }
        try put(lines, into: try await query("SHOW ident_file"))
        try put(["local \(database) \(roles) peer map=hoso"], into: try await query("SHOW hba_file"))
        try await query("SELECT pg_reload_conf()")
        let faults = try await query(
            "SELECT line_number || ': ' || error FROM pg_hba_file_rules WHERE error IS NOT NULL")
        guard faults.isEmpty else { throw ClusterError(.failed("pg_hba.conf"), detail: faults) }
    }

    /// Whether pages carry checksums, by which damage on the disk is noticed.
    package func hasChecksums() async throws -> Bool { try await query("SHOW data_checksums") == "on" }

    /// Replaces the file in one step, with the owner and permissions that it has.
    private func put(_ lines: [String], into path: String) throws {
        let files = FileManager.default
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let changed = MarkedBlock.put(lines, into: text)
        guard changed != text else { return }
        let attributes = try files.attributesOfItem(atPath: path)
        let fresh = path + ".hoso-new"
        try Data(changed.utf8).write(to: URL(fileURLWithPath: fresh))
        let kept: [FileAttributeKey] = [.posixPermissions, .ownerAccountID, .groupOwnerAccountID]
        try files.setAttributes(attributes.filter { kept.contains($0.key) }, ofItemAtPath: fresh)
        try FileDescriptor.rename(fresh, to: path)
    }

    /// Runs a statement as the superuser of the cluster.
    @discardableResult
    private func query(_ sql: String) async throws(ClusterError) -> String {
        let output = try await programs.run(
            "psql",
            [
                "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1",
                "--host=/run/postgresql",
                "--port=\(port)", "--username=postgres", "--dbname=postgres", "--command=\(sql)",
            ])
        return output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @discardableResult
    private static func asRoot(_ program: String, _ arguments: [String]) async throws(ClusterError) -> String {
        do {
            let result = try await Subprocess.run(
                .path(FilePath(program)), arguments: Arguments(arguments),
                environment: .inherit.updating(["LC_ALL": "C.UTF-8"]), input: .none, output: .string(limit: 65_536),
                error: .combinedWithOutput)
            guard result.terminationStatus == .exited(0) else {
                throw ClusterError(.failed(program), detail: result.standardOutput)
            }
            return result.standardOutput
        } catch let error as ClusterError {
            throw error
        } catch {
            throw ClusterError(.failed(program), detail: "\(error)")
        }
    }
}

extension FileDescriptor {
    /// Moves a file into the place of another one, in one step.
    fileprivate static func rename(_ source: String, to target: String) throws {
        guard unsafe Glibc.rename(source, target) == 0 else { throw Errno(rawValue: errno) }
    }
}
