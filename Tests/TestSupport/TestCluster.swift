import Cluster
import Foundation
import Logging
import Polling
import Postgres
package import Store

/// A real PostgreSQL cluster that all tests of a run share; each test has a database of its own.
package actor TestCluster {
    /// The one cluster of this process.
    package static let shared = TestCluster()

    private var start: Task<PrivateCluster, any Error>?
    private var databases = 0

    /// Makes an empty database.
    /// - Parameter options: of CREATE DATABASE.
    package func database(_ options: String = "") async throws -> DatabaseAddress {
        databases += 1
        let name = "test\(databases)"
        let cluster = try await running()
        let administration = try DatabaseSession(DatabaseAddress(url: cluster.url, program: "hoso-test"))
        try await administration.perform { connection in
            _ = try await connection.run(
                "CREATE DATABASE \(name) \(options)", as: "make a database", within: .seconds(60))
        }
        let url = cluster.url.replacing("dbname=hoso", with: "dbname=\(name)")
        return DatabaseAddress(url: url, program: "hoso-test")
    }

    /// Makes a database at the newest version of the schema.
    /// - Parameter options: of CREATE DATABASE.
    package func migratedDatabase(_ options: String = "") async throws -> DatabaseAddress {
        let address = try await database(options)
        try await DatabaseSession(address).perform { _ = try await Migrator($0).migrate() }
        return address
    }

    private func running() async throws -> PrivateCluster {
        if let start { return try await start.value }
        let start = Task {
            let folder = "/tmp/hoso-test-cluster-\(ProcessInfo.processInfo.processIdentifier)"
            var logger = Logger(label: "cluster")
            logger.logLevel = .critical
            let cluster = try PrivateCluster(folder: folder, logger: logger)
            try await cluster.prepare()
            // The server lives as long as the test process.
            AtExit.stopServer(in: folder, run: Task.detached { try await cluster.run() })
            try await cluster.waitUntilReady()
            return cluster
        }
        self.start = start
        return try await start.value
    }
}

/// Ends the server when the test process exits: there is no other hook.
private enum AtExit {
    nonisolated(unsafe) private static var folder = ""
    nonisolated(unsafe) private static var run: Task<Void, any Error>?

    static func stopServer(in path: String, run: Task<Void, any Error>) {
        unsafe folder = path
        unsafe self.run = run
        atexit {
            // So that nobody starts it again.
            unsafe AtExit.run?.cancel()
            let path = unsafe AtExit.folder
            let lines = (try? String(contentsOfFile: path + "/data/postmaster.pid", encoding: .utf8)) ?? ""
            if let pid = lines.split(separator: "\n").first.flatMap({ pid_t($0) }) {
                kill(pid, SIGQUIT)
                var tries = 0
                while kill(pid, 0) == 0, tries < 100 {
                    usleep(20_000)
                    tries += 1
                }
            }
            try? FileManager.default.removeItem(atPath: path)
        }
    }
}
