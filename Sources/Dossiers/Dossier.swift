/// A dossier that has passed validation, in normal form.
public struct Dossier: Sendable, Equatable {
    /// Its code.
    public var code: String
    /// The grammar by which the code was read.
    public var codeGrammar: CodeGrammar
    /// When it was received.
    public var receivedAt: Instant
    /// When the result is due.
    public var dueAt: Instant?
    /// When processing ended.
    public var finishedAt: Instant?
    /// When the result was returned.
    public var returnedAt: Instant?
    /// Local day of reception: the cohort to which the dossier belongs in every rate.
    public var receivedOn: Day
    /// Local day on which the result is due.
    public var dueOn: Day?
    /// Local day on which processing ended.
    public var finishedOn: Day?
    /// Local day on which the result was returned.
    public var returnedOn: Day?
    /// Code of the unit that received it.
    public var unit: String
    /// Whole code of the procedure.
    public var procedure: String?
    /// Sector; the catalogue's where the sender said nothing.
    public var sector: String?
    /// The sector that the sender named; the catalogue may add one later, which must not change the content.
    public var statedSector: String?
    /// How it came in.
    public var channel: Channel
    /// How the result goes back.
    public var returnChannel: Channel?
    /// Who staffs the desk.
    public var deskOperator: String?
    /// How far the procedure is offered online, as the sender said.
    public var onlineLevel: OnlineLevel?
    /// Who handed in.
    public var applicantKind: ApplicantKind?
    /// Personal id or tax code, digits only.
    ///
    /// Personal data.
    public var applicantID: String?
    /// Whether the personal id was typed to fill the field.
    public var hasPlaceholderID: Bool
    /// Personal data.
    public var applicantName: String?
    /// E.164.
    ///
    /// Personal data.
    public var applicantPhone: String?
    /// National status.
    public var status: DossierStatus?
    /// Whether the catalogue does not know the unit.
    public var isUnitUnverified: Bool
    /// Whether the catalogue does not know the procedure.
    public var isProcedureUnverified: Bool
    /// Whether the procedure is offered online: by the catalogue, else by the sender's word; unknown counts as no.
    public var isOfferedOnline: Bool

    /// How the processing ended, by comparing local dates.
    public var timeliness: Timeliness {
        guard let finishedOn else { return .unfinished }
        guard let dueOn else { return .undated }
        return finishedOn < dueOn ? .early : finishedOn == dueOn ? .onTheDay : .late
    }
}

/// How the processing of a dossier ended.
public enum Timeliness: Int16, Sendable, Hashable, CaseIterable {
    /// It has not ended.
    case unfinished = 0
    /// It ended and had no due date.
    case undated = 1
    /// It ended before the due date.
    case early = 2
    /// It ended on the due date.
    case onTheDay = 3
    /// It ended after the due date.
    case late = 4
}

extension Dossier {
    /// What the procedure is counted under: the first two parts of a national code, else the whole code.
    public var procedureKey: String? { procedure.flatMap { ProcedureCode.key(of: $0).map(String.init) ?? $0 } }

    /// Appends the content in an unambiguous form, independent of how it was transported, for hashing.
    ///
    /// Version byte 1, then every field in a fixed order: texts as a length (4 bytes, network byte order; all ones for
    /// none) and UTF-8, moments as microseconds (8 bytes; the smallest number for none), codes as 2 bytes.
    public func appendCanonicalBytes(to bytes: inout [UInt8]) {
        bytes.append(1)
        Self.append(code, to: &bytes)
        Self.append(receivedAt.microseconds, to: &bytes)
        Self.append(dueAt?.microseconds ?? .min, to: &bytes)
        Self.append(finishedAt?.microseconds ?? .min, to: &bytes)
        Self.append(returnedAt?.microseconds ?? .min, to: &bytes)
        Self.append(unit, to: &bytes)
        Self.append(procedure, to: &bytes)
        Self.append(statedSector, to: &bytes)
        Self.append(deskOperator, to: &bytes)
        Self.append(applicantID, to: &bytes)
        Self.append(applicantName, to: &bytes)
        Self.append(applicantPhone, to: &bytes)
        Self.append(codeGrammar.rawValue, to: &bytes)
        Self.append(channel.rawValue, to: &bytes)
        Self.append(returnChannel?.rawValue ?? -1, to: &bytes)
        Self.append(onlineLevel?.rawValue ?? -1, to: &bytes)
        Self.append(applicantKind?.rawValue ?? -1, to: &bytes)
        Self.append(status?.rawValue ?? -1, to: &bytes)
    }

    private static func append(_ text: String?, to bytes: inout [UInt8]) {
        append(text.map { Int32($0.utf8.count) } ?? -1, to: &bytes)
        if let text { bytes.append(contentsOf: text.utf8) }
    }

    private static func append<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, to bytes: inout [UInt8]) {
        unsafe withUnsafeBytes(of: value.bigEndian) { unsafe bytes.append(contentsOf: $0) }
    }
}
