import Dossiers
import Mapping
import Testing

@Suite struct CSVTests {
    private static let header = "code,at,channel,name\n"

    @Test func `A row becomes a submission with its time in RFC 3339 and its channel translated`() throws {
        let row = try #require(try SourceText.csv(Self.header + "A-1,2022-03-01 09:00:00,Desk,Test\n").rows().first)
        #expect(row.line == 2)
        #expect(row.submission?.dossierCode == "A-1")
        #expect(row.submission?.receivedAt == "2022-03-01T09:00:00+07:00")
        #expect(row.submission?.channel == "in_person")
        #expect(row.submission?.applicantName == "Test")
        #expect(row.submission?.unit == "")
    }

    @Test func `A value that the table lacks passes unchanged`() throws {
        let rows = try SourceText.csv(Self.header + "A-1,,Intern,\nA-2,,internet,\n").rows()
        #expect(rows.map { $0.submission?.channel } == ["Intern", "internet"])
    }

    @Test(arguments: ["online", "3", "in_person"])
    func `A value that the table lacks is never taken for a code of ours`(value: String) throws {
        let rows = try SourceText.csv("code,at,channel,name\nA,2022-03-01T09:00:00,\(value),x\n").rows()
        #expect(rows.first?.submission?.channel == "?" + value)
    }

    @Test func `Byte order mark, CRLF, empty lines and a missing last line end are tolerated`() throws {
        let rows = try SourceText.csv("\u{FEFF}code,at,channel,name\r\n\r\nA-1,,,x\r\n\r\nA-2,,,y").rows()
        #expect(rows.map { $0.submission?.dossierCode } == ["A-1", "A-2"])
        #expect(rows.map { $0.submission?.applicantName } == ["x", "y"])
        #expect(rows.map(\.line) == [3, 5])
    }

    @Test func `Quoted columns hold delimiters, line ends and doubled quotation marks`() throws {
        let text = Self.header + "A-1,,,\"x, \"\"y\"\"\r\nz\"\r\n\"A-2\",\"\",\"\",\"\"\"\"\nA-3,,,5\" pipe\n"
        let rows = try SourceText.csv(text).rows()
        #expect(rows.map { $0.submission?.applicantName } == ["x, \"y\"\r\nz", "\"", "5\" pipe"])
        #expect(rows.map(\.line) == [2, 4, 5])
    }

    @Test(arguments: [";", "|", "\t"])
    func `Other delimiters work`(delimiter: String) throws {
        let text = (Self.header + "A-1,,,x\n").replacing(",", with: delimiter)
        let written = delimiter == "\t" ? "\\t" : delimiter
        let rows = try SourceText.csv(text, head: "delimiter: \"\(written)\"\n").rows()
        #expect(rows.map { $0.submission?.applicantName } == ["x"])
    }

    @Test func `Columns may stand in any order among others that nobody reads`() throws {
        let rows = try SourceText.csv("x,name,y,channel,at,code\n1,Test,2,,,A-1\n").rows()
        #expect(rows.first?.submission?.dossierCode == "A-1")
        #expect(rows.first?.submission?.applicantName == "Test")
    }

    @Test func `A row with too few or too many columns is reported and the next one is read`() throws {
        let rows = try SourceText.csv(Self.header + "A-1,,\nA-2,,,,\nA-3,,,\n").rows()
        #expect(rows.map(\.fault) == [.columnCount(expected: 4, found: 3), .columnCount(expected: 4, found: 5), nil])
        #expect(rows.last?.submission?.dossierCode == "A-3")
    }

    @Test func `A quotation mark that is never closed costs one line only`() throws {
        let rows = try SourceText.csv(Self.header + "A-1,,,\"x\nA-2,,,y\n").rows()
        #expect(rows.map(\.fault) == [.quoteUnterminated, nil])
        #expect(rows.map(\.line) == [2, 3])
    }

    @Test func `Text after a closing quotation mark is reported with its column`() throws {
        let rows = try SourceText.csv(Self.header + "A-1,,\"x\"y,\nA-2,,,\n").rows()
        #expect(rows.map(\.fault) == [.quoteMisplaced(column: 3), nil])
    }

    @Test func `A row that is not UTF-8 is reported and the next one is read`() throws {
        var source = try SourceText.csv(Self.header + "A-1,,,")
        source.bytes += [0xE1, 0xBB, UInt8(ascii: "\n")] + Array("A-2,,,é\n".utf8)
        #expect(try source.rows().map(\.fault) == [.notUTF8, nil])
    }

    @Test func `A row longer than 1 MiB is reported and the next one is read`() throws {
        let long = String(repeating: "x", count: SubmissionReader.largestRecord)
        let rows = try SourceText.csv(Self.header + "A-1,,,\(long)\nA-2,,,\nA-3,,,\"\(long)\"\nA-4,,,\n").rows()
        #expect(rows.map(\.line) == [2, 3, 4, 5])
        #expect(rows.map { $0.fault == nil } == [false, true, false, true])
        #expect(rows.first?.fault == .tooLong)
    }

    @Test func `Rows that lie across the chunks of a file are read whole`() throws {
        let name = "\"" + String(repeating: "dòng\n", count: 200) + "\""
        let text = (1...1000).map { "A-\($0),,,\(name)\n" }.joined()
        let rows = try SourceText.csv(Self.header + text).rows()
        #expect(rows.map { $0.submission?.dossierCode } == (1...1000).map { "A-\($0)" })
        #expect(rows.last?.line == 2 + 999 * 201)
        #expect(rows.allSatisfy { $0.submission?.applicantName.count == 1000 })
    }

    @Test func `Of several rows with one key the first is the dossier`() throws {
        let text = Self.header + "A-1,,,x\nA-2,,,y\nA-1,,,z\n,,,w\n"
        let rows = try SourceText.csv(text, head: "key: code\n").rows()
        #expect(rows.map { $0.submission?.applicantName } == ["x", "y", nil])
        #expect(rows.last?.fault == .keyMissing("code"))
        #expect(rows.last?.line == 5)
    }

    @Test func `Every column that the header lacks or repeats is named at once, with the line of the mapping`() throws {
        let error = try #require(try SourceText.csv("code,name,name\n").error())
        #expect(error.code == .headerMismatch)
        #expect(error.problems.map(\.line) == [5, 6, 7])
        #expect(
            error.problems.map(\.reason) == [
                .missingColumn("at"), .missingColumn("channel"), .repeatedColumn("name"),
            ])
    }

    @Test(arguments: ["", "\n\r\n", "\u{FEFF}"])
    func `A file without a header row is refused`(text: String) throws {
        #expect(try SourceText.csv(text).error()?.code == .headerMissing)
    }

    @Test func `A header row that is not CSV is told from one that is not UTF-8`() throws {
        let error = try #require(try SourceText.csv("\"code\" ,at,channel,name\n").error())
        #expect(error.code == .headerUnreadable)
        #expect(error.sentences(in: .english).first?.contains("column 1") == true)
        var source = try SourceText.csv("")
        source.bytes = Array("code,".utf8) + [0xE1, 0x0A]
        #expect(try source.error()?.code == .encodingUnsupported)
    }

    @Test func `UTF-16 is refused`() throws {
        var source = try SourceText.csv("")
        source.bytes = [0xFF, 0xFE, 0x63, 0x00]
        #expect(try source.error()?.code == .encodingUnsupported)
    }
}
