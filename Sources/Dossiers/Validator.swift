/// What validation makes of a submission.
public enum Verdict: Sendable, Equatable {
    /// A dossier in normal form.
    case accepted(Dossier)
    /// All faults that were found, in order of the fields.
    case rejected([Fault])
}

/// Gives meaning to what senders say, by the rules of the law and the settings of the centre.
///
/// All faults of a submission are collected, so that the clerk mends it once.
public struct Validator: Sendable {
    private var zone: LocalZone
    /// The units and procedures that are known.
    public var catalogue: Catalogue
    private let futureTolerance: Int64

    /// A validator.
    /// - Parameters:
    ///   - zone: the zone whose local dates are compared.
    ///   - futureTolerance: seconds by which a sender's clock may be ahead.
    public init(zone: LocalZone, catalogue: Catalogue = Catalogue(), futureTolerance: Int64 = 86_400) {
        self.zone = zone
        self.catalogue = catalogue
        self.futureTolerance = futureTolerance
    }

    /// Whether a local day lies further ahead than a sender's clock may be.
    public mutating func isInTheFuture(_ day: Day, now: Instant) -> Bool {
        day > zone.day(of: now.advanced(bySeconds: futureTolerance))
    }

    /// Checks a submission at a moment.
    public mutating func validate(_ submission: Submission, now: Instant) -> Verdict {
        var submission = submission
        submission.compose()
        var examination = Examination(submission: submission)
        examination.checkTexts()
        let grammar = examination.codeGrammar()
        let received = examination.instant(submission.receivedAt, .receivedAt)
        let due = examination.instant(submission.dueAt, .dueAt)
        let finished = examination.instant(submission.finishedAt, .finishedAt)
        let returned = examination.instant(submission.returnedAt, .returnedAt)
        let channel = examination.coded(submission.channel, .channel, .channelUnknown, Channel.init(code:))
        let returnChannel = examination.coded(
            submission.returnChannel, .returnChannel, .channelUnknown, Channel.init(code:))
        let level = examination.coded(
            submission.onlineLevel, .onlineLevel, .onlineLevelUnknown, OnlineLevel.init(code:))
        let kind = examination.coded(
            submission.applicantKind, .applicantKind, .applicantKindUnknown, ApplicantKind.init(code:))
        let status = examination.coded(submission.status, .status, .statusUnknown, DossierStatus.init(code:))
        let identifier = examination.applicantID(kind)
        let phone = examination.phone()
        let unit = isKnown(unit: submission.unit, &examination)
        let procedure = known(procedure: submission.procedure, grammar: grammar, &examination)
        let days = Days(
            received: received.map { zone.day(of: $0) }, due: due.map { zone.day(of: $0) },
            finished: finished.map { zone.day(of: $0) }, returned: returned.map { zone.day(of: $0) },
            latest: zone.day(of: now.advanced(bySeconds: futureTolerance)))
        examination.checkOrder(days)
        guard examination.faults.isEmpty, let received, let receivedOn = days.received, let channel, let grammar else {
            return .rejected(examination.faults)
        }
        return .accepted(
            Dossier(
                code: submission.dossierCode, codeGrammar: grammar, receivedAt: received, dueAt: due,
                finishedAt: finished,
                returnedAt: returned, receivedOn: receivedOn, dueOn: days.due, finishedOn: days.finished,
                returnedOn: days.returned, unit: submission.unit, procedure: submission.procedure.orNil,
                sector: submission.sector.orNil ?? procedure.entry?.sector, statedSector: submission.sector.orNil,
                channel: channel,
                returnChannel: returnChannel,
                deskOperator: submission.deskOperator.orNil, onlineLevel: level, applicantKind: kind,
                applicantID: identifier, hasPlaceholderID: identifier.map(PersonalIdentifier.isPlaceholder) ?? false,
                applicantName: submission.applicantName.orNil, applicantPhone: phone, status: status,
                isUnitUnverified: !unit, isProcedureUnverified: !procedure.isKnown,
                isOfferedOnline: (procedure.entry?.onlineLevel ?? level).map { $0 != .none } ?? false))
    }

    private func isKnown(unit: String, _ examination: inout Examination) -> Bool {
        let isKnown = catalogue.units.contains(unit)
        if !isKnown, catalogue.policy == .closed, !unit.isEmpty {
            examination.faults.append(Fault(.unitUnknown, .unit, value: unit))
        }
        return isKnown
    }

    private func known(
        procedure: String, grammar: CodeGrammar?, _ examination: inout Examination
    ) -> (isKnown: Bool, entry: Catalogue.Procedure?) {
        guard let key = examination.procedureKey(grammar) else { return (procedure.isEmpty, nil) }
        let entry = catalogue.procedures[key]
        if entry == nil, catalogue.policy == .closed {
            examination.faults.append(Fault(.procedureUnknown, .procedure, value: procedure))
        }
        return (entry != nil, entry)
    }
}

/// The local dates of a submission.
struct Days {
    let received: Day?
    let due: Day?
    let finished: Day?
    let returned: Day?
    /// The last day that is not in the future.
    let latest: Day
}

extension String {
    /// The text, or `nil` when it is empty.
    var orNil: String? { isEmpty ? nil : self }
}
