package import Postgres

/// Forgets what only traces need, once it is old.
package struct Housekeeping {
    private let connection: Connection
    private let receiptDays: Int32

    /// Housekeeping on a connection.
    /// - Parameter receiptDays: days for which signatures are kept.
    package init(_ connection: Connection, receiptDays: Int32) {
        self.connection = connection
        self.receiptDays = receiptDays
    }

    /// Forgets the times of batches after 90 days, those of the fold after 7, and signatures when they are old enough.
    package func forget() async throws(PostgresError) {
        _ = try await connection.run(
            "DELETE FROM hoso.fold_second WHERE at < now() - interval '7 days'", as: "forget times of the fold",
            within: .seconds(30))
        while try await forgetDeliveries() == Self.chunk {}
        while try await forgetReceipts() == Self.chunk {}
    }

    private static let chunk: Int64 = 20_000

    private func forgetDeliveries() async throws(PostgresError) -> Int64 {
        try await connection.run(
            """
            WITH gone AS (
                DELETE FROM hoso.delivery WHERE ctid = ANY (ARRAY (
                    SELECT ctid FROM hoso.delivery WHERE received_at < now() - interval '90 days'
                    LIMIT \(Self.chunk))) RETURNING 1)
            SELECT count(*) FROM gone
            """, as: "forget times of batches", within: .seconds(30)
        ).int64(0, 0)
    }

    private func forgetReceipts() async throws(PostgresError) -> Int64 {
        var parameters = Parameters()
        parameters.append(receiptDays)
        return try await connection.run(
            """
            WITH gone AS (
                DELETE FROM hoso.receipt WHERE ctid = ANY (ARRAY (
                    SELECT ctid FROM hoso.receipt WHERE committed_at < now() - make_interval(days => $1)
                    LIMIT \(Self.chunk))) RETURNING 1)
            SELECT count(*) FROM gone
            """, parameters, as: "forget receipts", within: .seconds(30)
        ).int64(0, 0)
    }
}
