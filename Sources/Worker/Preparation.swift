import Crypto
import Dossiers
import IntakeProtocol
import Store
import WireMessages

/// An entry on its way into the database.
struct Work {
    /// What is to be done with it.
    enum Task {
        case store(AcceptedEntry)
        case quarantine(QuarantinedEntry, reasons: [WireReason])
    }

    var task: Task
    /// The entry as its sender wrote it, should it have to be quarantined after all.
    let body: [UInt8]
    let contentType: ContentType
    let delivery: OpenDelivery
    let index: Int
    var attempts = 0

    var key: EntryKey {
        switch task {
        case .store(let entry): entry.key
        case .quarantine(let entry, _): entry.key
        }
    }

    /// Records the number of the sender, which only the database knows.
    mutating func address(to sender: Int32) {
        switch task {
        case .store(var entry):
            entry.key = EntryKey(sender: sender, epoch: entry.key.epoch, sequence: entry.key.sequence)
            task = .store(entry)
        case .quarantine(let entry, let reasons):
            let key = EntryKey(sender: sender, epoch: entry.key.epoch, sequence: entry.key.sequence)
            task = .quarantine(entry.moved(to: key), reasons: reasons)
        }
    }

    /// Turns the work into quarantining, for reasons that only showed up in the database.
    mutating func quarantine(as outcome: StoredOutcome, _ fault: Fault) {
        guard case .store(let entry) = task else { return }
        let reasons = [WireReason(fault)]
        task = .quarantine(
            QuarantinedEntry(
                key: entry.key, digest: entry.digest, contentType: Int16(contentType.rawValue), outcome: outcome,
                body: body, dossier: entry.dossier.code, reasons: reasons.json), reasons: reasons)
    }
}

/// Turns batches into work: checks the chain, reads the entries, validates them.
///
/// Needs no database.
struct Preparation {
    private var validator: Validator
    private let policy: SurveyPolicy

    init(validator: Validator, policy: SurveyPolicy) {
        self.validator = validator
        self.policy = policy
    }

    /// Replaces the catalogues.
    mutating func use(_ catalogue: Catalogue) { validator.catalogue = catalogue }

    /// The work of a batch.
    mutating func work(
        for delivery: OpenDelivery, body: [UInt8], now: Instant
    ) throws(ProtocolError) -> [Work] {
        let header = delivery.header
        try header.verify(body)
        let batch = try BatchBody(body, count: Int(header.count))
        var previous = batch.previous
        var works: [Work] = []
        works.reserveCapacity(batch.items.count)
        for (index, item) in batch.items.enumerated() {
            let key = EntryKey(sender: 0, epoch: header.epoch, sequence: header.first + UInt64(index))
            let digest = Chain.digest(
                previous: previous, epoch: header.epoch, sequence: key.sequence, body: item.bytes)
            let task =
                if digest != item.digest {
                    reject(item, key, header.contentType, [Fault(.digestMismatch)], dossier: nil)
                } else if item.bytes.count > Limits.entryBytes {
                    reject(item, key, header.contentType, [Fault(.tooLong)], dossier: nil)
                } else {
                    examine(item, key, header.contentType, now: now)
                }
            works.append(
                Work(
                    task: task, body: item.bytes, contentType: header.contentType, delivery: delivery, index: index))
            previous = item.digest
        }
        return works
    }

    private mutating func examine(
        _ item: BatchBody.Item, _ key: EntryKey, _ type: ContentType, now: Instant
    ) -> Work.Task {
        switch EntryContent(item.bytes, as: type) {
        case .unsupportedKind: return reject(item, key, type, [Fault(.unsupportedKind)], dossier: nil)
        case .malformed(let fields):
            let faults = fields.isEmpty ? [Fault(.malformedEntry)] : fields.map { Fault(.malformedEntry, path: $0) }
            return reject(item, key, type, faults, dossier: nil)
        case .intake(let submission):
            switch validator.validate(submission, now: now) {
            case .rejected(let faults): return reject(item, key, type, faults, dossier: submission.dossierCode)
            case .accepted(let dossier): return .store(accept(item, key, dossier))
            }
        }
    }

    private func accept(_ item: BatchBody.Item, _ key: EntryKey, _ dossier: Dossier) -> AcceptedEntry {
        var canonical: [UInt8] = []
        canonical.reserveCapacity(256)
        dossier.appendCanonicalBytes(to: &canonical)
        return AcceptedEntry(
            key: key, digest: item.digest, content: Chain.digest(of: canonical), dossier: dossier,
            isSurveyed: policy.selects(dossier), notBefore: policy.notBefore(dossier), person: person(dossier))
    }

    private func reject(
        _ item: BatchBody.Item, _ key: EntryKey, _ type: ContentType, _ faults: [Fault], dossier: String?
    ) -> Work.Task {
        let reasons = faults.map { WireReason($0) }
        // The column is only for looking up; PostgreSQL takes no U+0000 in it, and nothing endless.
        let code = dossier.flatMap { $0.isEmpty || $0.utf8.count > 50 || $0.utf8.contains(0) ? nil : $0 }
        return .quarantine(
            QuarantinedEntry(
                key: key, digest: item.digest, contentType: Int16(type.rawValue), outcome: .rejected, body: item.bytes,
                dossier: code, reasons: reasons.json), reasons: reasons)
    }

    /// A hash by which a citizen is recognised for the quiet period.
    ///
    /// A placeholder id is nobody's.
    private func person(_ dossier: Dossier) -> [UInt8]? {
        guard policy.quietDays > 0, let id = dossier.applicantID, !dossier.hasPlaceholderID else { return nil }
        return Chain.digest(of: Array("hoso survey contact\n\(id)".utf8))
    }
}

extension [WireReason] {
    /// The reasons as a JSON array, as they stand in the quarantine.
    var json: String {
        "["
            + compactMap { try? $0.encoded(as: .json) }.map { String(decoding: $0, as: UTF8.self) }
            .joined(separator: ",") + "]"
    }

    /// Reads what ``json`` wrote; empty when it cannot be read.
    init(json: String) {
        var receipt = WireVerdict()
        let text = "{\"reasons\":\(json)}"
        receipt = (try? WireVerdict(body: [UInt8](text.utf8), as: .json)) ?? receipt
        self = receipt.reasons
    }
}
