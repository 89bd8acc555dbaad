import Dossiers
import Testing
import TestSupport

@Suite struct ValidatorTests {
    private var validator: Validator
    private let now: Instant

    init() throws {
        validator = Validator(zone: try #require(LocalZone(identifier: "Asia/Ho_Chi_Minh")))
        now = try #require(Instant(rfc3339: "2022-06-15T10:00:00+07:00"))
    }

    private static var good: Submission {
        var submission = Submission()
        submission.dossierCode = "H36.26-220301-0001"
        submission.receivedAt = "2022-03-01T09:00:00+07:00"
        submission.dueAt = "2022-03-15T00:00:00+07:00"
        submission.finishedAt = "2022-03-10T15:30:00+07:00"
        submission.returnedAt = "2022-03-11T08:00:00+07:00"
        submission.unit = "H36.26"
        submission.procedure = "1.004194.H36"
        submission.channel = "in_person"
        submission.returnChannel = "3"
        submission.deskOperator = "post_office"
        submission.applicantKind = "citizen"
        submission.applicantID = "001099012345"
        submission.applicantName = "—"
        submission.applicantPhone = "0912 345 678"
        submission.status = "10"
        return submission
    }

    private func faults(_ change: (inout Submission) -> Void) -> [Fault] {
        var validator = validator
        var submission = Self.good
        change(&submission)
        if case .rejected(let faults) = validator.validate(submission, now: now) { return faults }
        return []
    }

    @Test mutating func `A sound dossier is brought into normal form`() throws {
        guard case .accepted(let dossier) = validator.validate(Self.good, now: now) else {
            Issue.record("rejected")
            return
        }
        #expect(dossier.receivedOn.description == "2022-03-01")
        #expect(dossier.channel == .inPerson)
        #expect(dossier.returnChannel == .postal)
        #expect(dossier.deskOperator == "post_office")
        #expect(dossier.applicantPhone == "+84912345678")
        #expect(dossier.timeliness == .early)
        #expect(dossier.isUnitUnverified)
    }

    @Test mutating func `All faults of an entry are told at once, with code and field`() {
        let faults = faults {
            $0.dossierCode = "H36.26-220230-0001"
            $0.channel = "Intern"
            $0.receivedAt = "yesterday"
            $0.applicantPhone = "12"
            $0.unit = ""
        }
        #expect(
            Set(faults.map(\.code)) == [
                .dossierCodeDateImpossible, .channelUnknown, .timestampMalformed, .phoneMalformed, .missing,
            ])
        #expect(Set(faults.map(\.field)) == ["dossier_code", "channel", "received_at", "applicant_phone", "unit"])
    }

    @Test mutating func `Times of one day are in order whatever the clock says`() {
        // Real systems stamp midnight: finished "before" it was received on the same day is no fault.
        #expect(faults { $0.finishedAt = "2022-03-01T00:00:00+07:00" }.isEmpty)
        #expect(faults { $0.returnedAt = "2022-03-10T00:00:00+07:00" }.isEmpty)
        #expect(faults { $0.finishedAt = "2022-02-28T23:59:59+07:00" }.map(\.code) == [.finishedBeforeReceived])
        #expect(faults { $0.returnedAt = "2022-03-09T23:00:00+07:00" }.map(\.code) == [.returnedBeforeFinished])
        #expect(faults { $0.returnedAt = "2022-02-27T23:00:00+07:00" }.map(\.code) == [.returnedBeforeReceived])
    }

    @Test mutating func `Dates are compared in local time, not in UTC`() {
        // 28 February 17:30 UTC is 1 March 00:30 in Vietnam: the day on which it was received.
        #expect(faults { $0.finishedAt = "2022-02-28T17:30:00Z" }.isEmpty)
    }

