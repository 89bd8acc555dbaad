/// A submission under examination, and the faults found so far.
struct Examination {
    let submission: Submission
    var faults: [Fault] = []

    init(submission: Submission) { self.submission = submission }

    /// Required fields, lengths, and characters that no field may hold.
    mutating func checkTexts() {
        require(submission.dossierCode, .dossierCode)
        require(submission.receivedAt, .receivedAt)
        require(submission.unit, .unit)
        require(submission.channel, .channel)
        check(submission.dossierCode, .dossierCode, DossierCode.longest)
        check(submission.codeGrammar, .codeGrammar, 16)
        check(submission.receivedAt, .receivedAt, 64)
        check(submission.dueAt, .dueAt, 64)
        check(submission.finishedAt, .finishedAt, 64)
        check(submission.returnedAt, .returnedAt, 64)
        check(submission.unit, .unit, 64)
        check(submission.procedure, .procedure, 64)
        check(submission.sector, .sector, 128)
        check(submission.channel, .channel, 64)
        check(submission.returnChannel, .returnChannel, 64)
        check(submission.deskOperator, .deskOperator, 64)
        check(submission.onlineLevel, .onlineLevel, 64)
        check(submission.applicantKind, .applicantKind, 64)
        check(submission.applicantID, .applicantID, 64)
        check(submission.applicantName, .applicantName, 256)
        check(submission.applicantPhone, .applicantPhone, 64)
        check(submission.status, .status, 64)
    }

    private mutating func require(_ text: String, _ field: Field) {
        if text.isEmpty { faults.append(Fault(.missing, field, value: "")) }
    }

    private mutating func check(_ text: String, _ field: Field, _ longest: Int) {
        guard !text.isEmpty else { return }
        if text.utf8.count > longest { faults.append(Fault(.tooLong, field, value: text)) }
        let bytes = text.utf8.span
        var hasControl = false
        for index in bytes.indices where bytes[index] < 32 || bytes[index] == 127 {
            if bytes[index] == 0 { return faults.append(Fault(.containsNUL, field, value: text)) }
            hasControl = true
        }
        if hasControl { faults.append(Fault(.controlCharacter, field, value: text)) }
    }

    /// The grammar; the code is checked by it.
    mutating func codeGrammar() -> CodeGrammar? {
        guard let grammar = CodeGrammar(code: submission.codeGrammar) else {
            faults.append(Fault(.codeGrammarUnknown, .codeGrammar, value: submission.codeGrammar))
            return nil
        }
        let code = submission.dossierCode
        // A missing or overlong code has its fault already.
        if !code.isEmpty, let fault = DossierCode.fault(in: code, grammar: grammar), fault != .tooLong {
            faults.append(Fault(fault, .dossierCode, value: code))
        }
        return grammar
    }

    mutating func instant(_ text: String, _ field: Field) -> Instant? {
        guard !text.isEmpty else { return nil }
        if let instant = Instant(rfc3339: text) { return instant }
        faults.append(Fault(.timestampMalformed, field, value: text))
        return nil
    }

    mutating func coded<Value>(
        _ text: String, _ field: Field, _ fault: FaultCode, _ read: (String) -> Value?
    ) -> Value? {
        guard !text.isEmpty else { return nil }
        if let value = read(text) { return value }
        faults.append(Fault(fault, field, value: text))
        return nil
    }

    /// A citizen has a personal id, an enterprise a tax code; others may write what they have.
    mutating func applicantID(_ kind: ApplicantKind?) -> String? {
        let text = submission.applicantID
        guard !text.isEmpty else { return nil }
        switch kind {
        case .enterprise:
            if let code = TaxCode.normalised(text) { return code }
            faults.append(Fault(.taxCodeMalformed, .applicantID, value: text))
        case .agency, .other: return text
        case .citizen:
            if let digits = PersonalIdentifier.normalised(text) { return digits }
            faults.append(Fault(.personalIDMalformed, .applicantID, value: text))
        case nil:
            // Many systems do not say who hands in, and enterprises do.
            if let digits = PersonalIdentifier.normalised(text) ?? TaxCode.normalised(text) { return digits }
            faults.append(Fault(.personalIDMalformed, .applicantID, value: text))
        }
        return nil
    }

    mutating func phone() -> String? {
        let text = submission.applicantPhone
        guard !text.isEmpty else { return nil }
        if let number = PhoneNumber.normalised(text) { return number }
        faults.append(Fault(.phoneMalformed, .applicantPhone, value: text))
        return nil
    }

    /// The key by which the procedure is found in the catalogue; `nil` when there is none.
    mutating func procedureKey(_ grammar: CodeGrammar?) -> String? {
        let code = submission.procedure
        // Agencies outside the national tree of codes may still have national procedures.
        guard grammar != .opaque else { return ProcedureCode.key(of: code).map(String.init) ?? code.orNil }
        guard !code.isEmpty else {
            faults.append(Fault(.missing, .procedure, value: ""))
            return nil
        }
        guard let key = ProcedureCode.key(of: code) else {
            faults.append(Fault(.procedureMalformed, .procedure, value: code))
            return nil
        }
        return String(key)
    }

    /// Local dates in order: real systems stamp midnight, so times of the day say nothing.
    mutating func checkOrder(_ days: Days) {
        for (day, field, text) in [
            (days.received, Field.receivedAt, submission.receivedAt),
            (days.finished, .finishedAt, submission.finishedAt),
            (days.returned, .returnedAt, submission.returnedAt),
        ] {
            if let day, day > days.latest { faults.append(Fault(.inTheFuture, field, value: text)) }
        }
        if let received = days.received, let due = days.due, due < received {
            faults.append(Fault(.dueBeforeReceived, .dueAt, value: submission.dueAt))
        }
        if let received = days.received, let finished = days.finished, finished < received {
            faults.append(Fault(.finishedBeforeReceived, .finishedAt, value: submission.finishedAt))
        }
        guard let returned = days.returned else { return }
        if let received = days.received, returned < received {
            faults.append(Fault(.returnedBeforeReceived, .returnedAt, value: submission.returnedAt))
        } else if let finished = days.finished, returned < finished {
            faults.append(Fault(.returnedBeforeFinished, .returnedAt, value: submission.returnedAt))
        }
    }
}
