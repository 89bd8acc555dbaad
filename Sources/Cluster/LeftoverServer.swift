import Foundation

/// A server that an earlier run may have left behind in a data folder.
struct LeftoverServer {
    private let data: String

    init(data: String) { self.data = data }

    private var pidFile: String { data + "/postmaster.pid" }

    /// Ends the server if it still runs, and else removes the file that it left.
    ///
    /// After a crash the number in the file may belong to any other process by now. `pg_ctl` would signal that one,
    /// and the new server would take it for its predecessor and refuse to start.
    func end(_ programs: ServerPrograms) async throws {
        guard FileManager.default.fileExists(atPath: pidFile) else { return }
        if isRunning {
            // Waits; should it take longer, the new server is tried again until the old one has gone.
            _ = try? await programs.run("pg_ctl", ["-D", data, "-m", "fast", "-w", "-t", "60", "stop"])
        } else {
            try FileManager.default.removeItem(atPath: pidFile)
        }
    }

    /// Whether the process of the file is a PostgreSQL server that works in this folder.
    private var isRunning: Bool {
        guard let line = try? String(contentsOfFile: pidFile, encoding: .utf8).split(separator: "\n").first,
            let pid = Int32(line), let program = Self.link("/proc/\(pid)/exe"),
            let place = Self.link("/proc/\(pid)/cwd")
        else { return false }
        // “postgres (deleted)” when the package has been replaced under a running server.
        return program.split(separator: "/").last?.split(separator: " ").first == "postgres"
            && place == URL(fileURLWithPath: data).resolvingSymlinksInPath().path
    }

    private static func link(_ path: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: path)
    }
}
