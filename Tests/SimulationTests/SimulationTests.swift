import Foundation
import Testing

/// Test E6 of the reliability plan, and the parts of D1, D3 and D4 that need no PostgreSQL.
///
/// `HOSO_SIMULATION_SEEDS=10000` runs more seeds; `HOSO_SIMULATION_SEED=7` runs one and prints what happens in it.
@Suite struct SimulationTests {
    /// Seeds are split over so many cases, which run side by side.
    private static let parts = 4

    @Test(arguments: 0..<parts)
    func `Whatever fails, nothing is lost, nothing is done twice, and everything recovers`(part: Int) {
        for seed in Seeds.all where seed % UInt64(Self.parts) == UInt64(part) {
            if let only = Seeds.only { return tell(only, events: .max) }
            guard SimulatedWorld(seed: seed).run() != nil else { continue }
            return tell(seed, events: 40)
        }
    }

    @Test func `A worker that acknowledges before COMMIT is found out`() {
        #expect(isFound(.acknowledgesBeforeCommit, within: 20))
    }

    @Test func `An aggregator that folds by id is found out`() {
        #expect(isFound(.foldsByID, within: 200))
    }

    @Test func `A relay that reads tasks above the horizon is found out`() {
        #expect(isFound(.relaysBeyondHorizon, within: 200))
    }

    @Test func `A seed always runs the same`() {
        for seed in UInt64(1)...20 {
            let worlds = (0..<2).map { _ in SimulatedWorld(seed: seed, isTraced: true) }
            #expect(worlds[0].run() == worlds[1].run())
            #expect(worlds[0].trace == worlds[1].trace)
        }
    }

    private func isFound(_ plant: PlantedBug, within seeds: UInt64) -> Bool {
        (1...seeds).contains { SimulatedWorld(seed: $0, plant: plant).run() != nil }
    }

    /// Runs a seed again, and tells what happened.
    private func tell(_ seed: UInt64, events: Int) {
        let world = SimulatedWorld(seed: seed, isTraced: true)
        let broken = world.run()
        let story = (world.trace ?? []).suffix(events).joined(separator: "\n")
        guard events != .max || broken != nil else { return print(story) }
        Issue.record("HOSO_SIMULATION_SEED=\(seed): \(broken ?? "not found again")\n\(story)")
    }
}

/// Which seeds are run.
private enum Seeds {
    /// The only one, to be told in full.
    static let only = number("HOSO_SIMULATION_SEED")

    static var all: ClosedRange<UInt64> {
        if let only { return only...only }
        return 1...max(1, number("HOSO_SIMULATION_SEEDS") ?? 2_000)
    }

    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }
}
