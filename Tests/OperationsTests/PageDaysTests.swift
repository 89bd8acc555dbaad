import Dossiers
@testable import Operations
import Store
import Testing

/// The days of periods.
struct PageDaysTests {
    private func day(_ text: String) throws -> Day { try #require(Day(iso8601: text)) }

    private func days(_ period: PageQuestion.Period, today: String, last: String? = nil) throws -> [String?] {
        let question = PageQuestion().with { $0.period = period }
        let span = try last.map { try day("2020-03-04")...(try day($0)) }
        let days = PageDays(question, today: try day(today), span: span)
        return [days.from?.description, days.to?.description]
    }

    @Test func `Periods begin and end with whole months`() throws {
        #expect(try days(.month, today: "2026-12-31") == ["2026-12-01", "2027-01-01"])
        #expect(try days(.lastMonth, today: "2026-01-15") == ["2025-12-01", "2026-01-01"])
        #expect(try days(.quarter, today: "2026-11-27") == ["2026-10-01", "2027-01-01"])
        #expect(try days(.year, today: "2026-11-27") == ["2026-01-01", "2027-01-01"])
        #expect(try days(.lastYear, today: "2026-11-27") == ["2025-01-01", "2026-01-01"])
        #expect(try days(.all, today: "2026-11-27") == [nil, nil])
    }

    @Test func `The latest months are those up to the last day with figures, never those to come`() throws {
        #expect(try days(.latest, today: "2026-11-27", last: "2022-12-30") == ["2022-01-01", "2023-01-01"])
        #expect(try days(.latest, today: "2026-11-27", last: "2026-12-05") == ["2025-12-01", "2026-12-01"])
        #expect(try days(.latest, today: "2026-11-27") == ["2025-12-01", "2026-12-01"])
    }

    @Test func `A period is compared with the one before it and with the same one a year earlier`() throws {
        let quarter = PageDays(from: try day("2026-01-01"), to: try day("2026-04-01"))
        #expect(try quarter.before == PageDays(from: day("2025-10-01"), to: day("2026-01-01")))
        #expect(try quarter.yearBefore == PageDays(from: day("2025-01-01"), to: day("2025-04-01")))
        let week = PageDays(from: try day("2024-02-26"), to: try day("2024-03-04"))
        #expect(try week.before == PageDays(from: day("2024-02-19"), to: day("2024-02-26")))
        let leap = PageDays(from: try day("2024-02-29"), to: try day("2024-03-01"))
        #expect(try leap.yearBefore?.from == day("2023-02-28"))
        #expect(PageDays(from: nil, to: nil).before == nil)
    }

    @Test func `A trend has few enough parts to be seen, and those without figures too`() throws {
        let span = try day("2016-01-05")...(try day("2026-11-27"))
        let year = PageDays(from: try day("2026-01-01"), to: try day("2027-01-01"))
        #expect(year.step(within: span) == .month)
        // Nothing is drawn of what is to come.
        #expect(year.keys(by: .month, within: span).last == "2026-11")
        #expect(year.keys(by: .month, within: span).count == 11)
        let month = PageDays(from: try day("2026-02-01"), to: try day("2026-03-01"))
        #expect(month.step(within: span) == .day && month.keys(by: .day, within: span).count == 28)
        let quarter = PageDays(from: try day("2026-01-01"), to: try day("2026-04-01"))
        #expect(quarter.step(within: span) == .week)
        #expect(quarter.keys(by: .week, within: span).first == "2026-W01")
        #expect(quarter.keys(by: .week, within: span).count == 14)
        let all = PageDays(from: nil, to: nil)
        #expect(all.step(within: span) == .quarter && all.keys(by: .quarter, within: span).count == 44)
        #expect(all.keys(by: .day, within: nil).count == 1)
    }
}
