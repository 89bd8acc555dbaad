import Dossiers
import IntakeProtocol
import PersonalData
import Postgres
import Store
import WireMessages

/// The worker's view of the database over one connection.
struct Ledger {
    private let directory: SenderDirectory
    private let table: CatalogueTable
    private let manifests: Manifests
    /// The keys of senders.
    let keys: SenderKeys
    /// What senders may hand in.
    let grants: SenderGrants
    /// The codes by which new senders enrol their keys.
    let enrolments: Enrolments
    /// The secret of the keyed hashes.
    let secrets: HashSecret
    private let vault: Vault
    private var writer: BatchWriter
    /// Numbers of senders, as far as they have been asked for.
    private(set) var senders: [String: Int32] = [:]

    init(_ connection: Connection, survey: SurveyPolicy, vault: Vault) {
        directory = SenderDirectory(connection)
        table = CatalogueTable(connection)
        manifests = Manifests(connection)
        keys = SenderKeys(connection)
        grants = SenderGrants(connection)
        enrolments = Enrolments(connection)
        secrets = HashSecret(connection)
        self.vault = vault
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
        sender name: String, _ header: Header, digest: [UInt8]?
    ) async throws(PostgresError) -> SenderDirectory.Progress? {
        let sender = try await number(of: name)
        let isGreeting = header.command == .hello
        try await directory.announce(
            sender: sender, epoch: header.epoch, head: header.head, digest: digest, waitingFrom: header.first,
            isGreeting: isGreeting)
        return isGreeting ? try await directory.progress(sender: sender, epoch: header.epoch) : nil
    }

    private mutating func number(of name: String) async throws(PostgresError) -> Int32 {
        if let known = senders[name] { return known }
        let number = try await directory.register(name)
        senders[name] = number
        return number
    }

    /// Writes a batch and resolves its entries; returns those that have to be asked again.
    /// - Parameter receipts: what was signed of earlier batches, to be kept with this one; none is left once they are.
    mutating func write(
        _ batch: inout [Work], keeping receipts: inout [ReceiptNote]
    ) async throws(PostgresError) -> [Work] {
        try await address(&batch)
        var later: [Work] = []
        var (written, places) = split(batch, later: &later)
        let noted = try await note(batch, in: &written)
        written.receipts = receipts
        let outcome = try await writer.write(written)
        if writer.hasKeptReceipts { receipts = [] }
        for delivery in noted { delivery.note = nil }
        var unexplained: [(Int, StoredOutcome)] = []
        for (places, resolutions) in [
            (places.accepted, outcome.accepted), (places.revised, outcome.revised),
            (places.quarantined, outcome.quarantined),
        ] {
            for (place, resolution) in zip(places, resolutions) {
                if resolution == .recorded(.stored) {
                    batch[place].delivery.resolve(batch[place].index, .stored)
                } else {
                    resolve(batch[place], at: place, resolution, &later, &unexplained)
                }
            }
        }
        for (place, resolution) in zip(places.manifests, outcome.manifests) {
            if resolution == .recorded(.stored) {
                try await compare(batch[place])
            } else {
                resolve(batch[place], at: place, resolution, &later, &unexplained)
            }
        }
        try await explain(unexplained, in: batch)
        return later
    }

    /// Keeps what was signed when no batch follows that would take it along.
    func keep(_ receipts: [ReceiptNote]) async throws(PostgresError) { try await writer.keep(receipts) }

    private mutating func address(_ batch: inout [Work]) async throws(PostgresError) {
        var delivery: OpenDelivery?
        var sender: Int32 = 0
        for index in batch.indices {
            if batch[index].delivery !== delivery {
                delivery = batch[index].delivery
                sender = try await number(of: batch[index].delivery.tag.sender)
            }
            batch[index].address(to: sender)
        }
    }

    /// Which entry of a batch stands at which place of what is written.
    private struct Places {
        var accepted: [Int] = []
        var revised: [Int] = []
        var quarantined: [Int] = []
        var manifests: [Int] = []
    }

