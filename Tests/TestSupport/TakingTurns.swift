import Foundation
package import Testing

/// Lets only a few tests run at the same time, in all suites that have the trait.
///
/// Swift Testing starts every test of a run at once. Those that start servers and programs would then compete for the
/// processor until the time that a service allows its peers runs out, and fail for no fault of the program.
package struct TakingTurns: SuiteTrait, TestTrait, TestScoping {
    /// Every test of the suite waits for its turn, not the suite as a whole.
    package let isRecursive = true

    private static let turns = Turns(free: 3 * ProcessInfo.processInfo.activeProcessorCount)

    /// Runs a test when it is its turn.
    @concurrent package func provideScope(
        for test: Test, testCase: Test.Case?, performing body: @concurrent @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await body() }
        await Self.turns.take()
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        await Self.turns.give()
        try result.get()
    }
}

extension Trait where Self == TakingTurns {
    /// Only a few of these tests run at the same time.
    package static var takingTurns: Self { TakingTurns() }
}

/// A counting semaphore for tasks, first come, first served.
private actor Turns {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(free: Int) { self.free = free }

    func take() async {
        if free > 0 {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    /// Hands the turn to whoever has waited longest.
    func give() {
        if waiting.isEmpty {
            free += 1
        } else {
            waiting.removeFirst().resume()
        }
    }
}
