import CPostgres

extension Connection {
    /// Copies rows into tables and runs statements after them, all in one transaction, and returns once it is durable.
    ///
    /// Copying costs the server half of what a statement with the same rows does, but decides nothing: one row that is there
    /// already fails the whole.
    /// - Parameters:
    ///   - tables: what is copied, in this order; at least one table.
    ///   - statements: what is run then, in one round trip.
    ///   - name: what this is for, for errors.
    ///   - timeout: how long the server may take; after it the connection is closed and the outcome unknown.
    /// - Returns: one result per statement.
    public func commit(
        copying tables: [CopiedTable], then statements: [Statement] = [], as name: String,
        within timeout: Duration = .seconds(10)
    ) async throws(PostgresError) -> [QueryResult] {
        precondition(!tables.isEmpty, "nothing to copy")
        let deadline = ContinuousClock.now.advanced(by: timeout)
        do throws(PostgresError) {
            let tag = try await copy(tables, andCommit: statements.isEmpty, name, until: deadline)
            guard statements.isEmpty else {
                let left = max(.zero, ContinuousClock.now.duration(to: deadline))
                let results = try await run(statements + [Statement("COMMIT")], as: name, within: left)
                try checkCommit(results[results.count - 1].tag, name)
                return Array(results.dropLast())
            }
            try checkCommit(tag, name)
            return []
        } catch {
            if case .refused = error.code { try await rollBack() }
            throw error
        }
    }

    /// One message with all commands, outside the pipeline, where libpq knows no COPY; returns the tag of the last one.
    private func copy(
        _ tables: [CopiedTable], andCommit: Bool, _ name: String, until deadline: ContinuousClock.Instant
    ) async throws(PostgresError) -> String {
        let commands = tables.map { "COPY \($0.target) FROM STDIN (FORMAT binary)" }
        let text = (["BEGIN"] + commands + (andCommit ? ["COMMIT"] : [])).joined(separator: ";")
        try leavePipeline(toRun: text, name)
        try await flush(name, until: deadline)
        var failure: PostgresError?
        var tag = ""
        var rest = tables[...]
        while let result = try await next(name, until: deadline) {
            if unsafe PQresultStatus(result.pointer) == PGRES_COPY_IN, let table = rest.popFirst() {
                try await put(table.rows, name, until: deadline)
            } else if let error = error(in: result, name) {
                failure = failure ?? error
            } else {
                tag = unsafe String(cString: PQcmdStatus(result.pointer))
            }
        }
        try returnToPipeline(name)
        if let failure { throw failure }
        return tag
    }

    private func put(
        _ rows: CopyRows, _ name: String, until deadline: ContinuousClock.Instant
    ) async throws(PostgresError) {
        let isQueued = unsafe rows.bytes.withUnsafeBytes { bytes in
            unsafe PQputCopyData(
                handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count)) == 1
        }
        // The end of the stream ends the rows too; the trailer of files is not needed.
        guard isQueued, unsafe PQputCopyEnd(handle, nil) == 1 else { throw lost(name) }
        try await flush(name, until: deadline)
    }
}
