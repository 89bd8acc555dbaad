import Dossiers
import Testing

@Suite struct AuthorityTests {
    private func dossier(_ change: (inout Submission) -> Void = { _ in }) throws -> Dossier {
        var submission = Submission()
        submission.dossierCode = "H36.31.02-220301-0001"
        submission.receivedAt = "2022-03-01T09:00:00+07:00"
        submission.unit = "H36.31.02"
        submission.procedure = "1.001193.000.00.00.H36"
        submission.channel = "in_person"
        submission.returnChannel = "online"
        change(&submission)
        var validator = Validator(zone: try #require(LocalZone(identifier: "Asia/Ho_Chi_Minh")))
        let now = try #require(Instant(rfc3339: "2022-06-15T10:00:00+07:00"))
        guard case .accepted(let dossier) = validator.validate(submission, now: now) else { throw Unexpected() }
        return dossier
    }

    private struct Unexpected: Error {}

    private func codes(_ authority: Authority, _ change: (inout Submission) -> Void = { _ in }) throws -> [FaultCode] {
        authority.faults(in: try dossier(change)).map(\.code)
    }

    @Test func `Who has been granted nothing in particular may hand in everything`() throws {
        #expect(try codes(Authority()).isEmpty)
    }

    @Test func `A post office does not hand in what came online`() throws {
        let office = Authority(channels: [.inPerson, .postal])
        #expect(try codes(office).isEmpty)
        #expect(try codes(office) { $0.channel = "postal" }.isEmpty)
        #expect(try codes(office) { $0.channel = "online" } == [.channelNotAllowed])
    }

    @Test(arguments: [
        ("H36.31.02", true), ("H36.31", true), ("H36", true), ("H36.31.0", false), ("H36.31.021", false),
        ("H36.3", false),
        ("H37", false), ("h36.31", false),
    ])
    func `A unit stands for those below it, and for no other whose code begins alike`(unit: String, isCovered: Bool)
        throws
    {
        #expect(try codes(Authority(units: [unit])) == (isCovered ? [] : [.unitNotAllowed]))
        #expect(try codes(Authority(units: ["H99", unit])) == (isCovered ? [] : [.unitNotAllowed]))
    }

    @Test func `Procedures go by their first two parts, and other codes whole`() throws {
        #expect(try codes(Authority(procedures: ["1.001193"])).isEmpty)
        #expect(try codes(Authority(procedures: ["1.001194"])) == [.procedureNotAllowed])
        let opaque: (inout Submission) -> Void = {
            $0.codeGrammar = "opaque"
            $0.procedure = "Building permit"
        }
        #expect(try codes(Authority(procedures: ["Building permit"]), opaque).isEmpty)
        #expect(try codes(Authority(procedures: ["Building"]), opaque) == [.procedureNotAllowed])
        #expect(
            try codes(Authority(procedures: ["x"])) {
                $0.codeGrammar = "opaque"
                $0.procedure = ""
            } == [.procedureNotAllowed])
    }

    @Test func `Everything that is beyond an authority is told at once, with code and field`() throws {
        let authority = Authority(channels: [.postal], units: ["H99"], procedures: ["2.000815"], grammar: .opaque)
        let faults = authority.faults(in: try dossier())
        #expect(
            faults.map(\.code) == [
                .codeGrammarNotAllowed, .unitNotAllowed, .procedureNotAllowed, .channelNotAllowed,
            ])
        #expect(faults.map(\.field) == ["code_grammar", "unit", "procedure", "channel"])
    }
}
