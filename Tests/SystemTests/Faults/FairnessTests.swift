import Foundation
import Spool
import TestSupport
import Testing

/// A10: one sender's long backlog and another one's new dossiers.
@Suite(.takingAllTurns) struct FairnessTests {
    @Test func `New dossiers of one sender are receipted long before another one's backlog has drained`() async throws {
        try await Site.run(preparing: { site in try site.fill(0, 1...200_000) }) { site in
            try await Patience.until("the backlog drains") { try site.receipts(0) > 0 }
            let start = ContinuousClock.now
            let before = try site.receipts(0)
            var latencies: [Duration] = []
            for number in 1...8 {
                let since = ContinuousClock.now
                try site.fill(1, number...number)
                try await Patience.until("it is receipted") { try site.receipts(1) == number }
                latencies.append(since.duration(to: .now))
                try await Task.sleep(for: .milliseconds(100))
            }
            let drained = try site.receipts(0) - before
            let rate = Double(drained) / (start.duration(to: .now) / .seconds(1))
            let left = try Int(site.spool(0).counts().pending)
            latencies.sort()
            let (middle, longest) = (latencies[latencies.count / 2], latencies[latencies.count - 1])
            print("beside a backlog: p50 \(middle), max \(longest); \(Int(rate)) dossiers/s drain, \(left) are left")
            #expect(drained > 0 && left > 0, "the backlog drained meanwhile, and has not come to its end")
            #expect(longest < .seconds(Double(200_000) / rate / 4), "far sooner than the whole backlog")
        }
    }
}
