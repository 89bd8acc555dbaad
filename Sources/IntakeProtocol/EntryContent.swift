public import Dossiers
public import WireMessages

/// What an entry turned out to be.
public enum EntryContent: Sendable, Equatable {
    /// The intake of a dossier.
    case intake(Submission)
    /// The dossier as it should have been handed in by an earlier entry.
    case correction(EntryReference, Submission)
    /// What the sender counted when it closed a day.
    case manifest(DayManifest)
    /// A kind that this version does not know.
    case unsupportedKind
    /// Not an entry; the paths of the fields that hold something other than text, if it is known which.
    case malformed(fields: [String])
}

/// Names an earlier entry of the same sender.
public struct EntryReference: Sendable, Hashable {
    /// Epoch of its spool; 0 stands for the epoch of the entry that names it.
    public let epoch: UInt64
    /// Its number there.
    public let sequence: UInt64

    /// A reference.
    public init(epoch: UInt64 = 0, sequence: UInt64) {
        self.epoch = epoch
        self.sequence = sequence
    }
}

extension WireEntry {
    /// The entry by which a dossier is handed in.
    public init(intake submission: Submission) {
        self.init()
        intake = WireDossier(submission)
    }

    /// The entry by which a dossier takes the place of what an earlier entry said.
    public init(correction submission: Submission, of entry: EntryReference) {
        self.init()
        correction.epoch = entry.epoch
        correction.sequence = entry.sequence
        correction.dossier = WireDossier(submission)
    }
}

extension EntryContent {
    /// Reads an entry as its sender wrote it.
    ///
    /// Never fails: what cannot be read is told.
    public init(_ bytes: [UInt8], as type: ContentType) {
        self = Self.read(bytes, as: type).content
    }

    /// Reads an entry, and when its sender took it: microseconds since 1970, or `nil` where it does not say.
    public static func read(_ bytes: [UInt8], as type: ContentType) -> (content: EntryContent, acceptedAt: Int64?) {
        if type == .protobuf, let (places, acceptedAt) = IntakeScanner.read(bytes.span) {
            return (.intake(Submission(places, in: bytes.span)), plausible(acceptedAt))
        }
        return readByLibrary(bytes, as: type)
    }

    /// The same for every entry, whatever it may be.
    package static func readByLibrary(
        _ bytes: [UInt8], as type: ContentType
    ) -> (content: EntryContent, acceptedAt: Int64?) {
        guard let entry = try? WireEntry(body: bytes, as: type) else {
            return (.malformed(fields: type == .json ? JSONProbe.culprits(in: bytes) : []), nil)
        }
        return (content(of: entry, isEmpty: bytes.isEmpty), plausible(entry.acceptedAt))
    }

    private static func content(of entry: WireEntry, isEmpty: Bool) -> EntryContent {
        switch entry.kind {
        case .intake(let dossier): return .intake(Submission(dossier))
        case .correction(let correction):
            guard (1...Limits.highestNumber).contains(correction.sequence) else {
                return .malformed(fields: ["correction.sequence"])
            }
            let reference = EntryReference(epoch: correction.epoch, sequence: correction.sequence)
            return .correction(reference, Submission(correction.dossier))
        case .manifest(let message):
            var culprits: [String] = []
            guard let manifest = DayManifest(message, culprits: &culprits) else { return .malformed(fields: culprits) }
            return .manifest(manifest)
        case nil: return isEmpty ? .malformed(fields: []) : .unsupportedKind
        }
    }

    /// A moment that a clock may show, if a wrong one: the years 1970 to 9999.
    package static func plausible(_ microseconds: Int64) -> Int64? {
        (1..<253_402_300_800_000_000).contains(microseconds) ? microseconds : nil
    }
}

extension WireDossier {
    /// The message for a submission.
    public init(_ submission: Submission) {
        self.init()
        dossierCode = submission.dossierCode
        codeGrammar = submission.codeGrammar
        receivedAt = submission.receivedAt
        dueAt = submission.dueAt
        finishedAt = submission.finishedAt
        returnedAt = submission.returnedAt
        unit = submission.unit
        procedure = submission.procedure
        sector = submission.sector
        channel = submission.channel
        returnChannel = submission.returnChannel
        `operator` = submission.deskOperator
        onlineLevel = submission.onlineLevel
        applicantKind = submission.applicantKind
        applicantID = submission.applicantID
        applicantName = submission.applicantName
        applicantPhone = submission.applicantPhone
        status = submission.status
    }
}

extension Submission {
    /// What a message says.
    public init(_ message: WireDossier) {
        self.init()
        dossierCode = message.dossierCode
        codeGrammar = message.codeGrammar
        receivedAt = message.receivedAt
        dueAt = message.dueAt
        finishedAt = message.finishedAt
        returnedAt = message.returnedAt
        unit = message.unit
        procedure = message.procedure
        sector = message.sector
        channel = message.channel
        returnChannel = message.returnChannel
        deskOperator = message.operator
        onlineLevel = message.onlineLevel
        applicantKind = message.applicantKind
        applicantID = message.applicantID
        applicantName = message.applicantName
        applicantPhone = message.applicantPhone
        status = message.status
    }
}