    /// Entries with the number of an earlier one in the batch wait for the next transaction, and so do several
    /// revisions of one dossier.
    private func split(_ batch: [Work], later: inout [Work]) -> (BatchWriter.Batch, Places) {
        var written = BatchWriter.Batch()
        var places = Places()
        var keys = Set<EntryKey>(minimumCapacity: batch.count)
        var revised: Set<String> = []
        written.accepted.reserveCapacity(batch.count)
        places.accepted.reserveCapacity(batch.count)
        for index in batch.indices {
            guard keys.insert(batch[index].key).inserted else {
                later.append(batch[index])
                continue
            }
            switch batch[index].job {
            case .store(let entry):
                written.accepted.append(entry)
                places.accepted.append(index)
            case .revise(let entry):
                guard revised.insert(entry.dossier.code).inserted else {
                    later.append(batch[index])
                    continue
                }
                written.revised.append(entry)
                places.revised.append(index)
            case .keep(let entry):
                // Comparing takes its time; one at a time, and others' batches in between.
                guard written.manifests.isEmpty else {
                    later.append(batch[index])
                    continue
                }
                written.manifests.append(entry)
                places.manifests.append(index)
            case .quarantine(var entry, _):
                entry.body = vault.seal(entry.body, for: .quarantine(entry.digest))
                written.quarantined.append(entry)
                places.quarantined.append(index)
            }
        }
        return (written, places)
    }

    /// Adds what is to be noted of the deliveries of a batch.
    private mutating func note(
        _ batch: [Work], in written: inout BatchWriter.Batch
    ) async throws(PostgresError) -> [OpenDelivery] {
        var noted: [OpenDelivery] = []
        for index in batch.indices where batch[index].delivery !== noted.last {
            let delivery = batch[index].delivery
            guard var note = delivery.note, !noted.contains(where: { $0 === delivery }) else { continue }
            note.key = EntryKey(
                sender: try await number(of: delivery.tag.sender), epoch: note.key.epoch, sequence: note.key.sequence)
            written.deliveries.append(note)
            noted.append(delivery)
        }
        return noted
    }

    /// Answers a manifest with what the ledger has of its numbers: nothing more when both agree, else the differences.
    private func compare(_ work: Work) async throws(PostgresError) {
        guard case .keep(let entry) = work.job else { return }
        let reasons: [WireReason]
        do throws(PostgresError) {
            let isSmall = UInt64(entry.numbers.count) <= Manifests.mostNumbers
            let comparison = isSmall ? try await manifests.comparison(of: entry.key) : nil
            reasons = comparison.map { [WireReason](differences: $0) } ?? [WireReason(Fault(.manifestUnchecked))]
        } catch {
            // It is kept; that comparing it takes too long now must not hold up others.
            guard case .refused(let state) = error.code, state.remedy != .stop else { throw error }
            reasons = [WireReason(Fault(.manifestUnchecked))]
        }
        work.delivery.resolve(work.index, OpenDelivery.EntryVerdict(outcome: .stored, reasons: reasons))
    }

    private func resolve(
        _ work: Work, at place: Int, _ resolution: Resolution, _ later: inout [Work],
        _ unexplained: inout [(Int, StoredOutcome)]
    ) {
        var work = work
        switch resolution {
        case .recorded(let outcome):
            if case .quarantine = work.job {
                resolve(work, outcome)
            } else if outcome == .rejected || outcome == .conflict {
                // Accepted today, quarantined when it came first: the reasons are in the quarantine.
                unexplained.append((place, outcome))
            } else {
                resolve(work, outcome)
            }
        case .conflicting:
            work.quarantine(as: .conflict, Fault(.conflict, path: Field.dossierCode.rawValue))
            later.append(work)
        case .targetUnknown:
            work.quarantine(as: .rejected, Fault(.correctionTargetUnknown))
            later.append(work)
        case .codeChanged:
            work.quarantine(as: .rejected, Fault(.correctionChangesCode, path: Field.dossierCode.rawValue))
            later.append(work)
        case .undecided:
            work.attempts += 1
            if work.attempts < 10 {
                later.append(work)
            } else {
                work.delivery.resolve(work.index, OpenDelivery.EntryVerdict(outcome: .busy))
            }
        case .refused(let state):
            if case .quarantine = work.job {
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
        if case .quarantine(_, let known) = work.job, outcome == .rejected || outcome == .conflict { reasons = known }
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

extension [WireReason] {
    /// The exact differences between a manifest and the ledger; most of what could be said fits into a receipt.
    init(differences comparison: ManifestComparison) {
        var faults = comparison.differences.prefix(100).map { difference in
            let cell = difference.cell
            return Fault(
                .manifestDiffers,
                path: "\(cell.channel)/\(Fault.shown(cell.procedure) ?? (cell.procedure.isEmpty ? "" : "•••"))",
                value: "sender=\(difference.sender),centre=\(difference.centre)")
        }
        if comparison.chainAgrees == false {
            faults.append(Fault(.chainDiffers, path: "\(comparison.numbers.upperBound)"))
        }
        faults += comparison.missing.prefix(100).map { range in
            Fault(.manifestMissing, path: "\(range.lowerBound)–\(range.upperBound)")
        }
        self = faults.map { WireReason($0) }
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
