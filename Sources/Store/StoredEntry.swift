package import Dossiers

/// What became of an entry in the ledger.
package enum StoredOutcome: Int16, Sendable {
    /// Its dossier is stored.
    case stored = 1
    /// The same dossier had been stored under another number.
    case duplicate = 2
    /// It is quarantined for its faults.
    case rejected = 3
    /// It is quarantined because other content has its code or number.
    case conflict = 4
}

/// The place of an entry among all entries: the key under which the ledger knows it.
package struct EntryKey: Sendable, Hashable {
    /// Number of the sender.
    package let sender: Int32
    /// Epoch of the sender's spool.
    package let epoch: UInt64
    /// Number within the epoch.
    package let sequence: UInt64

    /// A key.
    package init(sender: Int32, epoch: UInt64, sequence: UInt64) {
        self.sender = sender
        self.epoch = epoch
        self.sequence = sequence
    }
}

/// What kind of entry a ledger row is about.
package enum EntryKind: Int16, Sendable {
    /// It could not be read, or its kind is not known.
    case unknown = 0
    /// A dossier handed in.
    case intake = 1
    /// A dossier that takes the place of what an earlier entry said.
    case correction = 2
    /// What a sender counted when it closed a day.
    case manifest = 3
}

/// How an entry revises what the ledger has, rather than adding to it.
package struct Revision: Sendable, Hashable {
    /// The entry of the same sender whose dossier is revised: the one that a correction names; of an intake that is
    /// replayed, the entry itself.
    package let epoch: UInt64
    /// Its number.
    package let sequence: UInt64
    /// The part of the ledger that is written: 0 for a correction as it is received, the next one for a replay.
    package let part: Int16

    /// A revision.
    package init(epoch: UInt64, sequence: UInt64, part: Int16 = 0) {
        self.epoch = epoch
        self.sequence = sequence
        self.part = part
    }
}

/// An entry whose dossier has passed validation.
///
/// It goes from hand to hand between socket and COMMIT, so it is an object: its two dozen fields are not copied each time.
package final class AcceptedEntry: Sendable {
    /// Where it stands.
    package let key: EntryKey
    /// Whether it was handed in as an intake or a correction.
    package let kind: EntryKind
    /// What it revises; `nil` for a new dossier.
    package let revision: Revision?
    /// When the sender took it, in microseconds since 1970 by its clock.
    package let acceptedAt: Int64?
    /// Its digest in the sender's chain.
    package let digest: Digest
    /// Keyed hash of the dossier's canonical form.
    package let content: Digest
    /// The dossier.
    package let dossier: Dossier
    /// Whether the survey policy chose it.
    package let isSurveyed: Bool
    /// The moment before which the survey's contact must not be used.
    package let notBefore: Instant
    /// Keyed hash of the applicant's personal id, where a quiet period is to be kept.
    package let person: [UInt8]?
    /// Who handed it in, sealed; what the dossier itself says of them is never written.
    package let personal: [UInt8]?

    /// An accepted entry.
    package init(
        key: EntryKey, kind: EntryKind = .intake, revision: Revision? = nil, acceptedAt: Int64? = nil, digest: Digest,
        content: Digest, dossier: consuming Dossier, isSurveyed: Bool, notBefore: Instant, person: [UInt8]?,
        personal: [UInt8]?
    ) {
        self.key = key
        self.kind = kind
        self.revision = revision
        self.acceptedAt = acceptedAt
        self.digest = digest
        self.content = content
        self.dossier = dossier
        self.isSurveyed = isSurveyed
        self.notBefore = notBefore
        self.person = person
        self.personal = personal
    }

    /// The same entry of the sender with this number.
    package func addressed(to sender: Int32) -> AcceptedEntry {
        AcceptedEntry(
            key: EntryKey(sender: sender, epoch: key.epoch, sequence: key.sequence), kind: kind, revision: revision,
            acceptedAt: acceptedAt, digest: digest, content: content, dossier: dossier, isSurveyed: isSurveyed,
            notBefore: notBefore, person: person, personal: personal)
    }
}

