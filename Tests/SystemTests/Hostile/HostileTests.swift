import Foundation
import TestSupport
import Testing

/// Promises 8 to 10 under attack: the others go on, nothing ends, nothing grows without bound, and the log can be read.
@Suite(.takingAllTurns, .serialized) struct HostileTests {
    @Test func `Two thousand silent connections keep nobody out, also where the shell allows few descriptors`()
        async throws
    {
        // A login shell allows 1,024 descriptors; the broker takes what the system lets it have.
        try await Siege.lay(under: ["/usr/bin/prlimit", "--nofile=1024:8192"]) { siege in
            let outcome = try await siege.attack("silent", seconds: 12)
            #expect(outcome.deeds["most"] as? Int == 2_000)
            #expect(outcome.deeds["cut"] as? Int ?? 0 > 2_000, "who says nothing is cut, and not once only")
        }
    }

    @Test func `Messages without an end cost their sender the connection`() async throws {
        try await Siege.lay { siege in
            let outcome = try await siege.attack("endless")
            #expect(outcome.deeds["frames"] as? Int ?? 0 > 10_000)
        }
    }

    @Test func `Frames above the limit cost their sender the connection`() async throws {
        try await Siege.lay { siege in
            let outcome = try await siege.attack("oversize", seconds: 8)
            #expect(outcome.deeds["cut afterwards"] as? Int ?? 0 > 20)
        }
    }

    @Test func `A thousand senders that come back at once are all answered`() async throws {
        try await Siege.lay { siege in
            let outcome = try await siege.attack("crowd", seconds: 12, keys: 1_000)
            let rounds = try #require(outcome.deeds["rounds"] as? [[Double]])
            #expect(rounds.count > 1 && rounds.allSatisfy { $0[0] + $0[1] == 1_000 }, "\(rounds)")
            #expect(rounds.allSatisfy { $0[0] > 900 }, "most are welcome, the rest are told to come later")
        }
    }

    @Test func `A flood from one key delays nobody else`() async throws {
        try await Siege.lay { siege in
            let outcome = try await siege.attack("flood")
            #expect(outcome.deeds["messages"] as? Int ?? 0 > 1_000)
        }
    }

    @Test func `Handshakes and messages that are nearly right are refused, and nobody else notices`() async throws {
        try await Siege.lay { siege in
            let outcome = try await siege.attack("mutate", seconds: 20)
            #expect(outcome.deeds["answered"] as? Int ?? 0 > 50, "\(outcome.deeds)")
        }
    }

    /// libzmq 4.3 ends the process when a connection is lost that waits to be read on, if it is let wait.
    @Test func `Who sends more than is read under the name of another connection, and is gone, ends nothing`()
        async throws
    {
        try await Siege.lay { siege in
            let outcome = try await siege.attack("vanish", seconds: 8)
            #expect(outcome.deeds["connections"] as? Int ?? 0 > 4, "\(outcome.deeds)")
        }
    }
}
