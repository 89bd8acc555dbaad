import Testing

@testable import Benchmark

@Suite struct StatisticsTests {
    @Test func `The median is the middle value, or the mean of the two in the middle`() {
        #expect(Statistics.median([]) == 0)
        #expect(Statistics.median([3, 1, 2]) == 2)
        #expect(Statistics.median([4, 1, 3, 2]) == 2.5)
    }

    @Test func `A percentile is a value that was measured`() {
        let values = (1...200).map(Double.init)
        #expect(Statistics.percentile(50, of: values) == 100)
        #expect(Statistics.percentile(99, of: values) == 198)
        #expect(Statistics.percentile(100, of: values) == 200)
        #expect(Statistics.percentile(0, of: values) == 1)
        #expect(Statistics.percentile(99, of: [7]) == 7)
        #expect(Statistics.percentile(99, of: []) == 0)
    }

    @Test func `Figures keep four digits that say something`() {
        #expect(Statistics.rounded(18_345.678) == 18_346)
        #expect(Statistics.rounded(0.123456) == 0.1235)
        #expect(Statistics.rounded(-12.3456) == -12.35)
        #expect(Statistics.rounded(0) == 0)
        #expect(Statistics.rounded(.infinity) == .infinity)
    }

    @Test func `Entries are due at fixed times, however late somebody looks`() {
        let start = ContinuousClock.now
        let schedule = Schedule(start: start, rate: 1_000)
        #expect(schedule.due(at: start.advanced(by: .milliseconds(-1))) == 0)
        #expect(schedule.due(at: start) == 1)
        #expect(schedule.due(at: start.advanced(by: .microseconds(2_500))) == 3)
        #expect(schedule.due(at: start.advanced(by: .seconds(2))) == 2_001)
        #expect(schedule.moment(of: 5) == start.advanced(by: .milliseconds(5)))
    }
}
