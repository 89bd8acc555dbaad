import Dossiers
import Store
import Testing

@testable import Operations

/// The parts of the HTTP API that need neither a database nor a connection.
@Suite struct APIPartsTests {
    @Test func `A caller may ask ten seconds' worth at once, and then at a steady pace`() {
        var limit = RateLimit(perMinute: 60)
        let start = ContinuousClock.now
        for _ in 0..<10 { #expect(limit.take("a", at: start) == nil) }
        #expect(limit.take("a", at: start) == 1)
        #expect(limit.take("b", at: start) == nil, "another caller is another's business")
        #expect(limit.take("a", at: start.advanced(by: .milliseconds(500))) == 1)
        #expect(limit.take("a", at: start.advanced(by: .seconds(1))) == nil)
        #expect(limit.take("a", at: start.advanced(by: .seconds(1))) == 1)
        var slow = RateLimit(perMinute: 1)
        for _ in 0..<5 { #expect(slow.take("a", at: start) == nil) }
        #expect(slow.take("a", at: start) == 60)
        var none = RateLimit(perMinute: 0)
        for _ in 0..<1_000 { #expect(none.take("a", at: start) == nil) }
    }

    @Test func `However many callers come, few are remembered`() {
        var limit = RateLimit(perMinute: 600)
        let start = ContinuousClock.now
        for number in 0..<25_000 { #expect(limit.take("\(number)", at: start) == nil) }
        #expect(limit.count <= RateLimit.mostCallers)
    }

    @Test(arguments: [
        ("", Format.json), ("*/*", .json), ("text/csv", .csv), ("application/*", .json),
        ("text/csv;q=0.2, application/json; q=0.1", .csv), ("application/json;q=0, */*", .csv), ("TEXT/CSV", .csv),
    ])
    func `The format that is preferred is given`(accept: String, format: Format) {
        #expect(Format.preferred(by: accept, among: [.json, .csv]) == format)
    }

    @Test(arguments: ["image/png", "text/csv;q=x", "text/csv;q=0"])
    func `What is not there is not given`(accept: String) {
        #expect(Format.preferred(by: accept, among: [.json, .csv]) == nil)
    }

    @Test(arguments: [
        ("", Language.english), ("vi", .vietnamese), ("vi-VN,vi;q=0.9,en;q=0.8", .vietnamese),
        ("fr, en;q=0.5", .english),
        ("en;q=0.4, vi;q=0.6", .vietnamese), ("fr", .english), ("vi;q=0", .english),
    ])
    func `The language that is preferred is spoken`(accepted: String, language: Language) {
        #expect(Language(accepted: accepted, standard: .english) == language)
    }

    @Test func `A cursor leads on in its own question only`() {
        let cursor = Cursor(["17", "H36.31.01-220101-000001"]).text(of: "question")
        #expect(Cursor(cursor, of: "question")?.parts == ["17", "H36.31.01-220101-000001"])
        #expect(Cursor(cursor, of: "another") == nil)
        for text in ["", "abc", "====", "%%%", cursor + "A", String(cursor.dropLast(3))] {
            #expect(Cursor(text, of: "question")?.parts != ["17", "H36.31.01-220101-000001"], "\(text)")
        }
    }

    @Test func `A moment is read as people write it`() throws {
        let zone = try #require(LocalZone(identifier: "Asia/Ho_Chi_Minh"))
        let moments = [
            "2026-01-02", "2026-01-02T00:00", "2026-01-01T17:00:00Z", "2026-01-02T00:00:00%2B07:00",
            "2026-01-02T00:00:00+07:00",
        ]
        for text in moments {
            var query = QueryReader("as_of=\(text)")
            #expect(query.moment("as_of", in: zone) == 1_767_286_800_000_000, "\(text)")
            #expect(throws: Never.self) { try query.check() }
        }
        for text in ["2026", "2026-1-2", "yesterday", "2026-01-02T25", "", "%00"] {
            var query = QueryReader("as_of=\(text)")
            _ = query.moment("as_of", in: zone)
            #expect(query.malformed.map(\.name) == ["as_of"], "\(text)")
        }
        var never = QueryReader("as_of=2026-02-30T00:00")
        #expect(never.moment("as_of", in: zone) == nil && never.malformed.isEmpty && never.unanswerable.count == 1)
    }

    @Test func `A unit scope covers the units below it, and no others`() {
        let caller = Caller(name: "a", role: .read, units: ["H36.31"])
        for unit in ["H36.31", "H36.31.02", "H36.31.*", "H36.31.02.*"] { #expect(caller.mayAsk(of: unit), "\(unit)") }
        for unit in ["H36", "H36.*", "H36.310", "H36.32", "", "*", ".*"] {
            #expect(!caller.mayAsk(of: unit), "\(unit)")
        }
        #expect(caller.mayKnow(of: nil) && caller.mayKnow(of: Authority(units: ["H36"])))
        #expect(
            caller.mayKnow(of: Authority(units: ["H36.31.02"])) && !caller.mayKnow(of: Authority(units: ["H36.32"])))
    }

    @Test func `A secret that somebody shows is known by its digest`() {
        let secret = AccessSecret()
        #expect(AccessSecret(text: secret.revealed)?.digest == secret.digest && secret.digest.count == 32)
        #expect(AccessSecret().digest != secret.digest)
        for text in ["", "hoso_", secret.revealed + "A", String(secret.revealed.dropFirst()), "hoso_ä"] {
            #expect(AccessSecret(text: text) == nil, "\(text)")
        }
    }

    @Test func `Columns are named as in a spreadsheet, and texts have what XML may have`() {
        #expect([0, 25, 26, 51, 52, 701, 702].map(Workbook.name) == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"])
        #expect(Workbook.escaped("<a & \"b\">\u{1}\n") == "&lt;a &amp; &quot;b&quot;&gt;\u{FFFD}&#10;")
    }
}
