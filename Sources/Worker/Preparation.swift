import Dossiers
import IntakeProtocol
import PersonalData
import Store
import WireMessages

/// An entry on its way into the database.
struct Work {
    /// What is to be done with it.
    enum Job {
        case store(AcceptedEntry)
        case revise(AcceptedEntry)
        indirect case keep(ManifestEntry)
        indirect case quarantine(QuarantinedEntry, reasons: [WireReason])
    }

    var job: Job
    let delivery: OpenDelivery
    /// Which of the delivery's entries it is.
    let index: Int
    /// Where the entry stands in the delivery's body.
    let place: Range<Int>
    var attempts = 0

    /// The entry as its sender wrote it, should it have to be quarantined after all.
    private var body: [UInt8] { Array(delivery.body[place]) }
    private var contentType: ContentType { delivery.header.contentType }

    var key: EntryKey {
        switch job {
        case .store(let entry), .revise(let entry): entry.key
        case .keep(let entry): entry.key
        case .quarantine(let entry, _): entry.key
        }
    }

    /// Records the number of the sender, which only the database knows, where it was not known before.
    mutating func address(to sender: Int32) {
        let known = key
        guard known.sender != sender else { return }
        let key = EntryKey(sender: sender, epoch: known.epoch, sequence: known.sequence)
        switch job {
        case .store(let entry): job = .store(entry.addressed(to: sender))
        case .revise(let entry): job = .revise(entry.addressed(to: sender))
        case .keep(var entry):
            entry.key = key
            job = .keep(entry)
        case .quarantine(var entry, let reasons):
            entry.key = key
            job = .quarantine(entry, reasons: reasons)
        }
    }

    /// Turns the work into quarantining, for reasons that only showed up in the database.
    mutating func quarantine(as outcome: StoredOutcome, _ fault: Fault) {
        let reasons = [WireReason(fault)]
        let entry: QuarantinedEntry
        switch job {
        case .store(let accepted), .revise(let accepted):
            entry = QuarantinedEntry(
                key: accepted.key, kind: accepted.kind, revision: accepted.revision, acceptedAt: accepted.acceptedAt,
                digest: accepted.digest.bytes, contentType: Int16(contentType.rawValue), outcome: outcome,
                body: body,
                dossier: accepted.dossier.code, cell: TallyCell(accepted.dossier), reasons: reasons.json)
        case .keep(let manifest):
            entry = QuarantinedEntry(
                key: manifest.key, kind: .manifest, digest: manifest.digest,
                contentType: Int16(contentType.rawValue), outcome: outcome, body: body, dossier: nil,
                reasons: reasons.json)
        case .quarantine: return
        }
        job = .quarantine(entry, reasons: reasons)
    }
}

/// Turns batches into work: checks the chain, reads the entries, validates them.
///
/// Needs no database.
struct Preparation {
    private var validator: Validator
    private let policy: SurveyPolicy
    /// What senders may hand in, by their names; who is not in it may hand in everything.
    private var authorities: [String: Authority] = [:]
    private var signatories = Signatories()
    /// Without it nothing is judged: it could not be stored as it is to be.
    private var protection: Protection?
    /// Memory for the canonical form of one dossier after the other.
    private var canonical: [UInt8] = []

    init(validator: Validator, policy: SurveyPolicy) {
        self.validator = validator
        self.policy = policy
    }

    /// Replaces what senders may hand in.
    mutating func use(_ authorities: [String: Authority]) { self.authorities = authorities }

    /// Says how personal data is sealed and hashed.
    mutating func use(_ protection: Protection) { self.protection = protection }

    /// Replaces the catalogues.
    mutating func use(_ catalogue: Catalogue) { validator.catalogue = catalogue }

    /// Replaces the senders that have to sign.
    mutating func use(_ signatories: Signatories) { self.signatories = signatories }

    /// The work of a batch.
    /// - Parameter sender: number of its sender, or 0 where it is not known yet.
    mutating func work(
        for delivery: OpenDelivery, sender: Int32, now: Instant
    ) throws(ProtocolError) -> [Work] {
        let header = delivery.header
        try header.verify(delivery.body)
        guard protection != nil else { throw ProtocolError(.busy) }
        let batch = try BatchBody(delivery.body, count: Int(header.count))
        delivery.digests = batch.items.map(\.digest)
        let isProven = try checkSignature(of: batch, delivery, now: now)
        let authority = authorities[delivery.tag.sender]
        var previous = batch.previous
        var works: [Work] = []
        works.reserveCapacity(batch.items.count)
        for (index, item) in batch.items.enumerated() {
            let key = EntryKey(sender: sender, epoch: header.epoch, sequence: header.first + UInt64(index))
            let place = Place(
                key: key, digest: item.digest, contentType: header.contentType, authority: authority)
            let job =
                if !isProven, !item.follows(previous, header.epoch, key.sequence) {
                    reject(item.bytes, place, [Fault(.digestMismatch)])
                } else if item.bytes.count > Limits.entryBytes {
                    reject(item.bytes, place, [Fault(.tooLong)])
                } else {
                    examine(item.bytes, place, now: now)
                }
            works.append(Work(job: job, delivery: delivery, index: index, place: item.bytes.indices))
            previous = item.digest
        }
        return works
    }

