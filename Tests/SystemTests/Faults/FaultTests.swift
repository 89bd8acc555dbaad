import Foundation
import Synchronization
import TestSupport
import Testing

/// The fault matrix, done to real processes by a seeded schedule; E5 with `HOSO_SOAK_MINUTES`.
///
/// `HOSO_FAULT_SEED` repeats a schedule.
@Suite(.takingAllTurns, .serialized) struct FaultTests {
    private static let seed =
        ProcessInfo.processInfo.environment["HOSO_FAULT_SEED"].flatMap { UInt64($0) } ?? .random(in: 1...999_999)

    /// Four rounds do every fault at least once, in an order that the seed decides.
    @Test(arguments: 0..<4) func `Through every fault nothing is lost, nothing is twice, and work resumes`(
        round: Int
    ) async throws {
        var numbers = SeededNumbers(seed: Self.seed)
        let all = Fault.allCases.shuffled(using: &numbers)
        let faults = all.indices.filter { $0 % 4 == round }.map { all[$0] }
        try await campaign(faults, seed: Self.seed &+ UInt64(round))
    }

    /// B6, D4: kills at the named places, over and over.
    @Test func `A kill between any two steps of the way leaves nothing undone`() async throws {
        try await Site.run { site in
            var numbers = SeededNumbers(seed: Self.seed)
            var oracle = Oracle(site, dossiers: 4_000)
            site.failPoints.withLock { points in
                points = [
                    .agent(0): "after_spool_commit:1", .agent(1): "before_receipt_recorded:1",
                    .agent(2): "before_receipt_recorded:1", .worker(0): "after_commit:1", .worker(1): "after_commit:2",
                    .surveys: "after_tasks_sent:1", .listener: "after_task_done:20",
                ]
            }
            for role in Site.roles { site.signal(role, SIGKILL) }
            while try oracle.drop(&numbers) { try await Task.sleep(for: .milliseconds(50)) }
            // Started, killed above, started again: a third start comes from a place that was passed.
            try await Patience.until("the places are passed") {
                Site.roles.filter { site.starts($0) > 2 }.count >= 5
            }
            site.failPoints.withLock { $0 = [:] }
            _ = try await oracle.settle()
            try await oracle.verify()
        }
    }

    @Test(
        .enabled(if: ProcessInfo.processInfo.environment["HOSO_SOAK_MINUTES"] != nil, "only with Deploy/test --soak"))
    func `For as long as asked, faults in any order leave everything exact`() async throws {
        let minutes = Int(ProcessInfo.processInfo.environment["HOSO_SOAK_MINUTES"] ?? "") ?? 1
        let end = ContinuousClock.now.advanced(by: .seconds(60 * minutes))
        var numbers = SeededNumbers(seed: Self.seed)
        while end > .now {
            let faults = (0..<8).compactMap { _ in Fault.allCases.randomElement(using: &numbers) }
            try await campaign(faults, seed: numbers.next() % 1_000_000)
        }
    }

    private func campaign(_ faults: [Fault], seed: UInt64) async throws {
        print("HOSO_FAULT_SEED=\(Self.seed) repeats \(faults.map { "\($0)" }.joined(separator: " "))")
        try await Site.run { site in
            var numbers = SeededNumbers(seed: seed)
            var oracle = Oracle(site, dossiers: 1_500 * faults.count)
            for fault in faults {
                for _ in 0..<5 {
                    _ = try oracle.drop(&numbers)
                    try await Task.sleep(for: .milliseconds(Int.random(in: 20...200, using: &numbers)))
                }
                try await fault.strike(site, &numbers)
                try oracle.mend(&numbers)
                try await oracle.closeDay(&numbers)
            }
            while try oracle.drop(&numbers) {}
            let resumed = try await oracle.settle()
            print("resumption: \(resumed)")
            #expect(resumed.longest < .seconds(30), "work resumes by itself: \(resumed)\n\(site.tails)")
            try await oracle.verify()
        }
    }
}
