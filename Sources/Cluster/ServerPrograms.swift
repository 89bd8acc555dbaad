import Foundation
import Subprocess
import SystemPackage

/// PostgreSQL's programs and the user that they run as.
struct ServerPrograms: Sendable {
    let folder: String
    /// The user to become, when the caller is root.
    let user: (name: String, id: UInt32, group: UInt32)?

    /// Finds the newest installation.
    static func find() throws(ClusterError) -> ServerPrograms {
        let files = FileManager.default
        let versions = ((try? files.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? [])
            .compactMap { Int($0) }.sorted(by: >).map { "/usr/lib/postgresql/\($0)/bin" }
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        guard let folder = (versions + path).first(where: { files.isExecutableFile(atPath: $0 + "/initdb") }) else {
            throw ClusterError(.notInstalled)
        }
        return ServerPrograms(folder: folder, user: try serverUser())
    }

    private static func serverUser() throws(ClusterError) -> (name: String, id: UInt32, group: UInt32)? {
        guard getuid() == 0 else { return nil }
        let lines = ((try? String(contentsOfFile: "/etc/passwd", encoding: .utf8)) ?? "").split(separator: "\n")
        for line in lines {
            let parts = line.split(separator: ":", omittingEmptySubsequences: false)
            if parts.count > 3, parts[0] == "postgres", let id = UInt32(parts[2]), let group = UInt32(parts[3]) {
                return ("postgres", id, group)
            }
        }
        throw ClusterError(.noServerUser)
    }

    /// How a program of PostgreSQL is started: as the unprivileged user, away from the terminal's signals, and not to
    /// outlive this process.
    ///
    /// `setpriv` (util-linux) becomes the user and then the program. To change the user between fork and exec would
    /// be a gamble in a process with threads: glibc's `setgroups` waits in the child for threads that only the parent
    /// has, if one of them was being started or ended at that moment.
    ///
    /// It also asks the kernel for SIGINT (to a server: fast shutdown) when the thread that spawned it ends, and does so
    /// last, since a change of the user would revoke it. swift-subprocess spawns everything on one thread that lives as
    /// long as the process, so that moment is the end of this process, however it comes. A pipe whose end the child
    /// watches, as our own services do, is nothing that PostgreSQL knows; a shell between the two to watch it would
    /// have to pass on signals and exit codes, and could itself be killed.
    func configuration(_ program: String, _ arguments: [String]) -> Subprocess.Configuration {
        var options = PlatformOptions()
        options.createSession = true
        var command = ["/usr/bin/setpriv", "--pdeathsig", "INT"]
        if let user { command += ["--reuid=\(user.id)", "--regid=\(user.group)", "--clear-groups"] }
        command += ["--", folder + "/" + program] + arguments
        return Subprocess.Configuration(
            executable: .path(FilePath(command[0])), arguments: Arguments(Array(command.dropFirst())),
            environment: .inherit.updating(["LC_ALL": "C.UTF-8", "PGOPTIONS": nil, "PGHOST": nil, "PGUSER": nil]),
            workingDirectory: FilePath("/"), platformOptions: options)
    }

    /// Runs a program to its end and returns what it printed.
    @discardableResult
    func run(_ program: String, _ arguments: [String]) async throws(ClusterError) -> String {
        let (status, output) = try await outcome(program, arguments)
        guard status == .exited(0) else { throw ClusterError(.failed(program), detail: output) }
        return output
    }

    /// Runs a program to its end and returns how it ended and what it printed.
    func outcome(
        _ program: String, _ arguments: [String]
    ) async throws(ClusterError) -> (status: TerminationStatus, output: String) {
        do {
            let result = try await Subprocess.run(
                configuration(program, arguments), output: .string(limit: 65_536), error: .combinedWithOutput)
            return (result.terminationStatus, result.standardOutput)
        } catch {
            throw ClusterError(.failed(program), detail: "\(error)")
        }
    }
}
