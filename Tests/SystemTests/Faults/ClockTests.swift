import Foundation
import Synchronization
import TestSupport
import Testing

/// A9: clocks that are wrong and that are set while programs run.
@Suite(.takingTurns) struct ClockTests {
    private static let library = ["x86_64", "aarch64"].map {
        "/usr/lib/\($0)-linux-gnu/faketime/libfaketimeMT.so.1"
    }.first(where: FileManager.default.fileExists(atPath:))

    @Test(.enabled(if: library != nil || getuid() == 0, "faketime is not installed"))
    func `Clocks a day apart that jump by days lose nothing and hold nothing up`() async throws {
        let library = try #require(Self.library)
        try await Site.run(preparing: { site in
            for role in Site.roles {
                try Self.set(site, role, "+0")
                // The library moves the environment, where Swift looks for its arguments, unless it has been there before.
                site.wrappers.withLock { $0[role] = ["/usr/bin/env"] }
                site.variables.withLock { variables in
                    variables[role] = [
                        "LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": Self.file(site, role),
                        "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                        // Clocks do not change when files were changed.
                        "NO_FAKE_STAT": "1",
                    ]
                }
            }
        }) { site in
            var numbers = SeededNumbers(seed: 41)
            var oracle = Oracle(site, dossiers: 6_000)
            for step in 0..<18 {
                _ = try oracle.drop(&numbers)
                // Each program on its own: forward, back, and back to the true time.
                for (place, role) in Site.roles.enumerated() {
                    try Self.set(site, role, ["+1d", "-1d", "+0", "-365d"][(step / 3 + place) % 4])
                }
                try await Task.sleep(for: .milliseconds(400))
            }
            while try oracle.drop(&numbers) {}
            let resumed = try await oracle.settle()
            print("clocks: \(resumed)")
            #expect(resumed.longest < .seconds(10), "\(site.tails)")
            try await oracle.verify()
            for role in Site.roles {
                #expect(site.starts(role) == 1, "\(role.name) went on")
                #expect(!site.log(role).contains("fell silent"), "leases do not go by the time of day")
            }
            let days = Set(site.log(.agent(0)).split(separator: "\n").map { $0.prefix(19) })
            #expect(days.count > 1, "the clock was set: \(days)")
        }
    }

    private static func file(_ site: Site, _ role: Site.Role) -> String { "\(site.folder.path)/clock-\(role.name)" }

    /// Written beside and renamed, so that nobody reads half of it.
    private static func set(_ site: Site, _ role: Site.Role, _ time: String) throws {
        try Data("\(time)\n".utf8).write(to: URL(fileURLWithPath: file(site, role)), options: .atomic)
    }
}
