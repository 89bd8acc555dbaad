package import Polling
package import Postgres

/// One connection on a thread of its own, for queries of the command line.
package actor DatabaseSession {
    private let executor: PollingExecutor
    private let address: DatabaseAddress
    private let patience: Duration

    /// The session's thread.
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// A session that connects when it is used.
    /// - Parameter patience: how long a busy server may take to accept it; a service would give up sooner and come back.
    package init(_ address: DatabaseAddress, patience: Duration = .seconds(15)) throws(PollingError) {
        // A query over everything may take minutes, and nobody else waits for its connection.
        self.address = address.allowing(.seconds(300))
        self.patience = patience
        executor = try PollingExecutor(name: "hoso-query")
    }

    isolated deinit { executor.stop() }

    /// Opens a connection, does some work with it, and closes it.
    package func perform<Value: Sendable>(
        _ work: @Sendable (Connection) async throws -> Value
    ) async throws -> Value {
        try await work(try await address.open(on: executor, within: patience))
    }
}
