import Dossiers
import IntakeProtocol
import Postgres
import Store
import WireMessages

/// The worker's view of the database over one connection.
struct Ledger {
    private let directory: SenderDirectory
    private let table: CatalogueTable
    private var writer: BatchWriter
    private var senders: [String: Int32] = [:]

    init(_ connection: Connection, survey: SurveyPolicy) {
        directory = SenderDirectory(connection)
        table = CatalogueTable(connection)
        writer = BatchWriter(connection, quietDays: survey.quietDays)
    }

    /// Units and procedures in force.
    func catalogue(_ policy: Catalogue.Policy) async throws(PostgresError) -> Catalogue {
        let (units, procedures) = try await table.read()
        return Catalogue(
            policy: policy, units: Set(units.map(\.code)),
            procedures: Dictionary(
                procedures.map { procedure in
                    let level = procedure.onlineLevel.flatMap(OnlineLevel.init(rawValue:))
                    return (procedure.code, Catalogue.Procedure(sector: procedure.sector, onlineLevel: level))
                }, uniquingKeysWith: { first, _ in first }))
    }

    /// Records a sender's head; for a greeting, also reads what the ledger has of its epoch.
    mutating func greet(
        sender name: String, epoch: UInt64, head: UInt64, digest: [UInt8]?, isGreeting: Bool
    ) async throws(PostgresError) -> SenderDirectory.Progress? {
        let sender = try await number(of: name)
        try await directory.announce(
            sender: sender, epoch: epoch, head: head, digest: digest, isGreeting: isGreeting)
        return isGreeting ? try await directory.progress(sender: sender, epoch: epoch) : nil
    }

    private mutating func number(of name: String) async throws(PostgresError) -> Int32 {
        if let known = senders[name] { return known }
        let number = try await directory.register(name)
        senders[name] = number
        return number
    }

    /// Writes a batch and resolves its entries; returns those that have to be asked again.
    mutating func write(_ batch: inout [Work]) async throws(PostgresError) -> [Work] {
        for index in batch.indices { batch[index].address(to: try await number(of: batch[index].delivery.tag.sender)) }
        var later: [Work] = []
        let (accepted, quarantined) = split(batch, later: &later)
        let outcome = try await writer.write(
            accepted: accepted.map { accepted in accepted.1 }, quarantined: quarantined.map { $0.1 })
        var unexplained: [(Int, StoredOutcome)] = []
        for ((index, _), resolution) in zip(accepted, outcome.accepted) {
            resolve(batch[index], at: index, resolution, &later, &unexplained)
        }
        for ((index, _), resolution) in zip(quarantined, outcome.quarantined) {
            resolve(batch[index], at: index, resolution, &later, &unexplained)
        }
        try await explain(unexplained, in: batch)
        return later
    }

    /// Entries with the number of an earlier one in the batch wait for the next transaction.
    private func split(
        _ batch: [Work], later: inout [Work]
    ) -> (accepted: [(Int, AcceptedEntry)], quarantined: [(Int, QuarantinedEntry)]) {
        var accepted: [(Int, AcceptedEntry)] = []
        var quarantined: [(Int, QuarantinedEntry)] = []
        accepted.reserveCapacity(batch.count)
        var keys = Set<EntryKey>(minimumCapacity: batch.count)
        for (index, work) in batch.enumerated() {
            guard keys.insert(work.key).inserted else {
                later.append(work)
                continue
            }
            switch work.task {
            case .store(let entry): accepted.append((index, entry))
            case .quarantine(let entry, _): quarantined.append((index, entry))
            }
        }
        return (accepted, quarantined)
    }

    private func resolve(
        _ work: Work, at place: Int, _ resolution: Resolution, _ later: inout [Work],
        _ unexplained: inout [(Int, StoredOutcome)]
    ) {
        var work = work
        switch resolution {
        case .recorded(let outcome):
            // Accepted today, quarantined when it came first: the reasons are in the quarantine.
            if case .store = work.task, outcome == .rejected || outcome == .conflict {
                unexplained.append((place, outcome))
            } else {
                resolve(work, outcome)
            }
        case .conflicting:
            work.quarantine(as: .conflict, Fault(.conflict, path: Field.dossierCode.rawValue))
            later.append(work)
        case .undecided:
            work.attempts += 1
            if work.attempts < 10 {
                later.append(work)
            } else {
                work.delivery.resolve(work.index, OpenDelivery.EntryVerdict(outcome: .busy))
            }
        case .refused(let state):
            if case .quarantine = work.task {
                // Raw bytes and plain text cannot be refused for their values; keep the entry at the sender.
                work.delivery.resolve(work.index, OpenDelivery.EntryVerdict(outcome: .busy))
            } else {
                work.quarantine(as: .rejected, Fault(.refusedByDatabase, value: state))
                later.append(work)
            }
        }
    }

    private func resolve(_ work: Work, _ outcome: StoredOutcome) {
        var reasons: [WireReason] = []
        if case .quarantine(_, let known) = work.task, outcome == .rejected || outcome == .conflict { reasons = known }
        work.delivery.resolve(work.index, OpenDelivery.EntryVerdict(outcome: WireOutcome(outcome), reasons: reasons))
    }

    /// Adds the recorded reasons to entries that were quarantined earlier and would be accepted today.
    private func explain(_ entries: [(Int, StoredOutcome)], in batch: [Work]) async throws(PostgresError) {
        guard !entries.isEmpty else { return }
        let recorded = try await writer.reasons(for: entries.map { batch[$0.0].key })
        for (index, outcome) in entries {
            let work = batch[index]
            let reasons = [WireReason](json: recorded[work.key] ?? "[]")
            work.delivery.resolve(
                work.index, OpenDelivery.EntryVerdict(outcome: WireOutcome(outcome), reasons: reasons))
        }
    }
}

extension WireOutcome {
    init(_ outcome: StoredOutcome) {
        switch outcome {
        case .stored: self = .stored
        case .duplicate: self = .duplicate
        case .rejected: self = .rejected
        case .conflict: self = .conflict
        }
    }
}
