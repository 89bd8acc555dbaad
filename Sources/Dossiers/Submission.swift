import Foundation

/// What a sender said about one dossier, word for word.
///
/// Every field is text as it stood in the source, or empty where the source said nothing: the wire carries what was
/// said, and ``Validator`` at the centre gives it meaning. So a date that nobody can read, or a channel that nobody
/// knows, still travels, is quarantined with its reason, and is never guessed or dropped on the way.
public struct Submission: Sendable, Hashable {
    /// Code of the dossier (mã hồ sơ), read by the grammar that ``codeGrammar`` names.
    public var dossierCode = ""
    /// `vn` (QĐ 20/2020, also when empty) or `opaque` for agencies whose codes follow rules of their own.
    public var codeGrammar = ""
    /// When the dossier was received: RFC 3339 with an offset, for example `2022-03-01T09:00:00+07:00`.
    public var receivedAt = ""
    /// When the result is due; empty where the procedure sets no date.
    public var dueAt = ""
    /// When processing ended (not when the result was collected).
    public var finishedAt = ""
    /// When the result was returned to the citizen.
    public var returnedAt = ""
    /// Code of the unit that received the dossier.
    public var unit = ""
    /// Code of the procedure (mã thủ tục hành chính).
    public var procedure = ""
    /// Code or name of the sector (lĩnh vực).
    public var sector = ""
    /// How the dossier came in: `in_person`, `online` or `postal`, or the national codes 1, 2 and 3.
    public var channel = ""
    /// How the result goes back, by the same codes; independent of ``channel``.
    public var returnChannel = ""
    /// Who staffs the desk that took the dossier, for example `agency` or `post_office`; not a channel.
    public var deskOperator = ""
    /// `partial` or `full` where the procedure is offered online, empty where it is not or where that is unknown.
    public var onlineLevel = ""
    /// `citizen`, `enterprise`, `agency` or `other`, or the national codes 1 to 4.
    public var applicantKind = ""
    /// Personal id or tax code of the applicant.
    ///
    /// Personal data.
    public var applicantID = ""
    /// Name of the applicant.
    ///
    /// Personal data.
    public var applicantName = ""
    /// Phone number of the applicant.
    ///
    /// Personal data.
    public var applicantPhone = ""
    /// National status code, 1 to 10.
    public var status = ""

    /// An empty submission.
    public init() {}
}

/// The name of a field, as it stands in mapping files, on the wire (JSON) and in reports of faults.
public enum Field: String, Sendable, Hashable, CaseIterable {
    case dossierCode = "dossier_code"
    case codeGrammar = "code_grammar"
    case receivedAt = "received_at"
    case dueAt = "due_at"
    case finishedAt = "finished_at"
    case returnedAt = "returned_at"
    case unit
    case procedure
    case sector
    case channel
    case returnChannel = "return_channel"
    case deskOperator = "operator"
    case onlineLevel = "online_level"
    case applicantKind = "applicant_kind"
    case applicantID = "applicant_id"
    case applicantName = "applicant_name"
    case applicantPhone = "applicant_phone"
    case status

    /// Whether the field holds personal data, which no log, error or report may show.
    public var isPersonal: Bool {
        switch self {
        case .applicantID, .applicantName, .applicantPhone: true
        default: false
        }
    }
}

extension Submission {
    /// Puts the fields that are compared or counted into Unicode's composed form (NFC).
    ///
    /// Vietnamese is typed in both forms; one sector must not become two, nor a dossier that is sent again a conflict.
    mutating func compose() { for field in Field.composed { self[field].compose() } }

    /// The procedure in composed form.
    var composedProcedure: String {
        var text = procedure
        text.compose()
        return text
    }

    /// The text of `field`.
    public subscript(field: Field) -> String {
        get {
            switch field {
            case .dossierCode: dossierCode
            case .codeGrammar: codeGrammar
            case .receivedAt: receivedAt
            case .dueAt: dueAt
            case .finishedAt: finishedAt
            case .returnedAt: returnedAt
            case .unit: unit
            case .procedure: procedure
            case .sector: sector
            case .channel: channel
            case .returnChannel: returnChannel
            case .deskOperator: deskOperator
            case .onlineLevel: onlineLevel
            case .applicantKind: applicantKind
            case .applicantID: applicantID
            case .applicantName: applicantName
            case .applicantPhone: applicantPhone
            case .status: status
            }
        }
        set {
            switch field {
            case .dossierCode: dossierCode = newValue
            case .codeGrammar: codeGrammar = newValue
            case .receivedAt: receivedAt = newValue
            case .dueAt: dueAt = newValue
            case .finishedAt: finishedAt = newValue
            case .returnedAt: returnedAt = newValue
            case .unit: unit = newValue
            case .procedure: procedure = newValue
            case .sector: sector = newValue
            case .channel: channel = newValue
            case .returnChannel: returnChannel = newValue
            case .deskOperator: deskOperator = newValue
            case .onlineLevel: onlineLevel = newValue
            case .applicantKind: applicantKind = newValue
            case .applicantID: applicantID = newValue
            case .applicantName: applicantName = newValue
            case .applicantPhone: applicantPhone = newValue
            case .status: status = newValue
            }
        }
    }
}

extension String {
    fileprivate mutating func compose() {
        if utf8.span.mayBeDecomposed { self = precomposedStringWithCanonicalMapping }
    }
}

extension Field {
    /// The fields that are compared or counted.
    static let composed: [Field] = [.dossierCode, .unit, .procedure, .sector, .deskOperator, .applicantName]
}

extension Span<UInt8> {
    /// Whether there is a character beyond the Latin letters that Unicode has in one piece: U+0000 to U+02FF, and U+1E00
    /// to U+1EFF with the Vietnamese ones.
    ///
    /// So composing, which costs as much as all other checks of a dossier together, is left out for nearly all texts.
    var mayBeDecomposed: Bool {
        var previous: UInt8 = 0
        for index in indices {
            let byte = self[index]
            if byte >= 0xCC, byte != 0xE1 { return true }
            if previous == 0xE1, !(0xB8...0xBB).contains(byte) { return true }
            previous = byte
        }
        return false
    }
}
