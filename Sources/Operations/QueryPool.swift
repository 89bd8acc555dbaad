import Polling
package import Postgres
package import Store

/// Connections for questions over HTTP: a few, each with a thread of its own, which are kept open.
///
/// Who asks when all are busy waits for its turn; when too many wait already, none is to come by waiting longer.
package actor QueryPool {
    private let database: DatabaseAddress
    private let size: Int
    private var idle: [QueryConnection] = []
    private var count = 0
    private var waiting: [CheckedContinuation<QueryConnection, Never>] = []

    /// A pool that opens connections when they are needed.
    /// - Parameter size: most connections; the role of queries may have 8 in all.
    package init(_ database: DatabaseAddress, size: Int = 4) {
        self.database = database.allowing(.seconds(30))
        self.size = size
    }

    /// Asks something.
    /// - Throws: `PostgresError`, also while the database cannot be reached.
    package func perform<Value: Sendable>(
        _ work: @escaping @Sendable (Connection) async throws -> Value
    ) async throws -> Value {
        let connection = try await take()
        defer { giveBack(connection) }
        return try await connection.perform(work)
    }

    private static let mostWaiting = 200

    private func take() async throws -> QueryConnection {
        if let connection = idle.popLast() { return connection }
        if count < size {
            let connection = try QueryConnection(database)
            count += 1
            return connection
        }
        guard waiting.count < Self.mostWaiting else {
            throw PostgresError(code: .deadlineExceeded, operation: "wait for a connection")
        }
        return await withCheckedContinuation { waiting.append($0) }
    }

    private func giveBack(_ connection: QueryConnection) {
        guard !waiting.isEmpty else { return idle.append(connection) }
        waiting.removeFirst().resume(returning: connection)
    }
}

/// One of the connections of a pool.
actor QueryConnection {
    private let executor: PollingExecutor
    private let database: DatabaseAddress
    private var connection: Connection?

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    init(_ database: DatabaseAddress) throws(PollingError) {
        executor = try PollingExecutor(name: "hoso-query")
        self.database = database
    }

    isolated deinit { executor.stop() }

    func perform<Value: Sendable>(_ work: @Sendable (Connection) async throws -> Value) async throws -> Value {
        do {
            return try await work(try await opened())
        } catch let error as PostgresError where error.isConnectionLost {
            // Perhaps it was lost while nobody used it: once more, on a new one.
            connection = nil
            guard error.code == .connectionLost else { throw error }
            return try await work(try await opened())
        }
    }

    private func opened() async throws -> Connection {
        if let connection { return connection }
        let fresh = try await database.open(on: executor)
        connection = fresh
        return fresh
    }
}
