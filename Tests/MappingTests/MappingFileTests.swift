import Dossiers
import Foundation
import Mapping
import Testing

@Suite struct MappingFileTests {
    private func refusal(_ yaml: String) -> MappingError? {
        do {
            _ = try MappingFile(yaml: yaml, name: "test.yaml")
            return nil
        } catch {
            return error
        }
    }

    private func reasons(_ yaml: String) -> Set<MappingProblem.Reason> {
        Set(refusal(yaml)?.problems.map(\.reason) ?? [])
    }

    @Test func `All problems of a file are reported at once with their lines`() throws {
        let error = try #require(
            refusal(
                """
                format: xml
                time_zone: Europe/Atlantis
                timestamps: sundial
                code_grammar: loose
                colour: blue
                fields:
                  dossier_code: code
                  chanel: c
                  unit: { column: a, constant: b }
                  sector: { columm: a }
                  channel:
                    column: c
                    values: [1, 2]
                  status: { constant: [1] }
                """))
        #expect(error.code == .mappingInvalid)
        let expected: [(Int, MappingProblem.Reason)] = [
            (1, .unknownValue(key: "format", value: "xml", allowed: "csv, ndjson")),
            (2, .unknownTimeZone("Europe/Atlantis")),
            (
                3,
                .unknownValue(
                    key: "timestamps", value: "sundial",
                    allowed: "iso8601, yyyyMMddHHmmss, dd/MM/yyyy HH:mm[:ss], epoch_seconds, epoch_milliseconds")
            ),
            (4, .unknownValue(key: "code_grammar", value: "loose", allowed: "vn, opaque")),
            (5, .unknownKey("colour")), (8, .unknownKey("fields.chanel")),
            (9, .unclearSource(key: "fields.unit")), (10, .unknownKey("fields.sector.columm")),
            (10, .unclearSource(key: "fields.sector")), (13, .expectedTable(key: "fields.channel.values")),
            (14, .expectedText(key: "fields.status.constant")),
        ]
        #expect(error.problems.map(\.line) == expected.map(\.0))
        #expect(error.problems.map(\.reason) == expected.map(\.1))
        #expect(error.sentences(in: .vietnamese).count == expected.count + 1)
    }

    @Test func `What has to be there is asked for`() {
        #expect(reasons("time_zone: UTC") == [.missingKey("format"), .missingKey("fields")])
        #expect(reasons("format: csv\nfields: {unit: a}") == [.missingKey("fields.dossier_code")])
        #expect(
            reasons("format: csv\ntimestamps: yyyyMMddHHmmss\nfields: {dossier_code: a}") == [.missingKey("time_zone")])
    }

    @Test(arguments: ["", "# nothing", "- 1", "word", "fields"])
    func `A file that is no table is refused`(yaml: String) {
        #expect(reasons(yaml) == [.expectedTable(key: "")])
    }

    @Test func `YAML that cannot be parsed is refused with its line`() throws {
        let problem = try #require(refusal("format: csv\nfields: {a: [}\n")?.problems.first)
        #expect(problem.line == 2)
        guard case .notYAML = problem.reason else {
            Issue.record("unexpected reason \(problem.reason)")
            return
        }
    }

    @Test func `A key that stands twice is refused`() {
        #expect(reasons("format: csv\nformat: csv\nfields: {dossier_code: a}") == [.repeatedKey("format")])
    }

    @Test(arguments: ["\"\\\"\"", "\"ab\"", "x", "\"\"", "7"])
    func `A delimiter that cannot work is refused`(delimiter: String) {
        let found = reasons("format: csv\ndelimiter: \(delimiter)\nfields: {dossier_code: a}")
        #expect(found.count == 1)
        #expect(reasons("format: ndjson\ndelimiter: ;\nfields: {dossier_code: a}") == [.unknownKey("delimiter")])
    }

    @Test func `The code grammar is set in one place only`() {
        let fields = "fields: {dossier_code: a, code_grammar: {constant: opaque}}\n"
        #expect(reasons("format: csv\ncode_grammar: vn\n" + fields) == [.grammarSetTwice])
        #expect(reasons("format: csv\n" + fields).isEmpty)
    }

    @Test func `Constants and the code grammar are in every submission`() throws {
        let yaml = """
            format: ndjson
            code_grammar: opaque
            fields: { dossier_code: c, operator: { constant: post_office }, received_at: { constant: 2022-03-01 } }
            time_zone: Asia/Ho_Chi_Minh
            """
        let source = SourceText(Array("{\"c\":1}\n{\"c\":2}\n".utf8), try MappingFile(yaml: yaml, name: "test.yaml"))
        let submissions = try source.rows().compactMap(\.submission)
        #expect(submissions.map(\.dossierCode) == ["1", "2"])
        #expect(submissions.allSatisfy { $0.deskOperator == "post_office" && $0.codeGrammar == "opaque" })
        #expect(submissions.allSatisfy { $0.receivedAt == "2022-03-01T00:00:00+07:00" })
    }

    @Test func `A mapping file that is not there is an error that says so`() throws {
        let error = #expect(throws: MappingError.self) { _ = try MappingFile.load(path: "/nonexistent/map.yaml") }
        #expect(error?.code == .fileUnreadable)
        #expect(error?.description.contains("No such file") == true)
    }

    @Test func `Every row fault has a code and a sentence in both languages`() {
        let faults: [RowFault] = [
            .notUTF8, .tooLong, .columnCount(expected: 1, found: 2), .quoteUnterminated, .quoteMisplaced(column: 1),
            .jsonMalformed(byte: 1), .jsonNotObject, .jsonTooDeep, .jsonKeyRepeated("a"), .jsonKeysUnknown(["a"]),
            .jsonNotText("a"), .keyMissing("a"),
        ]
        #expect(Set(faults.map(\.code)).count == faults.count)
        for fault in faults {
            #expect(fault.sentence(in: .english).hasSuffix("."))
            #expect(fault.sentence(in: .vietnamese) != fault.sentence(in: .english))
        }
    }

    @Test func `Names from a file are cut short and cleaned before they are shown`() {
        let fault = RowFault.jsonKeyRepeated("\u{1B}[31m" + String(repeating: "x", count: 500))
        #expect(fault.field.count == 60)
        #expect(!fault.sentence(in: .english).contains("\u{1B}"))
    }
}
