import Foundation
import Polling
import Postgres
import Store
import TestSupport
import Testing

@Suite(.takingTurns) struct HostListTests {
    private func choices(_ url: String) -> [String] {
        HostList(url).choices.map { $0.map { "\($0.keyword)=\($0.value)" }.joined(separator: " ") }
    }

    @Test func `Every host of a connection string is a choice, with its port`() {
        #expect(choices("dbname=hoso") == [""])
        #expect(choices("host=a dbname=hoso") == [""])
        #expect(choices("host=a,b port=1,2 dbname=hoso") == ["host=a port=1", "host=b port=2"])
        #expect(choices("host=a,b,c port=5433") == ["host=a port=5433", "host=b port=5433", "host=c port=5433"])
        #expect(choices("postgresql://user@a:1,b/hoso") == ["host=a port=1", "host=b"])
        #expect(choices("no connection string") == [""])
    }

    @Test func `A host that takes connections and says nothing does not keep the next one from being reached`()
        async throws
    {
        let folder = try TemporaryFolder()
        let dark = try DarkServer(folder: folder.path)
        let address = try await TestCluster.shared.database()
        let host = try #require(address.url.split(separator: " ").first { $0.hasPrefix("host=") })
        let url = address.url.replacing(host, with: "host=\(folder.path),\(host.dropFirst(5))")
        let session = try DatabaseSession(DatabaseAddress(url: url, program: "hoso-test"), patience: .seconds(2))
        let answer = try await session.perform { try await $0.run("SELECT 42", as: "test").int32(0, 0) }
        #expect(answer == 42)
        withExtendedLifetime(dark) {}
    }
}

/// A Unix socket where PostgreSQL would listen; the kernel accepts connections, and nobody ever answers.
private final class DarkServer {
    private let descriptor: Int32

    init(folder: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array((folder + "/.s.PGSQL.5432").utf8)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(descriptor, $0, size) }
        }
        guard result == 0, listen(descriptor, 8) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    deinit { close(descriptor) }
}
