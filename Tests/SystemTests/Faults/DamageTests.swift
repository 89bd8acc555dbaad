import Foundation
import Spool
import TestSupport
import Testing

/// Messages and files in which bits have turned over.
@Suite(.takingAllTurns, .serialized) struct DamageTests {
    /// B13: a message that cannot be read is as good as lost, and must not be waited for.
    @Test(arguments: [Fault.noisyDelivery, .noisyIntake])
    func `After damaged messages the rest arrives at once, not when the patience with receipts ends`(
        fault: Fault
    ) async throws {
        try await Site.run { site in
            var numbers = SeededNumbers(seed: 21)
            var oracle = Oracle(site, dossiers: 12_000)
            let proxy = fault == .noisyDelivery ? site.delivery : site.intake
            proxy.set { $0.flipsOneIn = 4 }
            while try oracle.drop(&numbers) { try await Task.sleep(for: .milliseconds(60)) }
            proxy.set { $0.flipsOneIn = 0 }
            let start = ContinuousClock.now
            let resumed = try await oracle.settle()
            let settled = start.duration(to: .now)
            print("\(fault): \(resumed), all after \(settled)")
            // Half a minute of patience would be more than this, for one lost receipt after another.
            #expect(settled < .seconds(30), "\(site.tails)")
            try await oracle.verify()
        }
    }
}