    @Test mutating func `A date beyond the tolerance is in the future`() {
        #expect(
            faults {
                $0.receivedAt = "2022-06-16T23:59:00+07:00"
                $0.dueAt = ""
                $0.finishedAt = ""
                $0.returnedAt = ""
            }.isEmpty)
        #expect(
            faults {
                $0.receivedAt = "2022-06-17T00:00:00+07:00"
                $0.dueAt = ""
                $0.finishedAt = ""
                $0.returnedAt = ""
            }.map(\.code) == [.inTheFuture])
    }

    @Test mutating func `A due date may lie in the future or be missing, but not lie before the reception`() {
        #expect(faults { $0.dueAt = "2022-03-01T00:00:00+07:00" }.isEmpty)
        #expect(faults { $0.dueAt = "1900-01-01T00:00:00+07:00" }.map(\.code) == [.dueBeforeReceived])
        #expect(faults { $0.dueAt = "2030-01-01T00:00:00+07:00" }.isEmpty)
        #expect(faults { $0.dueAt = "" }.isEmpty)
    }

    @Test mutating func `An enterprise needs a tax code, a citizen a personal id`() {
        #expect(faults { $0.applicantID = "0100047516" }.map(\.code) == [.personalIDMalformed])
        let enterprise = faults {
            $0.applicantKind = "2"
            $0.applicantID = "0100047517"
        }
        #expect(enterprise.map(\.code) == [.taxCodeMalformed])
        #expect(
            faults {
                $0.applicantKind = "enterprise"
                $0.applicantID = "0100047516"
            }.isEmpty)
    }

    @Test mutating func `Where the kind of applicant is not given, a personal id or a tax code will do`() {
        for text in ["001099012345", "012345678", "0100047516", "0100047516-001"] {
            #expect(
                faults {
                    $0.applicantKind = ""
                    $0.applicantID = text
                }.isEmpty, "\(text)")
        }
        #expect(
            faults {
                $0.applicantKind = ""
                $0.applicantID = "0100047517"
            }.map(\.code) == [.personalIDMalformed])
    }

    @Test mutating func `U+0000 and other control characters are found in every field`() {
        #expect(faults { $0.applicantName = "a\u{0}b" }.map(\.code) == [.containsNUL])
        #expect(faults { $0.sector = "a\nb" }.map(\.code) == [.controlCharacter])
    }

    @Test mutating func `Every field has a greatest length`() {
        #expect(faults { $0.applicantName = String(repeating: "đ", count: 129) }.map(\.code) == [.tooLong])
        #expect(faults { $0.applicantName = String(repeating: "đ", count: 128) }.isEmpty)
    }

    @Test mutating func `Personal data is never repeated in a fault`() {
        let faults = faults {
            $0.applicantID = "12345678x"
            $0.applicantPhone = "0000"
            $0.applicantName = "x\u{0}"
        }
        #expect(faults.count == 3)
        for fault in faults {
            #expect(fault.value == nil)
            #expect(!fault.sentence(in: .english).contains("12345678x"))
        }
    }

    @Test func `A value is repeated only when it looks like a code`() {
        for text in ["Intern", "0", "2022-02-30T09:00:00+07:00", "2022-13-01", "H36.26-220230-0001", "1.00419"] {
            #expect(Fault(.channelUnknown, .channel, value: text).value == text)
        }
        let hidden = [
            "0912345678", "0912.345.678", "09-12-34-56-78", "Bưu điện", "Nguyen Van", "id001099012345", "a\u{0}",
            String(repeating: "x", count: 61), "",
        ]
        for text in hidden { #expect(Fault(.channelUnknown, .channel, value: text).value == nil, "\(text)") }
    }

    @Test func `Every fault has a sentence in both languages`() {
        for code in FaultCode.allCases {
            let fault = Fault(code, path: "channel")
            let vietnamese = fault.sentence(in: .vietnamese), english = fault.sentence(in: .english)
            #expect(vietnamese != english)
            #expect(vietnamese.hasSuffix(".") && english.hasSuffix("."))
            #expect(!english.contains(code.rawValue) || code.rawValue == "conflict" || code == .missing)
        }
    }

    @Test mutating func `A closed catalogue rejects what it does not know, an open one marks it`() {
        validator.catalogue = Catalogue(
            policy: .closed, units: ["H36.26"],
            procedures: ["1.004194": Catalogue.Procedure(sector: "Hộ tịch", onlineLevel: .full)])
        guard case .accepted(let dossier) = validator.validate(Self.good, now: now) else {
            Issue.record("rejected")
            return
        }
        #expect(!dossier.isUnitUnverified && !dossier.isProcedureUnverified && dossier.isOfferedOnline)
        #expect(dossier.sector == "Hộ tịch")
        #expect(faults { $0.unit = "H36.99" }.map(\.code) == [.unitUnknown])
        #expect(faults { $0.procedure = "9.999999" }.map(\.code) == [.procedureUnknown])
    }

    @Test mutating func `A national procedure is found in the catalogue whatever the grammar of the dossier codes`() {
        validator.catalogue = Catalogue(
            policy: .closed, units: ["H36.26"],
            procedures: ["1.004194": Catalogue.Procedure(sector: "Hộ tịch", onlineLevel: .full)])
        #expect(
            faults {
                $0.codeGrammar = "opaque"
                $0.dossierCode = "03706/2026/07906"
            }.isEmpty)
    }

    @Test mutating func `An opaque grammar frees code and procedure from the national form`() {
        #expect(
            faults {
                $0.codeGrammar = "opaque"
                $0.dossierCode = "case-10011"
                $0.procedure = ""
            }.isEmpty)
        #expect(faults { $0.codeGrammar = "other" }.map(\.code) == [.codeGrammarUnknown])
    }

    @Test mutating func `A text is the same in both forms of Unicode`() throws {
        var composed = Self.good, decomposed = Self.good
        composed.sector = "H\u{1ED9} t\u{1ECB}ch"
        decomposed.sector = "Ho\u{323}\u{302} ti\u{323}ch"
        decomposed.applicantName = composed.applicantName
        guard case .accepted(let one) = validator.validate(composed, now: now),
            case .accepted(let other) = validator.validate(decomposed, now: now)
        else {
            Issue.record("rejected")
            return
        }
        #expect(Array(one.sector?.utf8 ?? "".utf8) == Array(other.sector?.utf8 ?? "".utf8))
        var contents: [[UInt8]] = [[], []]
        one.appendCanonicalBytes(to: &contents[0])
        other.appendCanonicalBytes(to: &contents[1])
        #expect(contents[0] == contents[1])
    }

    @Test mutating func `No text of any kind stops the validator`() {
        var generator = SeededNumbers(seed: 5)
        let alphabet: [Character] = [
            "0", "9", "-", ".", "H", "T", ":", "+", "Z", " ", "\u{0}", "đ", "\u{1F600}", "٣", "e\u{301}",
        ]
        for _ in 0..<20_000 {
            var submission = Self.good
            let text = String(
                (0..<Int.random(in: 0...30, using: &generator)).map { _ in
                    alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
                })
            switch Int.random(in: 0..<8, using: &generator) {
            case 0: submission.dossierCode = text
            case 1: submission.receivedAt = text
            case 2: submission.dueAt = text
            case 3: submission.procedure = text
            case 4: submission.applicantID = text
            case 5: submission.applicantPhone = text
            case 6: submission.channel = text
            default: submission.unit = text
            }
            let verdict = validator.validate(submission, now: now)
            switch verdict {
            case .accepted(let dossier): #expect(dossier.code == submission.dossierCode)
            case .rejected(let faults): #expect(!faults.isEmpty)
            }
            // The same texts as they stand in an entry, with other bytes between them and in another order.
            var bytes: [UInt8] = [0xFF]
            var places = SubmissionPlaces()
            for field in Field.allCases.reversed() where !submission[field].isEmpty {
                let start = bytes.count
                bytes += submission[field].utf8
                places[field] = start..<bytes.count
                bytes += [0, 0xC3]
            }
            #expect(validator.validate(places, in: bytes.span, now: now) == verdict)
            #expect(Submission(places, in: bytes.span) == submission)
        }
    }
}
