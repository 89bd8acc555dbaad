package import Polling
package import Postgres

/// Where the database is and as whom to connect.
package struct DatabaseAddress: Sendable {
    /// libpq's connection string or URI, without a password.
    package let url: String
    /// A file that holds the password, if one is needed.
    package let password: String?
    /// `application_name` of the sessions.
    package let program: String

    /// The role as which a session works; each may do what its service needs, and nothing else.
    package enum Role: String, Sendable, CaseIterable {
        /// Workers: add to the ledger and the outbox.
        case ingest = "hoso_ingest"
        /// The aggregator.
        case fold = "hoso_fold"
        /// The relay of survey tasks.
        case relay = "hoso_relay"
        /// Queries: nothing personal, and no change.
        case read = "hoso_read"
        /// Operators: senders' keys and the quarantine.
        case operations = "hoso_operations"
    }

    /// The role, in place of the user of ``url``; `nil` for that one.
    package var role: Role?

    /// How statements are planned.
    package enum Plans: Sendable {
        /// Anew for each execution, by the tables as they are: a plan that was kept from when they were small would read
        /// all of a ledger that has grown since, until the server happens to analyse it.
        case fresh
        /// Once, and so that rows of tables are only ever looked up in an index and everything else is hashed: right for
        /// a batch at any size of the tables, and spared the planner's look at thousands of values.
        case lookups
    }

    /// How statements are planned.
    package var plans = Plans.fresh
    /// How long the server may work on a statement.
    package var statementTimeout: Duration = .seconds(8)

    /// An address.
    package init(url: String, password: String? = nil, program: String, role: Role? = nil) {
        self.role = role
        self.url = url
        self.password = password
        self.program = program
    }

    /// The same address, for sessions of a role.
    package func acting(as role: Role?) -> DatabaseAddress {
        var address = self
        address.role = role
        return address
    }

    /// The same address with another limit to statements.
    package func allowing(_ statementTimeout: Duration) -> DatabaseAddress {
        var address = self
        address.statementTimeout = statementTimeout
        return address
    }

    /// Opens a connection that gives up on a silent server within seconds.
    ///
    /// Of several hosts, each gets the whole time before the next one is tried.
    package func open(
        on executor: PollingExecutor, within timeout: Duration = .seconds(5)
    ) async throws(PostgresError) -> Connection {
        var failure = PostgresError(code: .unreachable, operation: "connect")
        for host in HostList(url).choices {
            do throws(PostgresError) {
                return try await open(host, on: executor, until: .now.advanced(by: timeout))
            } catch {
                failure = error
                if error.code == .cancelled { break }
            }
        }
        throw failure
    }

    private func open(
        _ host: [HostList.Parameter], on executor: PollingExecutor, until deadline: ContinuousClock.Instant
    ) async throws(PostgresError) -> Connection {
        var parameters: [(keyword: String, value: String)] = [
            ("dbname", url), ("application_name", program), ("tcp_user_timeout", "5000"),
            ("keepalives_idle", "10"), ("client_encoding", "UTF8"), ("target_session_attrs", "read-write"),
            ("options", options),
        ]
        if let role { parameters.append(("user", role.rawValue)) }
        if let password { parameters.append(("password", password)) }
        // Later ones replace what the connection string says.
        parameters += host.map { ($0.keyword, $0.value) }
        return try await Connection.open(parameters, on: executor, until: deadline)
    }

    /// Settings of the sessions.
    private var options: String {
        let planning =
            switch plans {
            case .fresh: "-c plan_cache_mode=force_custom_plan"
            case .lookups:
                "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_bitmapscan=off "
                    + "-c enable_nestloop=off"
            }
        return """
            -c statement_timeout=\(statementTimeout.components.seconds)s -c lock_timeout=2s \
            -c idle_in_transaction_session_timeout=10s -c client_min_messages=warning -c timezone=UTC -c jit=off \
            \(planning)
            """
    }
}
