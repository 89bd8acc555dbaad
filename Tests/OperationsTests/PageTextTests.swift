import Dossiers
@testable import Operations
import Store
import Testing

/// Numbers and dates as readers write them.
struct PageTextTests {
    private let vietnamese = PageText(language: .vietnamese)
    private let english = PageText(language: .english)

    @Test func `Percentages have the mark of their language, and nothing is not zero`() {
        #expect(vietnamese.percent(Rate(10, of: 14)) == "71,4\u{A0}%")
        #expect(english.percent(Rate(10, of: 14)) == "71.4%")
        #expect(vietnamese.percent(Rate(0, of: 0)) == "–" && english.percent(Rate(0, of: 9)) == "0.0%")
        #expect(vietnamese.number(1_258_000) == "1.258.000" && english.number(1_258_000) == "1,258,000")
    }

    @Test func `A change is that of the values that are shown`() {
        #expect(vietnamese.points(Rate(714, of: 1_000), since: Rate(357, of: 1_000)) == "+35,7\u{A0}điểm %")
        #expect(english.points(Rate(1, of: 3), since: Rate(1, of: 2)) == "−16.7\u{A0}points")
        #expect(english.points(Rate(5, of: 1_000), since: Rate(0, of: 7)) == "+0.5\u{A0}points")
        #expect(english.points(Rate(1, of: 2), since: Rate(2, of: 4)) == "±0.0\u{A0}points")
        #expect(english.points(Rate(1, of: 2), since: Rate(0, of: 0)) == nil)
    }

    @Test func `Days, months and moments are written as in the language`() throws {
        let day = try #require(Day(iso8601: "2022-01-05"))
        #expect(vietnamese.day(day) == "05/01/2022" && english.day(day) == "5 Jan 2022")
        #expect(vietnamese.bucket("2026-11", of: .month) == "11/2026")
        #expect(english.bucket("2026-11", of: .month) == "Nov 2026")
        #expect(vietnamese.bucket("2026-W05", of: .week) == "tuần 5/2026")
        #expect(english.bucket("2026-Q3", of: .quarter) == "Q3 2026")
        #expect(english.bucket("2022-01-05", of: .day) == "5 Jan 2022")
        let zone = try #require(LocalZone(identifier: "Asia/Ho_Chi_Minh"))
        let instant = try #require(Instant(rfc3339: "2026-11-27T18:05:59Z"))
        #expect(vietnamese.moment(instant.microseconds, in: zone) == "01:05 ngày 28/11/2026")
        #expect(english.moment(instant.microseconds, in: zone) == "01:05, 28 Nov 2026")
    }

    @Test func `Times are in the unit that suits them, whatever a clock says`() {
        #expect(
            [0, 99, 101, 7_200, 200_000].map(english.duration).map { $0.replacing("\u{A0}", with: " ") } == [
                "0 s", "99 s", "2 min", "2 h", "2 days",
            ])
        #expect(vietnamese.duration(-5) == "0\u{A0}giây")
        #expect(vietnamese.duration(.nan) == "0\u{A0}ngày")
    }

    @Test(
        arguments: [
            ("vi", Language.vietnamese), ("en-US,en;q=0.9,vi;q=0.8", .english),
            ("fr-FR, vi;q=0.4, en;q=0.3", .vietnamese),
            ("EN;q=0.5,VI-vn", .vietnamese), ("fr,de;q=0.2", nil), ("", nil), ("vi;q=0", nil),
            ("vi;q=x,en;q=0.1", .english),
        ] as [(String, Language?)])
    func `The language that is wanted most is spoken`(header: String, language: Language?) {
        #expect(Language(accepted: header) == language)
    }
}
