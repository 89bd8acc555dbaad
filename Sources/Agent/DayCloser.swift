package import Dossiers
import Foundation
import IntakeProtocol
package import Logging
import Polling
import ServiceLifecycle
package import Spool
import WireMessages

/// Closes a sender's days: counts what was accepted, and tells what the centre answered.
package actor DayCloser: Service {
    private let executor: PollingExecutor
    private let spool: SpoolDatabase
    private let time: ClosingTime
    private let zone: LocalZone
    private let logger: Logger
    private let stop = Signal()
    private var told: UInt64 = 0

    /// The closer's thread: the spool blocks.
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// A closer for a spool.
    package init(_ spool: SpoolDatabase, at time: ClosingTime, zone: LocalZone, logger: Logger) throws {
        executor = try PollingExecutor(name: "hoso-closer")
        self.spool = spool
        self.time = time
        self.zone = zone
        self.logger = logger
    }

    isolated deinit { executor.stop() }

    /// Closes days until the service is shut down.
    package func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                try? await gracefulShutdown()
                await self.beginStop()
            }
            defer { group.cancelAll() }
            told = try spool.manifests(limit: 1_000).first { $0.outcome != nil }?.number ?? 0
            while !stop.isRaised, !Task.isCancelled {
                look()
                _ = await executor.wait(for: [.signal(stop)], until: .now.advanced(by: .seconds(5)))
            }
        }
    }

    private func beginStop() { stop.raise() }

    private func look() {
        do {
            try closeIfDue()
            for manifest in try spool.manifests(limit: 8).reversed() where manifest.number > told {
                guard manifest.outcome != nil else { break }
                tell(manifest)
                told = manifest.number
            }
        } catch {
            logger.error("cannot close the day", metadata: ["reason": "\(error)"])
        }
    }

    private static let mostDossiers = 200_000

    private func closeIfDue() throws {
        let now = Instant(microseconds: WallClock.microseconds)
        var local = zone
        guard let since = try spool.openSince(), let last = time.last(before: now, in: zone) else { return }
        let isOver = Instant(microseconds: since) < last
        // A very full day is closed in several parts, each of which the centre compares while it answers.
        guard try isOver || spool.openCount() >= Self.mostDossiers else { return }
        let day = local.day(of: isOver ? last : now)
        guard let manifest = try spool.closeDay(day) else { return }
        logger.info(
            "day closed", metadata: ["day": "\(manifest.day)", "dossiers": "\(manifest.dossiers)"])
    }

    private func tell(_ manifest: SpoolManifest) {
        let reasons = ReasonList(json: manifest.reasons).reasons
        let about: Logger.Metadata = ["day": "\(manifest.day)", "dossiers": "\(manifest.dossiers)"]
        guard manifest.outcome == .stored, reasons.isEmpty else {
            let differences = reasons.map { $0.sentence(in: .english) }.joined(separator: " ")
            return logger.warning(
                "the centre counts otherwise", metadata: about.merging(["differences": "\(differences)"]) { $1 })
        }
        logger.info("the centre counts the same", metadata: about)
    }
}

extension SpoolDatabase {
    /// Closes a day with a manifest of what has been accepted since the last one; `nil` when that is nothing.
    @discardableResult
    package func closeDay(_ day: Day) throws(SpoolError) -> SpoolManifest? {
        try closeDay("\(day)") { tally in
            let manifest = DayManifest(
                day: day, numbers: tally.numbers, lastDigest: tally.lastDigest,
                cells: tally.cells.mapValues { UInt64($0) })
            let body = try Self.body(manifest)
            // With very many procedures, by channel alone.
            return body.count <= options.entryBytes ? body : try Self.body(manifest.byChannel)
        }
    }

    private static func body(_ manifest: DayManifest) throws -> [UInt8] {
        var entry = WireEntry(manifest: manifest)
        entry.acceptedAt = WallClock.microseconds
        return try entry.encoded(as: .protobuf)
    }
}
