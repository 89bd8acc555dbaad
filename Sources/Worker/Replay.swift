import Dossiers
import IntakeProtocol
package import PersonalData
import Polling
package import Postgres
package import Store
import WireMessages

/// Runs today's rules on quarantined entries: to see what would pass, or to store what passes.
///
/// A replay is idempotent: an entry that passes is closed in the transaction that stores it, and one that has been
/// replayed or corrected meanwhile is passed over.
package struct Replay {
    /// What a replay came to.
    package struct Report: Sendable, Equatable {
        /// A reason for which entries failed, and where.
        package struct Failure: Sendable, Hashable {
            /// Stable code.
            package let code: String
            /// Path of the field, or empty.
            package let field: String
        }

        /// Entries whose dossiers were stored, or would be.
        package internal(set) var stored = 0
        /// Entries whose dossiers are stored already.
        package internal(set) var duplicate = 0
        /// Entries that still fail.
        package internal(set) var refused = 0
        /// Entries that were passed over, because others were at work on them for too long.
        package internal(set) var busy = 0
        /// Entries that were looked at.
        package var examined: Int { stored + duplicate + refused + busy }
        /// Whether it was cut short.
        package internal(set) var isInterrupted = false
        /// Entries per reason; one with several reasons is counted under each.
        package internal(set) var failures: [Failure: Int] = [:]
    }

    private let connection: Connection
    private let table: QuarantineTable
    private var writer: BatchWriter
    private var preparation: Preparation
    /// What senders may hand in as of now.
    private let authorities: [String: Authority]
    private let vault: Vault

    /// A replay on a connection, by the rules of a worker with this configuration.
    package init(_ connection: Connection, _ configuration: WorkerConfiguration) async throws {
        self.connection = connection
        table = QuarantineTable(connection)
        writer = BatchWriter(connection, quietDays: configuration.survey.quietDays)
        vault = configuration.vault
        let ledger = Ledger(connection, survey: configuration.survey, vault: vault)
        let catalogue = try await ledger.catalogue(configuration.policy)
        authorities = try await SenderGrants(connection).all()
        preparation = Preparation(
            validator: Validator(
                zone: configuration.zone, catalogue: catalogue, futureTolerance: configuration.futureTolerance),
            policy: configuration.survey)
        let vault = vault
        let sealed = try await ledger.secrets.sealed { Protection.sealedSecret(by: vault) }
        preparation.use(try Protection(vault, sealedSecret: sealed))
    }

    private static let chunk = 100

    /// Stores what passes.
    /// - Parameters:
    ///   - byWhom: who asked for it, for the record.
    ///   - chosen: the selection as it was typed, for the record.
    ///   - rate: entries per second at most, so that senders are not held up.
    ///   - goesOn: called after each chunk; false ends the replay in order.
    package mutating func run(
        _ selection: QuarantineTable.Selection, byWhom: String, chosen: String, rate: Int,
        goesOn: (Report) -> Bool
    ) async throws -> Report {
        var record: ReplayRecord?
        var report = Report()
        var last: Int64 = 0
        let start = ContinuousClock.now
        let chunk = min(Self.chunk, max(1, rate))
        while true {
            let entries = try await table.entries(selection, after: last, limit: chunk, withBodies: true)
            guard let end = entries.last?.id else { break }
            last = end
            try await audit.note(.replay, of: entries.map(\.subject), by: byWhom)
            let current: ReplayRecord
            if let record {
                current = record
            } else {
                current = try await ReplayRecord(connection, byWhom: byWhom, chosen: chosen)
                record = current
            }
            try await current.add(try await replay(entries, record: current.id, into: &report))
            let due = start.advanced(by: .seconds(1) * report.examined / rate)
            repeat {
                report.isInterrupted = !goesOn(report)
                if due > .now { try await Task.sleep(until: min(due, .now.advanced(by: .milliseconds(100)))) }
            } while due > .now && !report.isInterrupted
            if report.isInterrupted { break }
        }
        try await record?.finish()
        return report
    }

    /// - Returns: what was refused; what was stored is recorded in the transaction that stored it.
    private mutating func replay(
        _ entries: [QuarantineTable.Entry], record: Int64, into report: inout Report
    ) async throws -> [ReplayRecord.Line] {
        var lines: [ReplayRecord.Line] = []
        var waiting = try entries.compactMap { $0.body == nil ? nil : ($0, try examined($0)) }
        var rounds = 0
        while !waiting.isEmpty {
            var (batch, places, later) = Self.batch(waiting, into: &lines, &report)
            batch.replay = (record, places.map { waiting[$0].0.id })
            rounds += 1
            let resolutions = try await write(batch)
            for (place, resolution) in zip(places, resolutions) {
                if resolution == .undecided, rounds < 10 {
                    later.append(waiting[place])
                } else if let line = Self.count(waiting[place].0, resolution, &report) {
                    lines.append(line)
                }
            }
            waiting = later
        }
        return lines
    }

    /// Writes a batch; while workers are at the same rows, again.
    private mutating func write(_ batch: BatchWriter.Batch) async throws -> [Resolution] {
        guard !batch.revised.isEmpty else { return [] }
        for setback in 1...5 {
            do throws(PostgresError) {
                return try await writer.write(batch).revised
            } catch {
                guard error.isRetriable, !error.isConnectionLost else { throw error }
            }
            try await Task.sleep(for: .milliseconds(Int.random(in: 20...(100 * setback))))
        }
        return batch.revised.map { _ in .undecided }
    }

    /// Says what ``run(_:byWhom:chosen:rate:goesOn:)`` would do, inside transactions that are rolled back.
    package mutating func rehearse(
        _ selection: QuarantineTable.Selection, byWhom: String, goesOn: (Report) -> Bool
    ) async throws -> Report {
        var report = Report()
        var last: Int64 = 0
        // What an earlier chunk would have stored is not there any more when the next one is tried. Whether a code that
        // comes again is a correction of it is not looked into: what is said of those is the least that would pass.
        var stored: [String: Digest] = [:]
        while true {
            let entries = try await table.entries(selection, after: last, limit: Self.chunk, withBodies: true)
            guard let end = entries.last?.id else { break }
            last = end
            try await audit.note(.replay, of: entries.map(\.subject), by: byWhom)
            var waiting = try entries.compactMap { $0.body == nil ? nil : ($0, try examined($0)) }
            while !waiting.isEmpty {
                var lines: [ReplayRecord.Line] = []
                let (batch, places, later) = Self.batch(waiting, into: &lines, &report)
                let resolutions = try await rehearse(batch)
                for (place, (entry, resolution)) in zip(places, zip(batch.revised, resolutions)) {
                    var resolution = resolution
                    if let content = stored[entry.dossier.code], resolution == .recorded(.stored) {
                        resolution = content == entry.content ? .recorded(.duplicate) : .conflicting
                    } else if resolution == .recorded(.stored) {
                        stored[entry.dossier.code] = entry.content
                    }
                    _ = Self.count(waiting[place].0, resolution, &report)
                }
                waiting = later
            }
            report.isInterrupted = !goesOn(report)
            if report.isInterrupted { break }
        }
        return report
    }

    private mutating func rehearse(_ batch: BatchWriter.Batch) async throws(PostgresError) -> [Resolution] {
        guard !batch.revised.isEmpty else { return [] }
        do throws(PostgresError) {
            _ = try await connection.run("BEGIN", as: "rehearse")
            let outcome = try await writer.rehearse(batch)
            try await connection.rollBack()
            return outcome.revised
        } catch {
            guard case .refused(let state) = error.code else { throw error }
            try await connection.rollBack()
            if batch.revised.count == 1 {
                return [state.remedy == .findTheValue ? .refused(state.rawValue) : .undecided]
            }
        }
        // One value that the database refuses has ended the transaction: each entry by itself.
        var resolutions: [Resolution] = []
        for entry in batch.revised {
            var single = BatchWriter.Batch()
            single.revised = [entry]
            resolutions += try await rehearse(single)
        }
        return resolutions
    }

    private var audit: AccessAudit { AccessAudit(connection) }

    /// - Throws: ``VaultError`` when the keys at hand do not open it: it stays as it is, and nobody is told that it is refused.
    private mutating func examined(_ entry: QuarantineTable.Entry) throws(VaultError) -> Work.Job {
        // Workers have only ever written 32 bytes; others would be nobody's, and end as a conflict.
        let place = Preparation.Place(
            key: entry.key, digest: Digest(entry.digest) ?? .zero,
            contentType: ContentType(rawValue: UInt8(truncatingIfNeeded: entry.contentType)) ?? .none,
            authority: authorities[entry.sender],
            part: entry.nextPart)
        return preparation.examine(
            try entry.opened(by: vault)[...], place, now: Instant(microseconds: WallClock.microseconds))
    }

    /// What can be written together; entries with a code that is in the batch already wait.
    private static func batch(
        _ waiting: [(QuarantineTable.Entry, Work.Job)], into lines: inout [ReplayRecord.Line], _ report: inout Report
    ) -> (batch: BatchWriter.Batch, places: [Int], later: [(QuarantineTable.Entry, Work.Job)]) {
        var batch = BatchWriter.Batch()
        var places: [Int] = []
        var later: [(QuarantineTable.Entry, Work.Job)] = []
        var codes: Set<String> = []
        var keys: Set<EntryKey> = []
        for (place, (entry, job)) in waiting.enumerated() {
            switch job {
            case .revise(let accepted):
                guard codes.insert(accepted.dossier.code).inserted, keys.insert(accepted.key).inserted else {
                    later.append((entry, job))
                    continue
                }
                batch.revised.append(accepted)
                places.append(place)
            case .quarantine(let refused, let reasons):
                lines.append(Self.refused(entry, .rejected, reasons, refused.reasons, &report))
            // A manifest tells of a day that is over; the next one covers what comes after.
            case .keep, .store: lines.append(Self.refused(entry, [Fault(.unsupportedKind)], &report))
            }
        }
        return (batch, places, later)
    }

    /// Counts what became of an entry, and returns the line for the record where it is refused.
    private static func count(
        _ entry: QuarantineTable.Entry, _ resolution: Resolution, _ report: inout Report
    ) -> ReplayRecord.Line? {
        switch resolution {
        case .recorded(.stored):
            report.stored += 1
            return nil
        case .recorded(.duplicate):
            report.duplicate += 1
            return nil
        case .undecided:
            report.busy += 1
            return nil
        case .recorded, .conflicting:
            return refused(entry, [Fault(.conflict, path: Field.dossierCode.rawValue)], &report)
        case .targetUnknown: return refused(entry, [Fault(.correctionTargetUnknown)], &report)
        case .codeChanged:
            return refused(entry, [Fault(.correctionChangesCode, path: Field.dossierCode.rawValue)], &report)
        case .refused(let state): return refused(entry, [Fault(.refusedByDatabase, value: state)], &report)
        }
    }

    private static func refused(
        _ entry: QuarantineTable.Entry, _ faults: [Fault], _ report: inout Report
    ) -> ReplayRecord.Line {
        let reasons = faults.map { WireReason($0) }
        let outcome: StoredOutcome = faults.first?.code == .conflict ? .conflict : .rejected
        return refused(entry, outcome, reasons, reasons.json, &report)
    }

    private static func refused(
        _ entry: QuarantineTable.Entry, _ outcome: StoredOutcome, _ reasons: [WireReason], _ json: String,
        _ report: inout Report
    ) -> ReplayRecord.Line {
        report.refused += 1
        for failure in Set(reasons.map { Report.Failure(code: $0.code, field: $0.field) }) {
            report.failures[failure, default: 0] += 1
        }
        return ReplayRecord.Line(id: entry.id, outcome: outcome, reasons: json)
    }
}

extension QuarantineTable.Entry {
    /// What the audit calls it: the dossier's code, or the number of the entry where that is not known.
    package var subject: String { dossier ?? "quarantine \(id)" }

    /// The entry as its sender wrote it; empty where it was erased.
    package func opened(by vault: Vault) throws(VaultError) -> [UInt8] {
        guard let body else { return [] }
        return isSealed ? try vault.open(body, for: .quarantine(digest)) : body
    }
}
