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

    /// How a program of PostgreSQL is started: as the unprivileged user, away from the terminal's signals.
    ///
    /// `setpriv` (util-linux) becomes the user and then the program. To change the user between fork and exec would
    /// be a gamble in a process with threads: glibc's `setgroups` waits in the child for threads that only the parent
    /// has, if one of them was being started or ended at that moment.
    func configuration(_ program: String, _ arguments: [String]) -> Subprocess.Configuration {
        var options = PlatformOptions()
        options.createSession = true
        var command = [folder + "/" + program] + arguments
        if let user {
            command =
                ["/usr/bin/setpriv", "--reuid=\(user.id)", "--regid=\(user.group)", "--clear-groups", "--"] + command
        }
        return Subprocess.Configuration(
            executable: .path(FilePath(command[0])), arguments: Arguments(Array(command.dropFirst())),
            environment: .inherit.updating(["LC_ALL": "C.UTF-8", "PGOPTIONS": nil, "PGHOST": nil, "PGUSER": nil]),
            workingDirectory: FilePath("/"), platformOptions: options)
    }

    /// Runs a program to its end and returns what it printed.
    @discardableResult
    func run(_ program: String, _ arguments: [String]) async throws(ClusterError) -> String {
        do {
            let result = try await Subprocess.run(
                configuration(program, arguments), output: .string(limit: 65_536), error: .combinedWithOutput)
            guard result.terminationStatus.isSuccess else {
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
