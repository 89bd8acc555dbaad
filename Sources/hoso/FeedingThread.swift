import Agent
import Dossiers
import Foundation
import Mapping
import Polling
import Settings
import Spool

/// Feeds files into a spool on a thread of its own, since reading and the spool block, and waits for the receipts.
actor FeedingThread {
    private let executor: PollingExecutor

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    init() throws { executor = try PollingExecutor(name: "hoso-feed") }

    isolated deinit { executor.stop() }

    /// Feeds all files, waits for their receipts, and reports on each.
    func feed(
        _ files: [String], mapping: MappingFile, spool: SpoolDatabase, settings: HosoSettings,
        _ progress: SendingProgress
    ) async throws -> [FileReport] {
        var progress = progress
        var sources: [(path: String, id: Int64)] = []
        for path in files {
            let absolute = URL(fileURLWithPath: path).standardizedFileURL.path
            var feeder = try Feeder(path: absolute, mapping: mapping, spool: spool, isAgain: true)
            sources.append((path, feeder.source.id))
            while true {
                let step = try feeder.step()
                try progress.show(sources.map(\.id), spool, bytes: feeder.bytesRead, of: feeder.totalBytes)
                if step == .finished { break }
                if step == .full { await pause(.milliseconds(200)) }
                try Task.checkCancellation()
            }
        }
        while try sources.contains(where: { try spool.counts(of: $0.id).pending > 0 }) {
            try progress.show(sources.map(\.id), spool, bytes: 1, of: 1)
            await pause(.milliseconds(20))
            try Task.checkCancellation()
        }
        try progress.finish(sources.map(\.id), spool)
        return try sources.map {
            try FileReport(path: $0.path, source: $0.id, spool: spool, language: settings.language)
        }
    }

    private func pause(_ duration: Duration) async {
        _ = await executor.wait(for: [], until: .now.advanced(by: duration))
    }
}

/// The progress bar of `hoso send`: how many rows are on the device, on their way, and stored.
struct SendingProgress: Sendable {
    private let language: Language
    private var nextShow = ContinuousClock.now
    private let start = ContinuousClock.now

    init(language: Language) { self.language = language }

    /// Shows where things stand, at most ten times per second.
    mutating func show(_ sources: [Int64], _ spool: SpoolDatabase, bytes: Int, of total: Int) throws {
        guard Console.isWatched, nextShow <= .now else { return }
        nextShow = .now.advanced(by: .milliseconds(100))
        try draw(sources, spool, bytes: bytes, of: total)
    }

    private func draw(_ sources: [Int64], _ spool: SpoolDatabase, bytes: Int, of total: Int) throws {
        let counts = try sources.map { try spool.counts(of: $0) }
        let accepted = counts.reduce(0) { $0 + $1.accepted }
        let done = counts.reduce(0) { $0 + $1.stored + $1.duplicate + $1.quarantined }
        let share = accepted == 0 ? 0 : Double(done) / Double(accepted) * Double(bytes) / Double(max(total, 1))
        let filled = Int(share * 24)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
        let (device, sent, stored) =
            language == .vietnamese
            ? ("trên máy", "đang gửi", "đã lưu") : ("on device", "sent", "stored")
        Console.write(
            "\r\(bar) \(device) \(accepted) · \(sent) \(accepted - done) · \(stored) \(done)  ", to: .standardError)
    }

    /// Draws the bar a last time and ends its line.
    func finish(_ sources: [Int64], _ spool: SpoolDatabase) throws {
        guard Console.isWatched else { return }
        try draw(sources, spool, bytes: 1, of: 1)
        Console.write("\n", to: .standardError)
    }
}
