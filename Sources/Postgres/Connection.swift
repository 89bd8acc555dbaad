import CPostgres
import Glibc
public import Polling

/// A non-blocking connection to PostgreSQL, driven by the ``PollingExecutor`` on which its owner runs.
///
/// It is not `Sendable`: the actor that opened it uses it, one call at a time. Every statement is prepared once under
/// its text, its parameters and rows travel in binary form, and several statements make one round trip.
@safe public final class Connection {
    let handle: OpaquePointer
    let executor: PollingExecutor
    /// Names of prepared statements by their texts.
    private var prepared: [String: String] = [:]
    private var preparationCount = 0
    private let warnings: Warnings
    /// Set when answers may be outstanding that nobody waits for: whatever came next would be taken for another one's.
    private var isBroken = false

    private init(handle: OpaquePointer, executor: PollingExecutor) {
        unsafe self.handle = handle
        self.executor = executor
        warnings = Warnings()
    }

    deinit { unsafe PQfinish(handle) }

    /// Opens a connection.
    /// - Parameters:
    ///   - parameters: libpq's connection parameters; `dbname` may hold a whole connection string or URI.
    ///   - executor: the executor of the calling actor.
    ///   - deadline: when to give up.
    /// - Throws: ``PostgresError`` with the code `unreachable` and libpq's reason.
    public static func open(
        _ parameters: [(keyword: String, value: String)], on executor: PollingExecutor,
        until deadline: ContinuousClock.Instant
    ) async throws(PostgresError) -> Connection {
        guard let handle = unsafe start(parameters) else {
            throw PostgresError(code: .unreachable, operation: "connect", detail: "out of memory")
        }
        let connection = unsafe Connection(handle: handle, executor: executor)
        guard unsafe PQstatus(handle) != CONNECTION_BAD else { throw connection.connectFailure() }
        var step = PGRES_POLLING_WRITING
        while step != PGRES_POLLING_OK {
            let events: Interest.Events = step == PGRES_POLLING_READING ? .readable : .writable
            let interest = unsafe Interest.descriptor(PQsocket(handle), events)
            let readiness = await executor.wait(for: [interest], until: deadline)
            if readiness.isEmpty {
                throw PostgresError(code: Task.isCancelled ? .cancelled : .deadlineExceeded, operation: "connect")
            }
            step = unsafe PQconnectPoll(handle)
            if step == PGRES_POLLING_FAILED { throw connection.connectFailure() }
        }
        try connection.prepareForPipelines()
        return connection
    }

    private static func start(_ parameters: [(keyword: String, value: String)]) -> OpaquePointer? {
        let keywords = unsafe parameters.map { unsafe strdup($0.keyword) }
        let values = unsafe parameters.map { unsafe strdup($0.value) }
        defer { unsafe (keywords + values).forEach { unsafe free($0) } }
        let keywordPointers = unsafe keywords.map { unsafe UnsafePointer($0) } + [nil]
        let valuePointers = unsafe values.map { unsafe UnsafePointer($0) } + [nil]
        return unsafe PQconnectStartParams(keywordPointers, valuePointers, 1)
    }

    private func connectFailure() -> PostgresError {
        // At this stage libpq's text names hosts, files and roles, never rows.
        let text = unsafe String(cString: PQerrorMessage(handle))
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        return PostgresError(code: .unreachable, operation: "connect", detail: line)
    }

    private func prepareForPipelines() throws(PostgresError) {
        warnings.attach(to: self)
        guard unsafe PQsetnonblocking(handle, 1) == 0, unsafe PQenterPipelineMode(handle) == 1 else {
            throw PostgresError(code: .connectionLost, operation: "connect")
        }
    }

    /// Runs statements in one round trip, each in a transaction of its own unless the statements say otherwise.
    /// - Parameters:
    ///   - statements: at most 64. The first that fails ends the run.
    ///   - name: what the statements are for, for errors.
    ///   - timeout: how long the server may take; after it the connection is closed and the outcome unknown.
    /// - Returns: one result per statement.
    public func run(
        _ statements: [Statement], as name: String, within timeout: Duration = .seconds(10)
    ) async throws(PostgresError) -> [QueryResult] {
        precondition(statements.count <= 64, "libpq buffers a pipeline without bound")
        guard !isBroken else { throw lost(name) }
        let deadline = ContinuousClock.now.advanced(by: timeout)
        warnings.forget()
        var preparations: [String?] = []
        for statement in statements { try send(statement, name, &preparations) }
        guard unsafe PQpipelineSync(handle) == 1 else { throw lost(name) }
        try await flush(name, until: deadline)
        return try await collect(preparations, name, until: deadline)
    }

    /// Runs one statement.
    public func run(
        _ sql: String, _ parameters: Parameters = Parameters(), as name: String, within timeout: Duration = .seconds(10)
    ) async throws(PostgresError) -> QueryResult {
        try await run([Statement(sql, parameters)], as: name, within: timeout)[0]
    }

    /// Runs statements in one transaction and one round trip, and returns once it is durable.
    ///
    /// PostgreSQL answers COMMIT with success also when it rolled back, and when waiting for a synchronous standby was
    /// cut short; both are reported as ``PostgresError/Code/notCommitted``.
    public func commit(
        _ statements: [Statement], as name: String, within timeout: Duration = .seconds(10)
    ) async throws(PostgresError) -> [QueryResult] {
        let whole = [Statement("BEGIN")] + statements + [Statement("COMMIT")]
        do throws(PostgresError) {
            let results = try await run(whole, as: name, within: timeout)
            try checkCommit(results[results.count - 1].tag, name)
            return Array(results[1..<(results.count - 1)])
        } catch {
            if case .refused = error.code { try await rollBack() }
            throw error
        }
    }

