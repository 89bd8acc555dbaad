import Foundation
import Spool
import TestSupport
import Testing

/// Promise 10: how much memory every process takes while everything that could fill it up happens at once.
@Suite(.takingAllTurns) struct MemoryTests {
    /// MiB of resident memory that a process takes at most, as the README says; the most that it ever had counts.
    private static func bound(_ role: Site.Role) -> Int {
        switch role {
        case .broker: 384
        case .surveys: 320
        default: 128
        }
    }

    @Test func `A million entries of backlog, slow workers, deaf and endless peers: memory stays bounded`() async throws
    {
        let start = ContinuousClock.now
        try await Site.run(preparing: { site in
            try site.fill(0, 1...1_000_000)
            try site.fill(1, 1...50_000)
            print("1,050,000 entries of backlog made in \(start.duration(to: .now))")
        }) { site in
            site.database.set { $0.delay = .milliseconds(20) }
            let peers = [
                RawPeer(.endless(frame: 1), at: site.folder.path + "/intake"),
                RawPeer(.endless(frame: 200), at: site.folder.path + "/intake"),
                RawPeer(.endless(frame: 60_000), at: site.folder.path + "/intake"),
                RawPeer(.endless(frame: 200), at: site.folder.path + "/surveys"),
                RawPeer(.deaf(sender: "deaf"), at: site.folder.path + "/intake"),
            ]
            defer { for peer in peers { peer.stop() } }
            var oracle = Oracle(site, dossiers: 2_000)
            var numbers = SeededNumbers(seed: 3)
            var peaks: [Site.Role: Int] = [:]
            let before = try Self.receipts(site)
            for _ in 0..<25 {
                _ = try oracle.drop(&numbers)
                try await Task.sleep(for: .seconds(1))
                for role in Site.roles { peaks[role] = max(peaks[role] ?? 0, Self.peak(site, role)) }
            }
            let after = try Self.receipts(site)
            print("peers: \(peers.map(\.summary))\nreceipts: \(before) before, \(after) after")
            for role in Site.roles {
                let peak = peaks[role] ?? 0
                print("\(role.name): \(peak) MiB")
                #expect(peak > 0 && peak < Self.bound(role), "\(role.name): \(peak) MiB")
                #expect(site.starts(role) == 1, "\(role.name) has not got rid of memory by starting anew")
            }
            for sender in 0..<Site.senders {
                #expect(after[sender] > before[sender], "sender-\(sender) goes on being served\n\(site.tails)")
            }
        }
    }

    private static func receipts(_ site: Site) throws -> [Int64] {
        try (0..<Site.senders).map { sender in
            let counts = try site.spool(sender).counts()
            return counts.accepted - counts.pending
        }
    }

    /// The most resident memory that the process of a role has had, in MiB.
    private static func peak(_ site: Site, _ role: Site.Role) -> Int {
        guard let pid = site.process(role),
            let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") })
        else { return 0 }
        return (Int(line.filter(\.isNumber)) ?? 0) >> 10
    }
}
