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

/// An entry whose dossier has passed validation.
package struct AcceptedEntry: Sendable {
    /// Where it stands.
    package var key: EntryKey
    /// Its digest in the sender's chain.
    package let digest: [UInt8]
    /// SHA-256 of the dossier's canonical form.
    package let content: [UInt8]
    /// The dossier.
    package let dossier: Dossier
    /// Whether the survey policy chose it.
    package let isSurveyed: Bool
    /// The moment before which the survey's contact must not be used.
    package let notBefore: Instant
    /// Hash of the applicant's personal id, where a quiet period is to be kept.
    package let person: [UInt8]?

    /// An accepted entry.
    package init(
        key: EntryKey, digest: [UInt8], content: [UInt8], dossier: Dossier, isSurveyed: Bool, notBefore: Instant,
        person: [UInt8]?
    ) {
        self.key = key
        self.digest = digest
        self.content = content
        self.dossier = dossier
        self.isSurveyed = isSurveyed
        self.notBefore = notBefore
        self.person = person
    }
}

/// An entry that goes to the quarantine.
package struct QuarantinedEntry: Sendable {
    /// Where it stands.
    package var key: EntryKey
    /// Its digest in the sender's chain.
    package let digest: [UInt8]
    /// 1 protobuf, 2 JSON.
    package let contentType: Int16
    /// `rejected` or `conflict`.
    package let outcome: StoredOutcome
    /// The entry as its sender wrote it.
    package let body: [UInt8]
    /// Code of the dossier, if it could be read and is short enough to be looked up.
    package let dossier: String?
    /// The reasons as a JSON array.
    package let reasons: String

    /// A quarantined entry.
    package init(
        key: EntryKey, digest: [UInt8], contentType: Int16, outcome: StoredOutcome, body: [UInt8], dossier: String?,
        reasons: String
    ) {
        self.key = key
        self.digest = digest
        self.contentType = contentType
        self.outcome = outcome
        self.body = body
        self.dossier = dossier
        self.reasons = reasons
    }
}

extension QuarantinedEntry {
    /// The same entry under another key.
    package func moved(to key: EntryKey) -> QuarantinedEntry {
        QuarantinedEntry(
            key: key, digest: digest, contentType: contentType, outcome: outcome, body: body, dossier: dossier,
            reasons: reasons)
    }
}

/// What the database answered for an entry.
package enum Resolution: Sendable, Equatable {
    /// It has this outcome, durably.
    case recorded(StoredOutcome)
    /// Its number or code is taken by other content; nothing was written yet.
    case conflicting
    /// Another transaction was at the same entry; ask again.
    case undecided
    /// The database refuses its values.
    case refused(String)
}