    func checkCommit(_ tag: String, _ name: String) throws(PostgresError) {
        guard tag == "COMMIT", !warnings.saysNotDurable else {
            throw PostgresError(code: .notCommitted, operation: name)
        }
    }

    /// Ends a transaction that failed, so that the connection can be used again.
    public func rollBack() async throws(PostgresError) {
        guard unsafe PQtransactionStatus(handle) != PQTRANS_IDLE else { return }
        _ = try await run("ROLLBACK", as: "roll back")
    }

    /// Runs a script of several statements separated by semicolons, outside any pipeline, in one transaction.
    public func runScript(_ sql: String, as name: String, within timeout: Duration) async throws(PostgresError) {
        let deadline = ContinuousClock.now.advanced(by: timeout)
        try leavePipeline(toRun: sql, name)
        try await flush(name, until: deadline)
        var failure: PostgresError?
        while let result = try await next(name, until: deadline) {
            if failure == nil { failure = error(in: result, name) }
        }
        try returnToPipeline(name)
        if let failure { throw failure }
    }

    /// Sends commands in one message of their own.
    func leavePipeline(toRun sql: String, _ name: String) throws(PostgresError) {
        warnings.forget()
        guard !isBroken, unsafe PQexitPipelineMode(handle) == 1, unsafe PQsendQuery(handle, sql) == 1 else {
            throw lost(name)
        }
    }

    func returnToPipeline(_ name: String) throws(PostgresError) {
        guard unsafe PQenterPipelineMode(handle) == 1 else { throw lost(name) }
    }
}

extension Connection {
    /// Queues a statement, after its preparation where it is new; notes for each message the text that it prepares.
    private func send(_ statement: Statement, _ name: String, _ preparations: inout [String?]) throws(PostgresError) {
        let identifier: String
        if let known = prepared[statement.sql] {
            identifier = known
        } else {
            preparationCount += 1
            identifier = "s\(preparationCount)"
            let types = statement.parameters.types
            guard unsafe PQsendPrepare(handle, identifier, statement.sql, Int32(types.count), types) == 1 else {
                throw lost(name)
            }
            prepared[statement.sql] = identifier
            preparations.append(statement.sql)
        }
        guard statement.parameters.sendQuery(identifier, on: self) else { throw lost(name) }
        preparations.append(nil)
    }

    func flush(_ name: String, until deadline: ContinuousClock.Instant) async throws(PostgresError) {
        while true {
            let left = unsafe PQflush(handle)
            if left == 0 { return }
            guard left > 0 else { throw lost(name) }
            try await wait([.readable, .writable], name, until: deadline)
            guard unsafe PQconsumeInput(handle) == 1 else { throw lost(name) }
        }
    }

    /// Takes all results up to the synchronisation point and throws the first error among them.
    private func collect(
        _ preparations: [String?], _ name: String, until deadline: ContinuousClock.Instant
    ) async throws(PostgresError) -> [QueryResult] {
        var results: [QueryResult] = []
        var failure: PostgresError?
        for text in preparations {
            while let result = try await next(name, until: deadline) {
                let error = error(in: result, name)
                failure = failure ?? error
                if let text {
                    // Refused, or passed over after an earlier failure: the server does not know it.
                    if unsafe PQresultStatus(result.pointer) != PGRES_COMMAND_OK { prepared[text] = nil }
                } else if error == nil {
                    results.append(unsafe QueryResult(owning: result.take()))
                }
            }
        }
        _ = try await next(name, until: deadline)
        if let failure { throw failure }
        return results
    }

    /// The next result of the current statement, or `nil` when it has no more.
    func next(
        _ name: String, until deadline: ContinuousClock.Instant
    ) async throws(PostgresError) -> PendingResult? {
        while unsafe PQisBusy(handle) != 0 {
            try await wait(.readable, name, until: deadline)
            guard unsafe PQconsumeInput(handle) == 1 else { throw lost(name) }
        }
        guard let result = unsafe PQgetResult(handle) else {
            guard unsafe PQstatus(handle) == CONNECTION_OK else { throw lost(name) }
            return nil
        }
        return unsafe PendingResult(result)
    }

    private func wait(
        _ events: Interest.Events, _ name: String, until deadline: ContinuousClock.Instant
    ) async throws(PostgresError) {
        let descriptor = unsafe PQsocket(handle)
        guard descriptor >= 0 else { throw lost(name) }
        let readiness = await executor.wait(for: [.descriptor(descriptor, events)], until: deadline)
        guard readiness.isEmpty else { return }
        isBroken = true
        throw PostgresError(code: Task.isCancelled ? .cancelled : .deadlineExceeded, operation: name)
    }

    func lost(_ name: String) -> PostgresError {
        isBroken = true
        return PostgresError(code: .connectionLost, operation: name)
    }

    func error(in result: borrowing PendingResult, _ name: String) -> PostgresError? {
        let status = unsafe PQresultStatus(result.pointer)
        guard status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE else { return nil }
        guard unsafe PQstatus(handle) == CONNECTION_OK, let state = unsafe PQresultErrorField(result.pointer, 67) else {
            return lost(name)
        }
        let constraint = unsafe PQresultErrorField(result.pointer, 110).map { unsafe String(cString: $0) }
        return PostgresError(
            code: .refused(SQLState(rawValue: unsafe String(cString: state))), operation: name, detail: constraint)
    }
}
