import CoreMetrics
package import Postgres

/// What a service tells of its connection to the database.
package struct DatabaseVitals: Sendable {
    private let gauge = Meter(.databaseConnected)

    /// Not connected yet.
    package init() {
        gauge.set(false)
        // What grows from nothing is not seen by who asks how much it grew.
        for kind in ["connection", "08", "40", "53", "55", "57", "58"] {
            Counter(.databaseErrors, ("class", kind)).increment(by: 0)
        }
    }

    /// There is a connection that can be used.
    package func connected() { gauge.set(true) }

    /// Something failed; after a broken connection there is none.
    package func failed(_ error: PostgresError) {
        if error.isConnectionLost { gauge.set(false) }
        let kind =
            switch error.code {
            case .refused(let state): String(state.rawValue.prefix(2))
            default: "connection"
            }
        Counter(.databaseErrors, ("class", kind)).increment()
    }
}
