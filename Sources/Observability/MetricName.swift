/// A metric: what Prometheus calls it and what it says.
///
/// The list is the contract with whoever writes alerts and draws charts: a name that is in it stays.
package struct MetricName: Sendable, Hashable {
    /// Kinds of metrics.
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    /// Its name, with its unit.
    package let name: String
    /// Its kind.
    package let kind: Kind
    /// Who has it; empty: every service.
    package let services: [String]
    /// Names of its labels beside `service`.
    package let labels: [String]
    /// What it says.
    package let help: String
    /// Upper bounds of a histogram's buckets.
    package let buckets: [Double]

    private init(
        _ kind: Kind, _ name: String, of services: String..., by labels: [String] = [], buckets: [Double] = [],
        says help: String
    ) {
        self.name = name
        self.kind = kind
        self.services = services
        self.labels = labels
        self.help = help
        self.buckets = buckets
    }

    private static let counts: [Double] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000]
    private static let seconds: [Double] = [
        0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]
}

extension MetricName {
    // Every service.
    static let buildInfo = Self(.gauge, "hoso_build_info", by: ["version"], says: "1, with the version of the program")
    static let ready = Self(.gauge, "hoso_ready", says: "1 while the service does all that it is for")
    static let workLoopAge = Self(
        .gauge, "hoso_work_loop_age_seconds", says: "seconds since a work loop of the service came round")
    static let logLines = Self(.counter, "hoso_log_lines_total", by: ["level"], says: "warnings and errors logged")
    static let residentMemory = Self(.gauge, "process_resident_memory_bytes", says: "resident memory")
    static let processorTime = Self(.counter, "process_cpu_seconds_total", says: "processor time, user and system")
    static let openDescriptors = Self(.gauge, "process_open_fds", says: "open descriptors")
    static let mostDescriptors = Self(.gauge, "process_max_fds", says: "descriptors that the process may have")
    static let startTime = Self(
        .gauge, "process_start_time_seconds", says: "when the process started, in seconds since 1970")

    // The broker.
    package static let brokerSenders = Self(.gauge, "hoso_broker_senders", of: "broker", says: "senders in session")
    package static let brokerWorkers = Self(
        .gauge, "hoso_broker_workers", of: "broker", says: "workers that take batches")
    package static let brokerHeldBytes = Self(
        .gauge, "hoso_broker_held_bytes", of: "broker", says: "bytes of batches held for workers")
    package static let brokerHeldLimit = Self(
        .gauge, "hoso_broker_held_limit_bytes", of: "broker", says: "bytes that may be held, intake.memory_bytes")
    package static let brokerCredit = Self(
        .gauge, "hoso_broker_worker_credit_entries", of: "broker", says: "entries that workers would take now")
    package static let brokerBatches = Self(
        .counter, "hoso_broker_batches_total", of: "broker", says: "batches taken from senders")
    package static let brokerEntries = Self(
        .counter, "hoso_broker_entries_total", of: "broker", says: "entries in those batches")
    package static let brokerRedelivered = Self(
        .counter, "hoso_broker_redelivered_batches_total", of: "broker",
        says: "batches delivered again since their worker left or fell silent")
    package static let brokerConnectionsCut = Self(
        .counter, "hoso_broker_connections_cut_total", of: "broker", says: "connections cut to bound the memory")
    package static let brokerTurnedAway = Self(
        .counter, "hoso_broker_turned_away_total", of: "broker", says: "connections of nobody known, refused")
    package static let brokerRefused = Self(
        .counter, "hoso_broker_refused_messages_total", of: "broker", by: ["reason"],
        says: "messages refused, by the reason code of DIP/1")
    package static let brokerBatchEntries = Self(
        .histogram, "hoso_broker_batch_entries", of: "broker", buckets: counts, says: "entries of a batch")

    // Workers.
    package static let workerEntries = Self(
        .counter, "hoso_worker_entries_total", of: "worker", by: ["outcome"],
        says: "entries answered for good after COMMIT")
    package static let workerQuarantined = Self(
        .counter, "hoso_worker_quarantined_total", of: "worker", by: ["reason"],
        says: "reasons for which entries were quarantined; an entry may have several")
    package static let workerTransactionEntries = Self(
        .histogram, "hoso_worker_transaction_entries", of: "worker", buckets: counts, says: "entries of a transaction")
    package static let workerCommitSeconds = Self(
        .histogram, "hoso_worker_commit_seconds", of: "worker", buckets: seconds,
        says: "seconds of a transaction from its first statement to the answer to COMMIT")
    package static let workerWaiting = Self(
        .gauge, "hoso_worker_waiting_entries", of: "worker", says: "entries examined that wait for the database")

    // Whoever uses the database.
    package static let databaseConnected = Self(
        .gauge, "hoso_database_connected", of: "worker", "aggregator", "surveys", "operations",
        says: "1 while there is a usable connection")
    package static let databaseErrors = Self(
        .counter, "hoso_database_errors_total", of: "worker", "aggregator", "surveys", "operations", by: ["class"],
        says: "failed operations, by the class of the SQLSTATE, or connection")