/// An entry that goes to the quarantine.
package struct QuarantinedEntry: Sendable {
    /// Where it stands.
    package var key: EntryKey
    /// What it is.
    package let kind: EntryKind
    /// The entry that a correction names.
    package let revision: Revision?
    /// When the sender took it, in microseconds since 1970 by its clock.
    package let acceptedAt: Int64?
    /// Its digest in the sender's chain.
    package let digest: [UInt8]
    /// 1 protobuf, 2 JSON.
    package let contentType: Int16
    /// `rejected` or `conflict`.
    package let outcome: StoredOutcome
    /// The entry as its sender wrote it, which is sealed before it is written.
    package var body: [UInt8]
    /// Code of the dossier, if it could be read and is short enough to be looked up.
    package let dossier: String?
    /// What it is counted under in a day's manifest.
    package let cell: TallyCell
    /// The reasons as a JSON array.
    package let reasons: String

    /// A quarantined entry.
    package init(
        key: EntryKey, kind: EntryKind = .intake, revision: Revision? = nil, acceptedAt: Int64? = nil, digest: [UInt8],
        contentType: Int16, outcome: StoredOutcome, body: [UInt8], dossier: String?,
        cell: TallyCell = TallyCell(channel: TallyCell.unknown, procedure: ""), reasons: String
    ) {
        self.key = key
        self.kind = kind
        self.revision = revision
        self.acceptedAt = acceptedAt
        self.digest = digest
        self.contentType = contentType
        self.outcome = outcome
        self.body = body
        self.dossier = dossier
        self.cell = cell
        self.reasons = reasons
    }
}

/// A day's manifest, as it is kept.
package struct ManifestEntry: Sendable {
    /// Where it stands.
    package var key: EntryKey
    /// Its digest in the sender's chain.
    package let digest: [UInt8]
    /// The local day that is closed.
    package let day: Day
    /// The numbers that it covers.
    package let numbers: ClosedRange<UInt64>
    /// Digest of the last of them.
    package let lastDigest: [UInt8]
    /// Dossiers per cell.
    package let cells: [TallyCell: UInt64]

    /// A manifest.
    package init(
        key: EntryKey, digest: [UInt8], day: Day, numbers: ClosedRange<UInt64>, lastDigest: [UInt8],
        cells: [TallyCell: UInt64]
    ) {
        self.key = key
        self.digest = digest
        self.day = day
        self.numbers = numbers
        self.lastDigest = lastDigest
        self.cells = cells
    }
}

/// A batch as it arrived, for traces.
package struct DeliveryNote: Sendable {
    /// Where its first entry stands.
    package var key: EntryKey
    /// Its entries.
    package let count: Int
    /// How often the sender had sent it; 0 when it did not say.
    package let attempt: UInt8
    /// When the worker received it, in microseconds since 1970.
    package let receivedAt: Int64
    /// When the worker had validated it.
    package let validatedAt: Int64

    /// A note.
    package init(key: EntryKey, count: Int, attempt: UInt8, receivedAt: Int64, validatedAt: Int64) {
        self.key = key
        self.count = count
        self.attempt = attempt
        self.receivedAt = receivedAt
        self.validatedAt = validatedAt
    }
}

/// What the database answered for an entry.
package enum Resolution: Sendable, Equatable {
    /// It has this outcome, durably.
    case recorded(StoredOutcome)
    /// Its number or code is taken by other content; nothing was written yet.
    case conflicting
    /// A correction names an entry that the ledger does not have; nothing was written.
    case targetUnknown
    /// A correction would give a stored dossier another code; nothing was written.
    case codeChanged
    /// Another transaction was at the same entry; ask again.
    case undecided
    /// The database refuses its values.
    case refused(String)
}
