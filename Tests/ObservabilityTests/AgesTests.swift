@testable import Operations
import Testing

/// For how long things have waited, by looks at them.
struct AgesTests {
    private let start = ContinuousClock.now

    private func at(_ seconds: Int) -> ContinuousClock.Instant { start.advanced(by: .seconds(seconds)) }

    @Test func `What was announced waits until all of it is recorded, also while more comes`() {
        var ages = Ages()
        ages.look("a", 10, 20, 10, at(0))
        ages.look("a", 15, 30, 15, at(10))
        #expect(ages.waiting("a", at(10)) == 10)
        // The first twenty are there: what waits now was announced by the look before at the earliest.
        ages.look("a", 20, 40, 20, at(20))
        #expect(ages.waiting("a", at(25)) == 5)
        ages.look("a", 40, 40, 0, at(30))
        #expect(ages.waiting("a", at(40)) == 0)
    }

    @Test func `The horizon is as old as the transaction that stays the oldest`() {
        var ages = Ages()
        ages.look(horizon: 7, 7, at(0))
        #expect(ages.horizon(at(5)) == 0)
        ages.look(horizon: 8, 9, at(10))
        ages.look(horizon: 8, 20, at(40))
        #expect(ages.horizon(at(40)) == 30)
        ages.look(horizon: 12, 20, at(50))
        #expect(ages.horizon(at(51)) == 1)
    }
}
