import Dossiers
import Mapping
import Testing

@Suite struct NDJSONTests {
    @Test func `hoso's own lines are read word for word`() throws {
        let text = """
            {"dossier_code":"H36.14-220301-0001","received_at":"01/03/2022","channel":"carrier pigeon"}

             { "dossier_code" : "x\\u0111\\ud83d\\ude00\\n\\/" , "status" : 9 , "due_at" : null }\r

            """
        let rows = try SourceText.native(text).rows()
        #expect(rows.map(\.line) == [1, 3])
        #expect(rows.first?.submission?.receivedAt == "01/03/2022")
        #expect(rows.first?.submission?.channel == "carrier pigeon")
        #expect(rows.last?.submission?.dossierCode == "xđ😀\n/")
        #expect(rows.last?.submission?.status == "9")
        #expect(rows.last?.submission?.dueAt == "")
    }

    @Test func `Unknown keys in hoso's own lines are a fault that names them`() throws {
        let row = try SourceText.native(#"{"dossier_code":"A","chanel":1,"Unit":{"a":[1]}}"#).rows().first
        #expect(row?.fault == .jsonKeysUnknown(["chanel", "Unit"]))
        #expect(row?.fault?.field == "chanel, Unit")
    }

    @Test func `Dots lead into nested objects, and numbers and booleans become their text`() throws {
        let fields = "{dossier_code: a.b.code, unit: a.flat, sector: flag, procedure: number, status: list.x}"
        let text =
            #"{"other":[{},[1,{"a":{"b":{"code":"no"}}}]],"a":{"b":{"code":"yes"}},"a.flat":"u","#
            + #""flag":false,"number":-1.50e+3,"list":[{"x":1}]}"#
        let submission = try #require(try SourceText.ndjson(text, fields: fields).rows().first?.submission)
        #expect(submission.dossierCode == "yes")
        #expect(submission.unit == "u")
        #expect(submission.sector == "false")
        #expect(submission.procedure == "-1.50e+3")
        #expect(submission.status == "")
    }

    @Test func `A path that is there both nested and flat is a fault`() throws {
        let source = try SourceText.ndjson(#"{"a":{"b":"1"},"a.b":"2"}"#, fields: "{dossier_code: a.b}")
        #expect(try source.rows().first?.fault == .jsonKeyRepeated("a.b"))
    }

    @Test func `An object where text is wanted is a fault`() throws {
        #expect(try SourceText.native(#"{"unit":{"code":1}}"#).rows().first?.fault == .jsonNotText("unit"))
        #expect(try SourceText.native(#"{"unit":[]}"#).rows().first?.fault == .jsonNotText("unit"))
    }

    @Test(arguments: [
        (#"{"unit":1,"unit":2}"#, "unit"), (#"{"unit":null,"un\u0069t":2}"#, "unit"),
        (#"{"unit":"","x":1,"x":2}"#, "x"), (#"{"x":[{"y":1,"y":1}]}"#, "y"),
    ])
    func `A key that an object has twice is a fault`(text: String, key: String) throws {
        #expect(try SourceText.native(text).rows().first?.fault == .jsonKeyRepeated(key))
    }

    @Test(arguments: [
        ("{", 2), (#"{"unit":01}"#, 10), (#"{"unit":1,}"#, 11), (#"{"unit" 1}"#, 9), (#"{"unit":.5}"#, 9),
        (#"{"unit":tru}"#, 12), (#"{"unit":"a"#, 11), (#"{"unit":"\x"}"#, 11), (#"{"unit":"\ud83d"}"#, 16),
        (#"{"unit":"\udc00"}"#, 16), (#"{"unit":"\u12g4"}"#, 14), ("{\"unit\":\"a\tb\"}", 11), (#"{'unit':1}"#, 2),
        (#"{"unit":1} x"#, 12), (#"{"unit":-}"#, 10), (#"{"unit":1.}"#, 11), (#"{"unit":1e}"#, 11),
        (#"{"unit":NaN}"#, 9), (#"{"x":[1,]}"#, 9), ("x", 1), (#"{"unit":"a"}{"#, 13), ("{\"unit\":\u{0}}", 9),
    ])
    func `What RFC 8259 does not allow is refused at its byte`(text: String, byte: Int) throws {
        let rows = try SourceText.native(text + "\n{\"unit\":\"next\"}\n").rows()
        #expect(rows.map(\.fault) == [.jsonMalformed(byte: byte), nil])
        #expect(rows.last?.submission?.unit == "next")
    }

    @Test(arguments: ["[]", "1", "\"x\"", "null", "[{\"unit\":1}]"])
    func `JSON that is no object is a fault`(text: String) throws {
        #expect(try SourceText.native(text).rows().first?.fault == .jsonNotObject)
    }

    @Test func `Nesting ends at 32 levels`() throws {
        func nested(_ depth: Int) -> String {
            #"{"x":"# + String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1) + "}"
        }
        let source = try SourceText.ndjson(nested(32) + "\n" + nested(33) + "\n", fields: "{dossier_code: code}")
        #expect(try source.rows().map(\.fault) == [nil, .jsonTooDeep])
        let endless = String(repeating: "[", count: 1 << 19)
        #expect(try SourceText.native(endless).rows().first?.fault == .jsonTooDeep)
    }

    @Test func `A line longer than 1 MiB or not UTF-8 is reported and the next one is read`() throws {
        let long = String(repeating: "x", count: SubmissionReader.largestRecord)
        var source = SourceText.native("{\"unit\":\"\(long)\"}\n{\"unit\":\"")
        source.bytes += [0xC0, 0xAF] + Array("\"}\n{\"unit\":\"next\"}".utf8)
        let rows = try source.rows()
        #expect(rows.map(\.fault) == [.tooLong, .notUTF8, nil])
        #expect(rows.map(\.line) == [1, 2, 3])
    }

    @Test func `A native line has only the fields that say something, escaped`() throws {
        var submission = Submission()
        submission.dossierCode = "A\"\\\n\u{1}/đ"
        submission.applicantID = "x"
        let line = String(decoding: submission.nativeLine(), as: UTF8.self)
        #expect(line == #"{"dossier_code":"A\"\\\n\u0001/đ","applicant_id":"x"}"# + "\n")
        #expect(String(decoding: Submission().nativeLine(), as: UTF8.self) == "{}\n")
    }

    @Test func `A native line of every field is read back as it was`() throws {
        var submission = Submission()
        for field in Field.allCases { submission[field] = "\(field.rawValue) \u{0}\t\r\u{7F}\u{2028}\"\\😀" }
        let rows = try SourceText(submission.nativeLine(), .native).rows()
        #expect(rows.map(\.submission) == [submission])
    }
}
