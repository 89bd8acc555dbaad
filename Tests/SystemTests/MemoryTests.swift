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
            try Self.fill(site, sender: 0, count: 1_000_000)
            try Self.fill(site, sender: 1, count: 50_000)
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

    /// Puts entries into a sender's spool, in JSON, since what is on its way matters here and not what it says.
    private static func fill(_ site: Site, sender: Int, count: Int) throws {
        let spool = try site.spool(sender)
        let template = Array(
            """
            {"intake":{"dossier_code":"H36.\(26 + sender)-220301-000000","received_at":"2022-03-01T09:00:00+07:00",\
            "unit":"H36.26","procedure":"1.004194","channel":"online","applicant_phone":"0912345678"}}
            """.utf8)
        // The last digit of the day and the six of the number.
        let digits = [39, 41, 42, 43, 44, 45, 46]
        let chunk = 50_000
        for first in stride(from: 0, to: count, by: chunk) {
            try spool.append(
                (first..<min(first + chunk, count)).map { number in
                    var body = template
                    var rest = number + 1_000_000
                    for place in digits.reversed() {
                        body[place] = UInt8(48 + rest % 10)
                        rest /= 10
                    }
                    return SpoolDraft(body: body, contentType: 2)
                })
        }
        spool.close()
    }
}
