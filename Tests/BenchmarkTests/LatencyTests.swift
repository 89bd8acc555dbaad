import Spool
import Testing

@testable import Benchmark

@Suite struct LatencyTests {
    @Test func `A receipt counts from when its entry was due, not from when it was sent`() {
        let start = ContinuousClock.now
        let recorder = LatencyRecorder()
        recorder.begin(first: 11, count: 100, by: Schedule(start: start, rate: 1_000))
        // All hundred at once, 150 ms after the first was due: they have waited between 51 and 150 ms.
        recorder.observe(
            [SpoolReceipt(numbers: 11...110, outcome: .stored)], at: start.advanced(by: .milliseconds(150)))
        #expect(recorder.missing == 0)
        let figures = recorder.figures(rate: 1_000)
        #expect(figures.entries == 100)
        #expect((99...102).contains(figures.p50Milliseconds))
        #expect((148...150.2).contains(figures.p99Milliseconds))
        #expect((149...150.2).contains(figures.greatestMilliseconds))
    }

    @Test func `Receipts of other entries do not count`() {
        let start = ContinuousClock.now
        let recorder = LatencyRecorder()
        recorder.begin(first: 11, count: 10, by: Schedule(start: start, rate: 100))
        recorder.observe([SpoolReceipt(numbers: 1...15, outcome: .stored)], at: start.advanced(by: .seconds(1)))
        #expect(recorder.missing == 5)
        recorder.observe([SpoolReceipt(numbers: 16...40, outcome: .stored)], at: start.advanced(by: .seconds(1)))
        #expect(recorder.missing == 0)
    }
}