    // The aggregator.
    package static let foldRows = Self(
        .counter, "hoso_fold_rows_total", of: "aggregator", says: "ledger rows folded into the figures")
    package static let foldStepSeconds = Self(
        .histogram, "hoso_fold_step_seconds", of: "aggregator", buckets: seconds,
        says: "seconds of a step that folded rows")

    // The survey relay.
    package static let surveySenders = Self(
        .gauge, "hoso_survey_senders", of: "surveys", says: "survey senders in session")
    package static let surveyInFlight = Self(
        .gauge, "hoso_survey_tasks_in_flight", of: "surveys",
        says: "tasks that the relay holds, handed over or about to be, and that are not acknowledged")
    package static let surveyDelivered = Self(
        .counter, "hoso_survey_tasks_delivered_total", of: "surveys", says: "tasks handed over, again ones too")
    package static let surveyAcknowledged = Self(
        .counter, "hoso_survey_tasks_acknowledged_total", of: "surveys", says: "acknowledgements recorded")

    // Agents.
    package static let spoolWaiting = Self(
        .gauge, "hoso_spool_waiting_entries", of: "agent", says: "entries in the spool without receipt")
    package static let spoolBytes = Self(.gauge, "hoso_spool_bytes", of: "agent", says: "bytes of the spool in use")
    package static let spoolQuota = Self(
        .gauge, "hoso_spool_quota_bytes", of: "agent", says: "bytes that the spool may grow to")
    package static let spoolOldest = Self(
        .gauge, "hoso_spool_oldest_waiting_seconds", of: "agent", says: "age of the oldest entry without receipt")
    package static let agentWelcome = Self(
        .gauge, "hoso_agent_welcome", of: "agent", says: "1 while the centre has welcomed the sender and answers")
    package static let agentReceipts = Self(
        .counter, "hoso_agent_receipts_total", of: "agent", by: ["outcome"], says: "entries whose receipt was recorded")
    package static let agentReceiptSeconds = Self(
        .histogram, "hoso_agent_receipt_seconds", of: "agent", buckets: seconds,
        says: "seconds from sending a batch to its receipt")

    // What the database says, by `hoso operations`.
    package static let senderWaiting = Self(
        .gauge, "hoso_sender_waiting_entries", of: "operations", by: ["sender"],
        says: "entries that a sender has announced and the centre has not recorded")
    package static let senderMissing = Self(
        .gauge, "hoso_sender_missing_entries", of: "operations", by: ["sender"],
        says: "numbers without outcome below a number that has one")
    package static let senderSilent = Self(
        .gauge, "hoso_sender_silent_seconds", of: "operations", by: ["sender"], says: "since when nothing was heard")
    package static let senderOldest = Self(
        .gauge, "hoso_sender_oldest_unreceipted_seconds", of: "operations", by: ["sender"],
        says: "for how long a sender has had entries announced that are not recorded; 0 when it has none")
    package static let senderAlarm = Self(
        .gauge, "hoso_sender_alarm", of: "operations", by: ["sender", "kind"],
        says: "1 for a spool that is an old copy (regression) or one of two (fork)")
    package static let quarantineOpen = Self(
        .gauge, "hoso_quarantine_open_entries", of: "operations", by: ["reason"],
        says:
            "entries in the quarantine that nobody has settled, by reason, of the last 20,000; an entry may have several"
    )
    package static let foldLag = Self(
        .gauge, "hoso_fold_lag_seconds", of: "operations",
        says: "age of the oldest ledger row that is not in the figures")
    package static let foldHorizon = Self(
        .gauge, "hoso_fold_horizon_age_seconds", of: "operations",
        says: "age of the oldest transaction in the cluster that holds up the fold")
    package static let surveyWaiting = Self(
        .gauge, "hoso_survey_waiting_tasks", of: "operations", says: "survey tasks due and not acknowledged")
    package static let surveyOldest = Self(
        .gauge, "hoso_survey_oldest_waiting_seconds", of: "operations",
        says: "for how long the oldest of them has been due")
    package static let databaseBytes = Self(
        .gauge, "hoso_database_bytes", of: "operations", says: "size of the database")

    /// All of them, in the order in which they are documented.
    package static let all: [MetricName] = [
        buildInfo, ready, workLoopAge, logLines, residentMemory, processorTime, openDescriptors, mostDescriptors,
        startTime, brokerSenders, brokerWorkers, brokerHeldBytes, brokerHeldLimit, brokerCredit, brokerBatches,
        brokerEntries, brokerRedelivered, brokerConnectionsCut, brokerTurnedAway, brokerRefused, brokerBatchEntries,
        workerEntries, workerQuarantined, workerTransactionEntries, workerCommitSeconds, workerWaiting,
        databaseConnected, databaseErrors, foldRows, foldStepSeconds, surveySenders, surveyInFlight, surveyDelivered,
        surveyAcknowledged, spoolWaiting, spoolBytes, spoolQuota, spoolOldest, agentWelcome, agentReceipts,
        agentReceiptSeconds, senderWaiting, senderMissing, senderSilent, senderOldest, senderAlarm, quarantineOpen,
        foldLag, foldHorizon, surveyWaiting, surveyOldest, databaseBytes,
    ]
}
