import Dossiers
import Testing
import TestSupport

@Suite struct TimeTests {
    @Test func `Days round-trip through their components for four centuries`() throws {
        let first = try #require(Day(year: 1900, month: 1, day: 1))
        let last = try #require(Day(year: 2299, month: 12, day: 31))
        var expected = (year: 1900, month: 1, day: 1)
        for day in first...last {
            let parts = day.components
            guard parts == expected else {
                Issue.record("\(day.number): \(parts) instead of \(expected)")
                return
            }
            guard Day(iso8601: day.description) == day else {
                Issue.record("\(day) does not read itself")
                return
            }
            expected.day += 1
            if Day(year: expected.year, month: expected.month, day: expected.day) == nil {
                expected = expected.month == 12 ? (expected.year + 1, 1, 1) : (expected.year, expected.month + 1, 1)
            }
        }
    }

    @Test(arguments: ["2022-02-29", "2022-13-01", "2022-00-10", "2022-1-1", "22-01-01", "2022-01-01 ", "２022-01-01"])
    func `Dates that do not exist are no days`(text: String) {
        #expect(Day(iso8601: text) == nil)
    }

    @Test(arguments: [
        ("2021-01-03", "2020-W53", "2021-Q1"), ("2021-01-04", "2021-W01", "2021-Q1"),
        ("2024-12-30", "2025-W01", "2024-Q4"), ("2022-07-01", "2022-W26", "2022-Q3"),
    ])
    func `Weeks follow ISO 8601 and quarters the year`(text: String, week: String, quarter: String) throws {
        let day = try #require(Day(iso8601: text))
        #expect(day.week == week)
        #expect(day.quarter == quarter)
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", Int64(0)), ("1970-01-01T07:00:00+07:00", 0), ("1969-12-31T23:59:59Z", -1_000_000),
        ("2011-10-11T13:42:22.688+02:00", 1_318_333_342_688_000),
        ("2022-03-01 09:00:00.1234567+07:00", 1_646_100_000_123_456),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
    ])
    func `RFC 3339 is read to the microsecond`(text: String, microseconds: Int64) {
        #expect(Instant(rfc3339: text)?.microseconds == microseconds)
    }

    @Test(arguments: [
        "", "2022-03-01", "2022-03-01T09:00:00", "2022-03-01T24:00:00Z", "2022-02-29T00:00:00Z", "1899-01-01T00:00:00Z",
        "2200-01-01T00:00:00Z", "2022-03-01T09:00:00+0700", "2022-03-01T09:00:00.+07:00", "2022-03-01T09:00:00ZZ",
        "2022-03-01T09:00:00.1234567890Z", "20220301090000", "2022-03-01T09:00:00.", "2022-03-01T09:00:00+25:00",
    ])
    func `What is not RFC 3339 with an offset is no moment`(text: String) {
        #expect(Instant(rfc3339: text) == nil)
    }

    @Test func `Moments write themselves so that they read the same`() {
        var generator = SeededNumbers(seed: 11)
        for _ in 0..<5_000 {
            let moment = Instant(
                microseconds: Int64.random(in: -2_000_000_000_000_000...7_000_000_000_000_000, using: &generator))
            let offset = Int.random(in: -14 * 60...14 * 60, using: &generator) * 60
            #expect(Instant(rfc3339: moment.rfc3339(offsetSeconds: offset)) == moment)
        }
    }

    @Test func `The local day begins at local midnight`() throws {
        var zone = try #require(LocalZone(identifier: "Asia/Ho_Chi_Minh"))
        let before = try #require(Instant(rfc3339: "2022-03-01T16:59:59.999999Z"))
        let after = try #require(Instant(rfc3339: "2022-03-01T17:00:00Z"))
        #expect(zone.day(of: before).description == "2022-03-01")
        #expect(zone.day(of: after).description == "2022-03-02")
    }

    @Test func `A zone with summer time moves its midnight`() throws {
        var zone = try #require(LocalZone(identifier: "Europe/Amsterdam"))
        let summer = try #require(Instant(rfc3339: "2011-07-01T22:00:00Z"))
        let winter = try #require(Instant(rfc3339: "2011-12-01T22:30:00Z"))
        #expect(zone.day(of: summer).description == "2011-07-02")
        #expect(zone.day(of: winter).description == "2011-12-01")
        // 02:30 on the night of the change happens twice in October (the first counts) and never in March.
        let twice = zone.instant(localYear: 2011, month: 10, day: 30, hour: 2, minute: 30, second: 0)
        #expect(twice?.rfc3339() == "2011-10-30T00:30:00Z")
        let skipped = zone.instant(localYear: 2011, month: 3, day: 27, hour: 2, minute: 30, second: 0)
        #expect(skipped?.rfc3339() == "2011-03-27T01:30:00Z")
    }

    /// Moments at which the zone's offset changed, by a whole number of quarters or not, and those around them.
    @Test(arguments: [
        "1911-04-30T16:53:30Z", "1912-12-31T16:00:00Z", "1942-12-31T16:00:00Z", "1945-03-14T15:00:00Z",
        "1959-12-31T16:00:00Z", "1975-06-12T16:00:00Z", "2022-03-01T02:00:00Z",
    ])
    func `The offset at a moment does not depend on what was asked before`(around: String) throws {
        let middle = try #require(Instant(rfc3339: around)).microseconds
        let moments = (-40...40).map { Instant(microseconds: middle + $0 * 47_000_000) }
        let alone = try moments.map { moment in
            var zone = try #require(LocalZone(identifier: "Asia/Ho_Chi_Minh"))
            return zone.offsetSeconds(at: moment)
        }
        var zone = try #require(LocalZone(identifier: "Asia/Ho_Chi_Minh"))
        #expect(moments.map { zone.offsetSeconds(at: $0) } == alone)
        #expect(moments.reversed().map { zone.offsetSeconds(at: $0) } == alone.reversed())
    }
}
