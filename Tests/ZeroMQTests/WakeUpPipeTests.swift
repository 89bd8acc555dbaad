import Foundation
import Polling
import TestSupport
import Testing

@Suite struct WakeUpPipeTests {
    /// Waits on an executor of its own.
    private actor Sleeper {
        private let executor: PollingExecutor
        nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

        init() throws { executor = try PollingExecutor(name: "sleeper") }

        isolated deinit { executor.stop() }

        /// Whether it was woken before the time was up.
        func isWoken(by pipe: WakeUpPipe, within time: Duration) async -> Bool {
            let isReady = await !executor.wait(for: [pipe.interest], until: .now.advanced(by: time)).isEmpty
            pipe.drain()
            return isReady
        }
    }

    @Test func `Whoever waits is woken, once for all that came`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/wake"
        let pipe = try #require(WakeUpPipe(path: path))
        let sleeper = try Sleeper()
        for _ in 0..<1_000 { WakeUpPipe.raise(path: path) }
        #expect(await sleeper.isWoken(by: pipe, within: .seconds(10)))
        #expect(await !sleeper.isWoken(by: pipe, within: .milliseconds(20)))
        async let woken = sleeper.isWoken(by: pipe, within: .seconds(10))
        WakeUpPipe.raise(path: path)
        #expect(await woken)
    }

    @Test func `Nobody waits, the pipe is full, or something else has its name: nothing happens`() async throws {
        let folder = try TemporaryFolder()
        WakeUpPipe.raise(path: folder.path + "/missing")
        let full = folder.path + "/full"
        let pipe = try #require(WakeUpPipe(path: full))
        for _ in 0..<100_000 { WakeUpPipe.raise(path: full) }
        #expect(await (try Sleeper()).isWoken(by: pipe, within: .seconds(10)))
        let file = folder.path + "/file"
        try Data("kept".utf8).write(to: URL(fileURLWithPath: file))
        #expect(WakeUpPipe(path: file) == nil)
        WakeUpPipe.raise(path: file)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "kept")
    }
}
