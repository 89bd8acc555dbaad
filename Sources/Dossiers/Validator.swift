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
        let (bytes, places) = submission.flattened
        return validate(composed: places, in: bytes.span, now: now)
    }

    /// Checks a submission whose texts stand at some places, without copying what is only looked at.
    public mutating func validate(_ places: SubmissionPlaces, in bytes: Span<UInt8>, now: Instant) -> Verdict {
        for field in Field.composed where bytes.extracting(places[field]).mayBeDecomposed {
            return validate(Submission(places, in: bytes), now: now)
        }
        return validate(composed: places, in: bytes, now: now)
    }

    private mutating func validate(
        composed places: SubmissionPlaces, in bytes: Span<UInt8>, now: Instant
    ) -> Verdict {
        var examination = Examination(places: places)
        examination.checkTexts(bytes)
        let grammar = examination.codeGrammar(bytes)
        let received = examination.instant(.receivedAt, bytes), due = examination.instant(.dueAt, bytes)
        let finished = examination.instant(.finishedAt, bytes), returned = examination.instant(.returnedAt, bytes)
        let channel = examination.coded(.channel, .channelUnknown, bytes, Channel.init(code:))
        let returnChannel = examination.coded(.returnChannel, .channelUnknown, bytes, Channel.init(code:))
        let level = examination.coded(.onlineLevel, .onlineLevelUnknown, bytes, OnlineLevel.init(code:))
        let kind = examination.coded(.applicantKind, .applicantKindUnknown, bytes, ApplicantKind.init(code:))
        let status = examination.coded(.status, .statusUnknown, bytes, DossierStatus.init(code:))
        let identifier = examination.applicantID(kind, bytes)
        let phone = examination.phone(bytes)
        let unit = examination.text(.unit, bytes)
        let isUnitKnown = isKnown(unit: unit, &examination)
        let procedure = known(grammar, &examination, bytes)
        let days = Days(
            received: received.map { zone.day(of: $0) }, due: due.map { zone.day(of: $0) },
            finished: finished.map { zone.day(of: $0) }, returned: returned.map { zone.day(of: $0) },
            latest: zone.day(of: now.advanced(bySeconds: futureTolerance)))
        examination.checkOrder(days, bytes)
        guard examination.faults.isEmpty, let received, let receivedOn = days.received, let channel, let grammar else {
            return .rejected(examination.faults)
        }
        let sector = bytes.extracting(places[.sector]).textOrNil
        return .accepted(
            Dossier(
                code: examination.text(.dossierCode, bytes), codeGrammar: grammar, receivedAt: received, dueAt: due,
                finishedAt: finished, returnedAt: returned, receivedOn: receivedOn, dueOn: days.due,
                finishedOn: days.finished, returnedOn: days.returned, unit: unit,
                procedure: bytes.extracting(places[.procedure]).textOrNil, sector: sector ?? procedure.entry?.sector,
                statedSector: sector, channel: channel, returnChannel: returnChannel,
                deskOperator: bytes.extracting(places[.deskOperator]).textOrNil, onlineLevel: level,
                applicantKind: kind, applicantID: identifier,
                hasPlaceholderID: identifier.map(PersonalIdentifier.isPlaceholder) ?? false,
                applicantName: bytes.extracting(places[.applicantName]).textOrNil, applicantPhone: phone,
                status: status, isUnitUnverified: !isUnitKnown, isProcedureUnverified: !procedure.isKnown,
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
        _ grammar: CodeGrammar?, _ examination: inout Examination, _ bytes: Span<UInt8>
    ) -> (isKnown: Bool, entry: Catalogue.Procedure?) {
        guard let key = examination.procedureKey(grammar, bytes) else {
            return (examination.places[.procedure].isEmpty, nil)
        }
        let entry = catalogue.procedures[key]
        if entry == nil, catalogue.policy == .closed {
            let procedure = examination.text(.procedure, bytes)
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
