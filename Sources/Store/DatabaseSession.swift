package import Polling
package import Postgres

/// One connection on a thread of its own, for queries of the command line.
package actor DatabaseSession {
    private let executor: PollingExecutor
    private let address: DatabaseAddress

    /// The session's thread.
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// A session that connects when it is used.
    package init(_ address: DatabaseAddress) throws(PollingError) {
        self.address = address
        executor = try PollingExecutor(name: "hoso-query")
    }

    isolated deinit { executor.stop() }

    /// Opens a connection, does some work with it, and closes it.
    package func perform<Value: Sendable>(
        _ work: @Sendable (Connection) async throws -> Value
    ) async throws -> Value {
        try await work(try await address.open(on: executor))
    }
}
