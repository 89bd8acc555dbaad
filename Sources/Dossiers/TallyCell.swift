/// What a sender and the centre both count a submission under, whether or not it is valid, so that a day's manifest can
/// be compared with the ledger.
public struct TallyCell: Sendable, Hashable, Comparable {
    /// The word of the channel, or ``unknown``.
    public let channel: String
    /// The first two parts of a national code; where the grammar is opaque, the whole code; ``unknown`` for what is no
    /// code; empty where none is given.
    public let procedure: String

    /// What stands for a code that nobody knows; what was typed there may be anything, also a name.
    public static let unknown = "unknown"
    /// Stands for all procedures in a manifest that would otherwise be too long for an entry.
    public static let allProcedures = "*"

    /// A cell.
    public init(channel: String, procedure: String) {
        self.channel = channel
        self.procedure = procedure
    }

    /// The cell of a submission.
    public init(_ submission: Submission) {
        channel = Channel(code: submission.channel)?.code ?? Self.unknown
        let text = submission.composedProcedure
        if let key = ProcedureCode.key(of: text) {
            procedure = String(key)
        } else if text.isEmpty {
            procedure = ""
        } else {
            let isCode = CodeGrammar(code: submission.codeGrammar) == .opaque && Self.mayBeCounted(text)
            procedure = isCode ? text : Self.unknown
        }
    }

    /// The cell of a dossier that has passed all checks.
    public init(_ dossier: Dossier) {
        channel = dossier.channel.code
        procedure = dossier.procedureKey ?? ""
    }

    /// Whether an opaque code passes the checks of a dossier, so that the ledger has it as it is.
    private static func mayBeCounted(_ text: String) -> Bool {
        text.utf8.count <= 64 && text.utf8.allSatisfy { $0 >= 32 && $0 != 127 } && text != allProcedures
    }

    /// By channel, then procedure, both by their bytes.
    public static func < (left: TallyCell, right: TallyCell) -> Bool {
        if left.channel != right.channel { return left.channel < right.channel }
        return left.procedure.utf8.lexicographicallyPrecedes(right.procedure.utf8)
    }
}
