import Dossiers
import Mapping
import Testing

@Suite struct TimestampTests {
    private func read(_ text: String, as format: String, zone: String? = "Europe/Amsterdam") throws -> String? {
        let zoneLine = zone.map { "time_zone: \($0)\n" } ?? ""
        let yaml = "format: csv\n\(zoneLine)timestamps: \"\(format)\"\nfields: {dossier_code: c, due_at: t}\n"
        let source = SourceText(Array("c,t\nA,\"\(text)\"\n".utf8), try MappingFile(yaml: yaml, name: "test.yaml"))
        return try source.rows().first?.submission?.dueAt
    }

    @Test(arguments: [
        ("2011-10-11 13:42:22.688000+02:00", "2011-10-11T13:42:22.688+02:00"),
        ("2011-10-11T13:42:22Z", "2011-10-11T13:42:22Z"),
        ("2011-10-11T13:42:22-0330", "2011-10-11T13:42:22-03:30"),
        ("2011-10-11 13:42:22.688", "2011-10-11T13:42:22.688+02:00"),
        ("2011-12-11T13:42", "2011-12-11T13:42:00+01:00"),
        ("2011-12-11", "2011-12-11T00:00:00+01:00"),
        ("1965-12-11 23:59:59.5", "1965-12-11T23:59:59.5+01:00"),
    ])
    func `ISO 8601 in its many spellings becomes RFC 3339`(text: String, expected: String) throws {
        #expect(try read(text, as: "iso8601") == expected)
    }

    @Test(arguments: [
        ("yyyyMMddHHmmss", "20220301090000", "2022-03-01T09:00:00+01:00"),
        ("yyyyMMddHHmmss", "20220701", "2022-07-01T00:00:00+02:00"),
        ("dd/MM/yyyy HH:mm", "01/03/2022 9:05", "2022-03-01T09:05:00+01:00"),
        ("dd/MM/yyyy HH:mm:ss", "1/3/2022 09:00:59", "2022-03-01T09:00:59+01:00"),
        ("dd/MM/yyyy HH:mm[:ss]", "01/03/2022", "2022-03-01T00:00:00+01:00"),
        ("epoch_seconds", "1646121600", "2022-03-01T09:00:00+01:00"),
        ("epoch_milliseconds", "1646121600250", "2022-03-01T09:00:00.250000+01:00"),
    ])
    func `The other formats become RFC 3339 as well`(format: String, text: String, expected: String) throws {
        #expect(try read(text, as: format) == expected)
    }

    @Test func `A time that summer time skipped is moved, and one that happens twice means the first`() throws {
        #expect(try read("2022-03-27 02:30:00", as: "iso8601") == "2022-03-27T03:30:00+02:00")
        #expect(try read("2022-10-30 02:30:00", as: "iso8601") == "2022-10-30T02:30:00+02:00")
    }

    @Test(arguments: [
        ("iso8601", "yesterday"), ("iso8601", "2022-02-29"), ("iso8601", "2022-03-01T24:00:00"),
        ("iso8601", "2022-03-01T09:00:00+7"), ("iso8601", "2022-03-01 09:00:00 "), ("iso8601", "99999-01-01"),
        ("yyyyMMddHHmmss", "2022030109"), ("yyyyMMddHHmmss", "20221301000000"),
        ("dd/MM/yyyy HH:mm[:ss]", "03-01-2022"), ("dd/MM/yyyy HH:mm[:ss]", "31/04/2022"),
        ("epoch_seconds", "-1"), ("epoch_seconds", "99999999999999999999"), ("epoch_seconds", "9999999999999"),
        ("epoch_milliseconds", "1.5"), ("epoch_milliseconds", "999999999999999"),
    ])
    func `What cannot be read passes word for word`(format: String, text: String) throws {
        #expect(try read(text, as: format) == text)
    }

    @Test func `Without a time zone only timestamps with an offset are understood`() throws {
        #expect(try read("2022-03-01 09:00:00", as: "iso8601", zone: nil) == "2022-03-01 09:00:00")
        #expect(try read("2022-03-01 09:00:00+07", as: "iso8601", zone: nil) == "2022-03-01T09:00:00+07:00")
        #expect(try read("0", as: "epoch_seconds", zone: nil) == "1970-01-01T00:00:00Z")
    }
}
