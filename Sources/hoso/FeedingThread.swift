import Agent
import Dossiers
import Foundation
import Mapping
import Polling
import Spool

/// Feeds files into a spool on a thread of its own, since reading and the spool block, and waits for the receipts.
actor FeedingThread {
    private let executor: PollingExecutor
    private let spool: SpoolDatabase
    private let mapping: MappingFile
    private let turn: SendingTurn
    private let language: Language
    private var progress: SendingProgress
    private var sources: [(path: String, id: Int64)] = []

    /// Whether every file has been read to its end.
    private(set) var hasReadAll = false

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    init(_ spool: SpoolDatabase, mapping: MappingFile, turn: SendingTurn, language: Language) throws {
        executor = try PollingExecutor(name: "hoso-feed")
        self.spool = spool
        self.mapping = mapping
        self.turn = turn
        self.language = language
        progress = SendingProgress(language: language)
    }

    isolated deinit { executor.stop() }

    /// Feeds all files, waits for their receipts, and reports on each.
    func feed(_ files: [String]) async throws -> [FileReport] {
        defer { progress.finish() }
        for path in files { try await feed(URL(fileURLWithPath: path).standardizedFileURL.path) }
        hasReadAll = true
        // What earlier runs left here is sent too, unless another process does so.
        while try await !isDone() {
            try await show(share: 1)
            await pause(.milliseconds(20))
            try Task.checkCancellation()
        }
        try await show(share: 1, isLast: true)
        return try sources.map { source in
            let report = try FileReport(path: source.path, source: source.id, spool: spool, language: language)
            try spool.settle(source: source.id)
            return report
        }
    }

    private func isDone() async throws -> Bool {
        if try sources.contains(where: { try spool.counts(of: $0.id).pending > 0 }) { return false }
        guard await turn.state() != nil else { return true }
        return try spool.counts().pending == 0
    }

    private func feed(_ path: String) async throws {
        var feeder = try Feeder(path: path, mapping: mapping.serving(path), spool: spool, isAgain: true)
        sources.append((path, feeder.source.id))
        while true {
            let step = try feeder.step()
            try await show(share: Double(feeder.bytesRead) / Double(max(feeder.totalBytes, 1)))
            if step == .finished { return }
            if step == .full {
                // Nothing is on its way that could make room.
                guard try spool.counts().pending > 0 else { throw SpoolError(.full, "accept") }
                progress.noteFullSpool()
                await pause(.milliseconds(200))
            }
            try Task.checkCancellation()
        }
    }

    private func show(share: Double, isLast: Bool = false) async throws {
        guard progress.isDue || isLast else { return }
        let centre = await turn.state()
        let counts = try sources.map { try spool.counts(of: $0.id) }
        progress.show(counts, centre: centre, share: share)
    }

    private func pause(_ duration: Duration) async {
        _ = await executor.wait(for: [], until: .now.advanced(by: duration))
    }
}
