/// How fast rows can be copied into the tables.
package struct CeilingFigures: Codable, Sendable, Equatable {
    /// Dossiers that were copied, per number of connections.
    package let dossiers: Int
    /// Dossiers per second on one connection.
    package let oneConnection: Double
    /// The same on two.
    package let twoConnections: Double
}

/// How fast a backlog gets from the spool to its receipts.
package struct PipelineFigures: Codable, Sendable, Equatable {
    /// Dossiers of the backlog.
    package let dossiers: Int
    /// Seconds from the start of the agent to the last receipt in the spool.
    package let receiptSeconds: Double
    /// The same until every dossier is in the figures too.
    package let foldSeconds: Double
    /// Dossiers per second to the last receipt.
    package let receiptRate: Double
    /// Dossiers per second to the last receipt and figure.
    package let foldRate: Double
    /// The first rate, in relation to COPY on two connections in the same run.
    package var receiptShareOfCeiling: Double?
    /// The second rate, in the same relation.
    package var foldShareOfCeiling: Double?
    /// Bytes of PostgreSQL's log per dossier.
    package let logBytesPerDossier: Double
}

/// What a process took during the pipeline run.
package struct ProcessFigures: Codable, Sendable, Equatable {
    /// What it is.
    package let name: String
    /// Whether it is one of hoso's, and not of PostgreSQL's.
    package let isOwn: Bool
    /// Microseconds of processor time per dossier.
    package let microsecondsPerDossier: Double
    /// Resident memory at the end, in bytes.
    package let residentBytes: Int
    /// Most resident memory, in bytes.
    package let peakBytes: Int
}

/// What all processes took during the pipeline run.
package struct CostFigures: Codable, Sendable, Equatable {
    /// Dossiers of the run.
    package let dossiers: Int
    /// Each process.
    package let processes: [ProcessFigures]
    /// Microseconds of processor time per dossier, of hoso's processes.
    package let ownMicroseconds: Double
    /// The same, of PostgreSQL's.
    package let databaseMicroseconds: Double
    /// Most resident memory of one of hoso's processes, in bytes.
    package let largestOwnPeak: Int
    /// Bytes of PostgreSQL's log per dossier.
    package let logBytesPerDossier: Double
}

/// How old the oldest committed ledger row was that was not in the figures, while the pipeline ran.
package struct LagFigures: Codable, Sendable, Equatable {
    /// Looks at it.
    package let samples: Int
    /// The middle one, in milliseconds.
    package let medianMilliseconds: Double
    /// The greatest, in milliseconds.
    package let greatestMilliseconds: Double
}

/// How long entries waited for their receipts, counted from when they were due.
package struct LatencyFigures: Codable, Sendable, Equatable {
    /// Entries per second.
    package let rate: Int
    /// Entries.
    package let entries: Int
    /// Half of them waited no longer, in milliseconds.
    package let p50Milliseconds: Double
    /// 99 % of them.
    package let p99Milliseconds: Double
    /// 99.9 % of them.
    package let p999Milliseconds: Double
    /// All of them.
    package let greatestMilliseconds: Double
}

/// The pipeline at a number of stored dossiers.
package struct GrowthStep: Codable, Sendable, Equatable {
    /// Dossiers stored before the first burst.
    package let stored: Int
    /// Dossiers per second to the last receipt, the median of the bursts.
    package let receiptRate: Double
    /// The same to the last receipt and figure.
    package let foldRate: Double
}

/// The pipeline at growing numbers of stored dossiers.
package struct GrowthFigures: Codable, Sendable, Equatable {
    /// Dossiers of a burst.
    package let burst: Int
    /// The steps, the smallest first.
    package let steps: [GrowthStep]
    /// The rate at the largest number in relation to that at the smallest.
    package let ratio: Double
}

/// The pipeline while a transaction is held open elsewhere.
package struct HeldFigures: Codable, Sendable, Equatable {
    /// Dossiers of a burst.
    package let burst: Int
    /// Dossiers per second to the last receipt without such a transaction: the median of the bursts.
    package let freeRate: Double
    /// The same with one.
    package let heldRate: Double
    /// The second in relation to the first.
    package let ratio: Double
}

/// A backlog while new entries come in.
package struct DrainFigures: Codable, Sendable, Equatable {
    /// Entries of the backlog.
    package let backlog: Int
    /// New entries per second.
    package let arrivalRate: Int
    /// Seconds until the whole backlog had its receipts.
    package let seconds: Double
    /// Entries with receipts per second until then, new ones included.
    package let rate: Double
}

/// How long a question to the roll-up takes.
package struct QuestionFigures: Codable, Sendable, Equatable {
    /// What was asked.
    package let question: String
    /// Times that it was asked.
    package let times: Int
    /// Half of the answers took no longer, in milliseconds.
    package let p50Milliseconds: Double
    /// 99 % of them.
    package let p99Milliseconds: Double
    /// The whole command, from its start to its end: the median, in milliseconds.
    package let commandMilliseconds: Double
}

/// Questions to a roll-up of ten years.
package struct AdoptionFigures: Codable, Sendable, Equatable {
    /// Rows of the roll-up.
    package let rows: Int64
    /// Rows of the unit that is asked for.
    package let rowsOfUnit: Int64
    /// By month and channel, for one unit.
    package let oneUnit: QuestionFigures
    /// By unit and month, for all.
    package let allUnits: QuestionFigures
}
