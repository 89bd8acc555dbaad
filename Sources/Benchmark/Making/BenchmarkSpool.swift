import Settings
import Dossiers
import Polling
import Spool

/// A sender's spool on a thread of its own, since a spool blocks.
actor BenchmarkSpool {
    /// Name of the sender.
    nonisolated let sender: String
    /// The spool; a courier of this process may use it too.
    nonisolated let database: SpoolDatabase
    private let executor: PollingExecutor
    private let zone: LocalZone

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    init(site: BenchmarkSite, sender: String) throws {
        self.sender = sender
        zone = site.settings.zone
        executor = try PollingExecutor(name: "hoso-bench-spool")
        database = try SpoolDatabase(path: "\(site.folder)/senders/\(sender).sqlite", sender: sender)
    }

    isolated deinit { executor.stop() }

    /// Puts a backlog into the spool, a chunk per transaction.
    func fill(count: Int, seed: UInt64) throws {
        var supply = DossierSupply(count: count, seed: seed, zone: zone)
        while true {
            try Task.checkCancellation()
            let drafts = try supply.drafts(500, epoch: database.epoch)
            if drafts.isEmpty { return }
            try database.append(drafts)
        }
    }

    /// Accepts entries at the moments at which they are due; those that have become due together are accepted together.
    func feed(count: Int, seed: UInt64, by schedule: Schedule) async throws {
        var supply = DossierSupply(count: count, seed: seed, zone: zone)
        var fed = 0
        while fed < count {
            try Task.checkCancellation()
            let due = min(count, schedule.due(at: .now))
            if due > fed {
                try database.append(try supply.drafts(due - fed, epoch: database.epoch))
                fed = due
            } else {
                _ = await executor.wait(for: [], until: schedule.moment(of: fed))
            }
        }
    }

    /// Accepted so far, and how many have which receipt.
    func counts() throws -> SpoolCounts { try database.counts() }

    /// The lowest number without receipt.
    func firstWaiting() throws -> UInt64 { try database.firstWaiting() }

    /// The highest number.
    func head() throws -> UInt64 { try database.chainHead().number }

    /// Closes the file.
    func close() { database.close() }
}
