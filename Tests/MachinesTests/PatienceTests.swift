import Machines
import Testing

@Suite struct PatienceTests {
    private let start = ContinuousClock.now

    @Test func `Who keeps to the protocol is never shut out`() {
        var patience = Patience<String>()
        // All batches of a session, twice per second for as long as the memory is full, and beats.
        for second in 0..<600 {
            for half in 0..<2 {
                let now = start.advanced(by: .milliseconds(1_000 * second + 500 * half))
                for _ in 0..<33 {
                    let isBorne = patience.bears(1, from: "office", at: now)
                    #expect(isBorne)
                }
            }
        }
    }

    @Test func `A flood is shut out, alone, and not for ever`() {
        var patience = Patience<String>()
        var count = 0
        while patience.bears(1, from: "flood", at: start) { count += 1 }
        #expect(count == 512)
        #expect(patience.isOver(with: "flood", at: start) && !patience.isOver(with: "office", at: start))
        patience.timePassed(at: start.advanced(by: .seconds(9)))
        #expect(patience.isOver(with: "flood", at: start.advanced(by: .seconds(9))))
        let later = start.advanced(by: patience.penance)
        patience.timePassed(at: later)
        #expect(!patience.isOver(with: "flood", at: later))
        let isBorne = patience.bears(1, from: "flood", at: later)
        #expect(isBorne)
    }
}
