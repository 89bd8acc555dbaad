/// A submission under examination, and the faults found so far.
///
/// Its bytes are handed to every question, since nothing that may be kept can point into them.
struct Examination {
    let places: SubmissionPlaces
    var faults: [Fault] = []

    init(places: SubmissionPlaces) { self.places = places }

    /// The text of a field.
    func text(_ field: Field, _ bytes: Span<UInt8>) -> String { bytes.extracting(places[field]).text }

    private mutating func add(_ code: FaultCode, _ field: Field, _ bytes: Span<UInt8>) {
        faults.append(Fault(code, field, value: text(field, bytes)))
    }

    /// Required fields, lengths, and characters that no field may hold.
    mutating func checkTexts(_ bytes: Span<UInt8>) {
        for field in [Field.dossierCode, .receivedAt, .unit, .channel] where places[field].isEmpty {
            add(.missing, field, bytes)
        }
        check(.dossierCode, DossierCode.longest, bytes)
        check(.codeGrammar, 16, bytes)
        check(.receivedAt, 64, bytes)
        check(.dueAt, 64, bytes)
        check(.finishedAt, 64, bytes)
        check(.returnedAt, 64, bytes)
        check(.unit, 64, bytes)
        check(.procedure, 64, bytes)
        check(.sector, 128, bytes)
        check(.channel, 64, bytes)
        check(.returnChannel, 64, bytes)
        check(.deskOperator, 64, bytes)
        check(.onlineLevel, 64, bytes)
        check(.applicantKind, 64, bytes)
        check(.applicantID, 64, bytes)
        check(.applicantName, 256, bytes)
        check(.applicantPhone, 64, bytes)
        check(.status, 64, bytes)
    }

    private mutating func check(_ field: Field, _ longest: Int, _ bytes: Span<UInt8>) {
        let place = places[field]
        guard !place.isEmpty else { return }
        if place.count > longest { add(.tooLong, field, bytes) }
        var controls: UInt8 = 0
        for index in place { controls |= bytes[index] < 32 || bytes[index] == 127 ? 1 : 0 }
        guard controls != 0 else { return }
        add(place.contains { bytes[$0] == 0 } ? .containsNUL : .controlCharacter, field, bytes)
    }

    /// The grammar; the code is checked by it.
    mutating func codeGrammar(_ bytes: Span<UInt8>) -> CodeGrammar? {
        guard let grammar = CodeGrammar(code: text(.codeGrammar, bytes)) else {
            add(.codeGrammarUnknown, .codeGrammar, bytes)
            return nil
        }
        let code = bytes.extracting(places[.dossierCode])
        // A missing or overlong code has its fault already.
        if !code.isEmpty, let fault = DossierCode.fault(in: code, grammar: grammar), fault != .tooLong {
            add(fault, .dossierCode, bytes)
        }
        return grammar
    }

    mutating func instant(_ field: Field, _ bytes: Span<UInt8>) -> Instant? {
        guard !places[field].isEmpty else { return nil }
        if let instant = Instant(rfc3339: bytes.extracting(places[field])) { return instant }
        add(.timestampMalformed, field, bytes)
        return nil
    }

    mutating func coded<Value>(
        _ field: Field, _ fault: FaultCode, _ bytes: Span<UInt8>, _ read: (String) -> Value?
    ) -> Value? {
        guard !places[field].isEmpty else { return nil }
        if let value = read(text(field, bytes)) { return value }
        add(fault, field, bytes)
        return nil
    }

    /// A citizen has a personal id, an enterprise a tax code; others may write what they have.
    mutating func applicantID(_ kind: ApplicantKind?, _ bytes: Span<UInt8>) -> String? {
        let text = bytes.extracting(places[.applicantID])
        guard !text.isEmpty else { return nil }
        switch kind {
        case .enterprise:
            if let code = TaxCode.normalised(text) { return code }
            add(.taxCodeMalformed, .applicantID, bytes)
        case .agency, .other: return text.text
        case .citizen:
            if let digits = PersonalIdentifier.normalised(text) { return digits }
            add(.personalIDMalformed, .applicantID, bytes)
        case nil:
            // Many systems do not say who hands in, and enterprises do.
            if let digits = PersonalIdentifier.normalised(text) ?? TaxCode.normalised(text) { return digits }
            add(.personalIDMalformed, .applicantID, bytes)
        }
        return nil
    }

    mutating func phone(_ bytes: Span<UInt8>) -> String? {
        let text = bytes.extracting(places[.applicantPhone])
        guard !text.isEmpty else { return nil }
        if let number = PhoneNumber.normalised(text) { return number }
        add(.phoneMalformed, .applicantPhone, bytes)
        return nil
    }

    /// The key by which the procedure is found in the catalogue; `nil` when there is none.
    mutating func procedureKey(_ grammar: CodeGrammar?, _ bytes: Span<UInt8>) -> String? {
        let code = bytes.extracting(places[.procedure])
        if ProcedureCode.isWellFormed(code) { return code.extracting(..<ProcedureCode.keyLength).text }
        // Agencies outside the national tree of codes may still have national procedures.
        guard grammar != .opaque else { return code.textOrNil }
        add(code.isEmpty ? .missing : .procedureMalformed, .procedure, bytes)
        return nil
    }

    /// Local dates in order: real systems stamp midnight, so times of the day say nothing.
    mutating func checkOrder(_ days: Days, _ bytes: Span<UInt8>) {
        if let received = days.received, received > days.latest { add(.inTheFuture, .receivedAt, bytes) }
        if let finished = days.finished, finished > days.latest { add(.inTheFuture, .finishedAt, bytes) }
        if let returned = days.returned, returned > days.latest { add(.inTheFuture, .returnedAt, bytes) }
        if let received = days.received, let due = days.due, due < received {
            add(.dueBeforeReceived, .dueAt, bytes)
        }
        if let received = days.received, let finished = days.finished, finished < received {
            add(.finishedBeforeReceived, .finishedAt, bytes)
        }
        guard let returned = days.returned else { return }
        if let received = days.received, returned < received {
            add(.returnedBeforeReceived, .returnedAt, bytes)
        } else if let finished = days.finished, returned < finished {
            add(.returnedBeforeFinished, .returnedAt, bytes)
        }
    }
}