    /// Whether a batch is signed by its sender, and so by its chain every entry of it.
    ///
    /// Were a broken link of the chain only the fault of its own entry, whoever stands between could replace the entries
    /// before it: the signature covers what the last digest follows from, and nothing else.
    private func checkSignature(
        of batch: BatchBody, _ delivery: OpenDelivery, now: Instant
    ) throws(ProtocolError) -> Bool {
        let header = delivery.header
        let signer = try signatories.signer(of: batch, header, sender: delivery.tag.sender, at: now.microseconds)
        guard let signer, let signature = batch.signature else { return false }
        var (previous, sequence) = (batch.previous, header.first)
        for item in batch.items {
            guard item.follows(previous, header.epoch, sequence) else { throw ProtocolError(.badSignature) }
            (previous, sequence) = (item.digest, sequence + 1)
        }
        delivery.signer = (signer, signature)
        return true
    }

    /// Where an entry stands, and how it is written.
    struct Place {
        let key: EntryKey
        let digest: Digest
        let contentType: ContentType
        /// What its sender may hand in; `nil` for everything.
        let authority: Authority?
        /// The next part of the ledger, when the entry is replayed.
        var part: Int16 = 0

        /// What an intake revises that is replayed: itself.
        fileprivate var replayed: Revision? {
            part > 0 ? Revision(epoch: key.epoch, sequence: key.sequence, part: part) : nil
        }
    }

    /// What is to be done with an entry.
    mutating func examine(_ bytes: ArraySlice<UInt8>, _ place: Place, now: Instant) -> Work.Job {
        if place.contentType == .protobuf, let (places, acceptedAt) = IntakeScanner.read(bytes.span) {
            let origin = Origin(
                kind: .intake, revision: place.replayed, acceptedAt: EntryContent.plausible(acceptedAt))
            let verdict = validator.validate(places, in: bytes.span, now: now)
            return follow(verdict, origin, bytes, place) { Submission(places, in: bytes.span) }
        }
        return examineOther(Array(bytes), place, now: now)
    }

    /// The same for an entry that is more than an intake in plain protobuf.
    private mutating func examineOther(_ entry: [UInt8], _ place: Place, now: Instant) -> Work.Job {
        let (content, acceptedAt) = EntryContent.read(entry, as: place.contentType)
        let bytes = entry[...]
        switch content {
        case .unsupportedKind: return reject(bytes, place, [Fault(.unsupportedKind)])
        case .malformed(let fields): return reject(bytes, place, malformedIn: fields)
        case .intake(let submission):
            return validate(
                submission, Origin(kind: .intake, revision: place.replayed, acceptedAt: acceptedAt), bytes, place, now)
        case .correction(let target, let submission):
            let epoch = target.epoch == 0 ? place.key.epoch : target.epoch
            let revision = Revision(epoch: epoch, sequence: target.sequence, part: place.part)
            if epoch == place.key.epoch, target.sequence >= place.key.sequence {
                // It corrects itself, or what was said later; also when it is replayed.
                let origin = Origin(kind: .correction, acceptedAt: acceptedAt)
                return reject(bytes, place, [Fault(.correctionTargetUnknown)], submission, origin)
            }
            return validate(
                submission, Origin(kind: .correction, revision: revision, acceptedAt: acceptedAt), bytes, place, now)
        case .manifest(let manifest):
            let culprits = validator.culprits(in: manifest, before: place.key.sequence, now: now)
            guard culprits.isEmpty else { return reject(bytes, place, malformedIn: culprits) }
            return .keep(
                ManifestEntry(
                    key: place.key, digest: place.digest.bytes, day: manifest.day, numbers: manifest.numbers,
                    lastDigest: manifest.lastDigest, cells: manifest.cells))
        }
    }

