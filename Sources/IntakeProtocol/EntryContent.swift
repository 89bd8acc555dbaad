public import Dossiers
public import WireMessages

/// What an entry turned out to be.
public enum EntryContent: Sendable, Equatable {
    /// The intake of a dossier.
    case intake(Submission)
    /// A kind that this version does not know.
    case unsupportedKind
    /// Not an entry; the paths of the fields that hold something other than text, if it is known which.
    case malformed(fields: [String])
}

extension WireEntry {
    /// The entry by which a dossier is handed in.
    public init(intake submission: Submission) {
        self.init()
        intake = WireDossier(submission)
    }
}

extension EntryContent {
    /// Reads an entry as its sender wrote it.
    ///
    /// Never fails: what cannot be read is told.
    public init(_ bytes: [UInt8], as type: ContentType) {
        guard let entry = try? WireEntry(body: bytes, as: type) else {
            self = .malformed(fields: type == .json ? JSONProbe.culprits(in: bytes) : [])
            return
        }
        switch entry.kind {
        case .intake(let dossier): self = .intake(Submission(dossier))
        case nil where bytes.isEmpty: self = .malformed(fields: [])
        case nil: self = .unsupportedKind
        }
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
