import Agent
import Demonstration
import Dossiers
import IntakeProtocol
import PersonalData
import Polling
import Spool
import Store

/// Made-up dossiers, a chunk at a time: as a spool takes them, or as the database does.
struct DossierSupply {
    private var submissions: SampleSubmissions
    private var validator: Validator
    private let survey: SurveyPolicy
    /// Of a key that nobody keeps: what it seals is only to have the form and the size.
    private let protection: Protection

    /// - Parameter seed: two seeds have no dossier in common.
    init(count: Int, seed: UInt64, zone: LocalZone, survey: SurveyPolicy = SurveyPolicy()) {
        submissions = SampleSubmissions(count: count, seed: seed)
        validator = Validator(zone: zone)
        self.survey = survey
        protection = Protection.forNothing
    }

    /// The next ones as drafts for a spool; none when all have been taken.
    mutating func drafts(_ limit: Int, epoch: UInt64) throws -> [SpoolDraft] {
        var drafts: [SpoolDraft] = []
        drafts.reserveCapacity(limit)
        while drafts.count < limit, let submission = submissions.next() {
            drafts.append(try SpoolDraft(submission, in: epoch))
        }
        return drafts
    }

    /// The next ones as a worker hands them to the store; none when all have been taken.
    mutating func entries(
        _ limit: Int, first: UInt64, sender: Int32, epoch: UInt64
    ) throws(BenchmarkError) -> [AcceptedEntry] {
        var entries: [AcceptedEntry] = []
        entries.reserveCapacity(limit)
        let now = Instant(microseconds: WallClock.microseconds)
        while entries.count < limit, let submission = submissions.next() {
            guard case .accepted(let dossier) = validator.validate(submission, now: now) else {
                throw BenchmarkError(.sampleRefused)
            }
            let key = EntryKey(sender: sender, epoch: epoch, sequence: first + UInt64(entries.count))
            entries.append(entry(dossier, key, now))
        }
        return entries
    }

    private func entry(_ dossier: Dossier, _ key: EntryKey, _ now: Instant) -> AcceptedEntry {
        var canonical: [UInt8] = []
        canonical.reserveCapacity(256)
        dossier.appendCanonicalBytes(to: &canonical)
        let content = protection.hash(Chain.digest(of: canonical))
        return AcceptedEntry(
            key: key, acceptedAt: now.microseconds, digest: content, content: content, dossier: dossier,
            isSurveyed: survey.selects(dossier), notBefore: survey.notBefore(dossier), person: nil,
            personal: protection.sealed(dossier))
    }
}
