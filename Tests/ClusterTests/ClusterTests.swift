import Cluster
import Foundation
import Logging
import TestSupport
import Testing

@Suite(.takingTurns) struct ClusterTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var place: String { folder.path + "/postgres" }
    private var pidFile: String { place + "/data/postmaster.pid" }

    private func cluster() throws -> PrivateCluster {
        var logger = Logger(label: "cluster")
        logger.logLevel = .critical
        return try PrivateCluster(folder: place, logger: logger)
    }

    /// Runs a server around some work.
    private func running(_ cluster: PrivateCluster, _ work: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await cluster.run() }
            group.addTask { try await work() }
            try await group.next()
            group.cancelAll()
        }
    }

    @Test func `A cluster whose making was interrupted is made anew`() async throws {
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: place)
        try FileManager.default.createDirectory(atPath: place + "/data.new", withIntermediateDirectories: true)
        try folder.write("15\n", to: "postgres/data.new/PG_VERSION")
        let cluster = try cluster()
        try await cluster.prepare()
        #expect(!FileManager.default.fileExists(atPath: place + "/data.new"))
        try await running(cluster) { try await cluster.waitUntilReady() }
    }

    @Test func `A process that has the number of a server that is gone is left alone`() async throws {
        let cluster = try cluster()
        try await cluster.prepare()
        let stranger = Process()
        stranger.executableURL = URL(fileURLWithPath: "/bin/sleep")
        stranger.arguments = ["60"]
        try stranger.run()
        try folder.write("\(stranger.processIdentifier)\n\(place)/data\n", to: "postgres/data/postmaster.pid")
        try await cluster.prepare()
        #expect(stranger.isRunning)
        #expect(!FileManager.default.fileExists(atPath: pidFile))
        stranger.terminate()
        try await running(cluster) { try await cluster.waitUntilReady() }
    }

    @Test func `A server that says that it is recovering gets the time it needs`() async throws {
        let cluster = try cluster()
        try await cluster.prepare()
        // A standby that lets nobody in answers like a server in a long recovery.
        try folder.write("", to: "postgres/data/standby.signal")
        let settings = try FileHandle(forWritingTo: URL(fileURLWithPath: place + "/data/postgresql.conf"))
        try settings.seekToEnd()
        try settings.write(contentsOf: Data("hot_standby = off\n".utf8))
        try settings.close()
        let (folder, pidFile) = (folder, pidFile)
        try await running(cluster) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await cluster.waitUntilReady(patience: .seconds(2)) }
                group.addTask {
                    try await Task.sleep(for: .seconds(5))
                    try folder.write("", to: "postgres/data/promote")
                    let text = try String(contentsOfFile: pidFile, encoding: .utf8)
                    let pid = try #require(text.split(separator: "\n").first.flatMap { pid_t($0) })
                    kill(pid, SIGUSR1)
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `A server that gives no answer is given up, with the end of its log`() async throws {
        let cluster = try cluster()
        try await cluster.prepare()
        let error = await #expect(throws: ClusterError.self) {
            try await cluster.waitUntilReady(patience: .milliseconds(300))
        }
        #expect(error?.code == .notReady)
    }

    @Test(.enabled(if: getuid() == 0))
    func `The server's user may pass through folders that root makes, but not look into them`() throws {
        try PrivateFolder.makePassable(folder.path + "/a/b")
        for name in ["a", "a/b"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/" + name)
            #expect(attributes[.posixPermissions] as? Int == 0o711, "\(name)")
        }
    }

    @Test func `What others may have put in the place of a private folder is refused`() throws {
        let files = FileManager.default
        let open = folder.path + "/open"
        try files.createDirectory(atPath: open, withIntermediateDirectories: false)
        try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: open)
        let hidden = folder.path + "/hidden"
        try PrivateFolder.make(hidden)
        try files.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: hidden)
        try folder.write("", to: "file")
        for name in ["open", "link", "file"] {
            #expect(throws: ClusterError.self, "\(name)") { try PrivateFolder.make(folder.path + "/" + name) }
        }
        try PrivateFolder.make(hidden)
        let permissions = try files.attributesOfItem(atPath: hidden)[.posixPermissions] as? Int
        #expect(permissions == 0o700)
    }
}
