import Settings
import Polling
import Postgres
import Store

/// Copies rows that were encoded beforehand: what PostgreSQL could do here if nothing else had to be done.
struct CeilingMeasurement: Sendable {
    let site: BenchmarkSite
    let dossiers: Int

    /// Entries of a transaction.
    private static let batch = 500

    func run() async throws -> CeilingFigures {
        site.say("Trần: COPY trên 1 và 2 kết nối …", "Ceiling: COPY on 1 and 2 connections …")
        return CeilingFigures(
            dossiers: dossiers, oneConnection: try await best(connections: 1),
            twoConnections: try await best(connections: 2))
    }

    /// The faster of two runs: a disk that stalls in one of them is no ceiling, and would flatter what is compared with it.
    private func best(connections: Int) async throws -> Double {
        max(try await rate(connections: connections), try await rate(connections: connections))
    }

    private func rate(connections: Int) async throws -> Double {
        try await site.withDatabase("ceiling_\(connections)") { database in
            let writers = try (0..<connections).map { try CopyThread(site: site, database: database, number: $0) }
            for writer in writers { try await writer.encode(dossiers / connections, batch: Self.batch) }
            let start = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in writers { group.addTask { try await writer.copy() } }
                try await group.waitForAll()
            }
            let seconds = start.duration(to: .now).seconds
            return Statistics.rounded(Double(dossiers / connections * connections) / seconds)
        }
    }
}

/// A connection on a thread of its own, with the rows that it copies.
private actor CopyThread {
    private let executor: PollingExecutor
    private let site: BenchmarkSite
    private let database: String
    private let number: Int
    private var connection: Connection?
    private var batches: [[CopiedTable]] = []

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    init(site: BenchmarkSite, database: String, number: Int) throws {
        self.site = site
        self.database = database
        self.number = number
        executor = try PollingExecutor(name: "hoso-bench-copy")
    }

    isolated deinit { executor.stop() }

    /// Connects, and makes the rows.
    func encode(_ count: Int, batch: Int) async throws {
        let address = DatabaseAddress(url: site.url(database), program: BenchmarkSite.sessionName)
        let connection = try await address.open(on: executor)
        self.connection = connection
        let sender = try await SenderDirectory(connection).register("ceiling-\(number)")
        // The same dossiers as those of the pipeline, or their neighbours.
        var supply = DossierSupply(
            count: count, seed: UInt64(number + 1), zone: site.settings.zone, survey: site.settings.survey)
        var first: UInt64 = 1
        while true {
            try Task.checkCancellation()
            let entries = try supply.entries(batch, first: first, sender: sender, epoch: 1)
            if entries.isEmpty { return }
            var rows = AcceptedRows()
            batches.append(rows.tables(entries, entries.indices))
            first += UInt64(entries.count)
        }
    }

    /// Copies the rows, a transaction per batch.
    func copy() async throws {
        guard let connection else { return }
        for batch in batches { _ = try await connection.commit(copying: batch, as: "copy a batch") }
        batches = []
    }
}
