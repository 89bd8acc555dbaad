import Foundation
package import Testing

/// Lets only a few tests run at the same time, in all suites that have the trait.
///
/// Swift Testing starts every test of a run at once. Those that start servers and programs would then compete for the
/// processor until the time that a service allows its peers runs out, and fail for no fault of the program.
package struct TakingTurns: SuiteTrait, TestTrait, TestScoping {
    /// Every test of the suite waits for its turn, not the suite as a whole.
    package let isRecursive = true

    fileprivate let isAlone: Bool
    private static let all = 3 * ProcessInfo.processInfo.activeProcessorCount
    private static let turns = Turns(free: all)

    /// Runs a test when it is its turn.
    @concurrent package func provideScope(
        for test: Test, testCase: Test.Case?, performing body: @concurrent @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await body() }
        let count = isAlone ? Self.all : 1
        await Self.turns.take(count)
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        await Self.turns.give(count)
        try result.get()
    }
}

extension Trait where Self == TakingTurns {
    /// Only a few of these tests run at the same time.
    package static var takingTurns: Self { TakingTurns(isAlone: false) }

    /// While one of these tests runs, none of those that take turns does: what it measures is the program's doing.
    package static var takingAllTurns: Self { TakingTurns(isAlone: true) }
}

/// A counting semaphore for tasks, first come, first served.
///
/// Who waits for many turns holds none meanwhile, so two of them cannot wait for each other, and whoever comes later
/// waits behind them, so they do not wait for ever.
private actor Turns {
    private var free: Int
    private var waiting: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []

    init(free: Int) { self.free = free }

    func take(_ count: Int) async {
        if waiting.isEmpty, free >= count {
            free -= count
            return
        }
        await withCheckedContinuation { waiting.append((count, $0)) }
    }

    /// Hands the turns to those who have waited longest.
    func give(_ count: Int) {
        free += count
        while let first = waiting.first, first.count <= free {
            free -= first.count
            waiting.removeFirst().continuation.resume()
        }
    }
}