    /// Refuses an entry for fields that cannot be read, or in manifests and corrections make no sense.
    private func reject(_ bytes: ArraySlice<UInt8>, _ place: Place, malformedIn fields: [String]) -> Work.Job {
        let isManifest = fields.contains { $0.hasPrefix("manifest.") }
        let isCorrection = fields.contains { $0.hasPrefix("correction.") }
        let code: FaultCode = isManifest || isCorrection ? .valueNotAllowed : .malformedEntry
        let faults = fields.isEmpty ? [Fault(.malformedEntry)] : fields.map { Fault(code, path: $0) }
        return reject(
            bytes, place, faults, nil,
            Origin(kind: isManifest ? .manifest : isCorrection ? .correction : .unknown))
    }

    /// What an entry says of itself beside its dossier.
    private struct Origin {
        var kind = EntryKind.unknown
        var revision: Revision?
        var acceptedAt: Int64?
    }

    private mutating func validate(
        _ submission: Submission, _ origin: Origin, _ bytes: ArraySlice<UInt8>, _ place: Place, _ now: Instant
    ) -> Work.Job {
        follow(validator.validate(submission, now: now), origin, bytes, place) { submission }
    }

    /// What follows from a verdict, and from what the sender may hand in.
    private mutating func follow(
        _ verdict: consuming Verdict, _ origin: Origin, _ bytes: ArraySlice<UInt8>, _ place: Place,
        _ submission: () -> Submission
    ) -> Work.Job {
        let faults: [Fault]
        switch verdict {
        case .accepted(let dossier):
            faults = place.authority?.faults(in: dossier) ?? []
            if faults.isEmpty, let protection { return accept(dossier, origin, place, protection) }
        case .rejected(let found): faults = found
        }
        return reject(bytes, place, faults, submission(), origin)
    }

    private mutating func accept(
        _ dossier: consuming Dossier, _ origin: Origin, _ place: Place, _ protection: Protection
    ) -> Work.Job {
        canonical.removeAll(keepingCapacity: true)
        dossier.appendCanonicalBytes(to: &canonical)
        let isSurveyed = policy.selects(dossier), notBefore = policy.notBefore(dossier)
        let person = person(dossier, protection.hash), personal = protection.sealed(dossier)
        let entry = AcceptedEntry(
            key: place.key, kind: origin.kind, revision: origin.revision, acceptedAt: origin.acceptedAt,
            digest: place.digest, content: protection.hash(Chain.digest(of: canonical)), dossier: dossier,
            isSurveyed: isSurveyed, notBefore: notBefore, person: person, personal: personal)
        return origin.revision == nil ? .store(entry) : .revise(entry)
    }

    private func reject(
        _ bytes: ArraySlice<UInt8>, _ place: Place, _ faults: [Fault], _ submission: Submission? = nil,
        _ origin: Origin = Origin()
    ) -> Work.Job {
        let reasons = faults.map { WireReason($0) }
        // The column is only for looking up; PostgreSQL takes no U+0000 in it, and nothing endless.
        let code = submission?.dossierCode
        let isLookedUp = code.map { !$0.isEmpty && $0.utf8.count <= 50 && !$0.utf8.contains(0) } ?? false
        return .quarantine(
            QuarantinedEntry(
                key: place.key, kind: origin.kind, revision: origin.kind == .correction ? origin.revision : nil,
                acceptedAt: origin.acceptedAt, digest: place.digest.bytes,
                contentType: Int16(place.contentType.rawValue), outcome: .rejected, body: Array(bytes),
                dossier: isLookedUp ? code : nil,
                cell: submission.map { TallyCell($0) } ?? TallyCell(channel: TallyCell.unknown, procedure: ""),
                reasons: reasons.json), reasons: reasons)
    }

    /// A keyed hash by which a citizen is recognised for the quiet period.
    ///
    /// A placeholder id is nobody's.
    private func person(_ dossier: Dossier, _ hash: KeyedHash) -> [UInt8]? {
        guard policy.quietDays > 0, let id = dossier.applicantID, !dossier.hasPlaceholderID else { return nil }
        return hash(Chain.digest(of: Array("hoso survey contact\n\(id)".utf8))).bytes
    }
}

extension BatchBody.Item {
    /// Whether its digest is that of the chain.
    fileprivate func follows(_ previous: Digest, _ epoch: UInt64, _ sequence: UInt64) -> Bool {
        Chain.digest(previous: previous, epoch: epoch, sequence: sequence, body: bytes.span) == digest
    }
}

extension Validator {
    /// Fields of a manifest that make no sense for an entry with a number.
    fileprivate mutating func culprits(in manifest: DayManifest, before number: UInt64, now: Instant) -> [String] {
        var culprits: [String] = []
        if isInTheFuture(manifest.day, now: now) { culprits.append("manifest.day") }
        if manifest.numbers.upperBound >= number { culprits.append("manifest.last") }
        return culprits
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
