import Demonstration
import Dossiers
import Testing

@Suite struct LamHaYearTests {
    private let year = LamHaYear(dossiers: 6_000)

    @Test func `The district of 2022 has 14 communes, 2 towns and about thirty procedures`() {
        #expect(LamHa.units.filter { $0.kind == "commune" }.count == 14)
        #expect(LamHa.units.filter { $0.kind == "town" }.count == 2)
        #expect(Set(LamHa.units.map(\.code)).count == LamHa.units.count)
        #expect((25...40).contains(LamHa.procedures.count))
        #expect(LamHa.procedures.allSatisfy { ProcedureCode.key(of: $0.code).map(String.init) == $0.code })
    }

    @Test func `The same seed gives the same year`() {
        #expect(LamHaYear(dossiers: 6_000).files.map(\.submissions) == year.files.map(\.submissions))
        #expect(LamHaYear(dossiers: 6_000, seed: 1).files.map(\.submissions) != year.files.map(\.submissions))
    }

    @Test func `The validator finds what the year says that it holds`() throws {
        let zone = try #require(LocalZone(identifier: "Asia/Ho_Chi_Minh"))
        var validator = Validator(zone: zone)
        let now = try #require(Instant(rfc3339: "2023-06-01T00:00:00+07:00"))
        var expectation = LamHaYear.Expectation()
        var seen: [String: Dossier] = [:]
        for submission in year.files.flatMap(\.submissions) {
            expectation.sent += 1
            switch validator.validate(submission, now: now) {
            case .rejected(let faults):
                #expect(faults.count == 1)
                for fault in faults { expectation.quarantined[fault.code.rawValue, default: 0] += 1 }
            case .accepted(let dossier):
                if let known = seen[dossier.code] {
                    if known == dossier {
                        expectation.duplicates += 1
                    } else {
                        expectation.quarantined[FaultCode.conflict.rawValue, default: 0] += 1
                    }
                } else {
                    seen[dossier.code] = dossier
                    expectation.stored[dossier.receivedOn.month, default: [:]][dossier.channel.code, default: 0] += 1
                }
            }
        }
        #expect(expectation == year.expectation)
        #expect(expectation.quarantinedCount > 10 && expectation.duplicates > 0)
    }

    @Test func `Online rises, and Monday is the busiest day`() throws {
        let stored = year.expectation.stored
        let share = { (month: String) -> Double in
            let counts = stored[month] ?? [:]
            return Double(counts["online"] ?? 0) / Double(max(1, counts.values.reduce(0, +)))
        }
        #expect(share("2022-12") > share("2022-01") + 0.1)
        var weekdays: [Int: Int] = [:]
        var zone = try #require(LocalZone(identifier: "Asia/Ho_Chi_Minh"))
        for submission in year.files.flatMap(\.submissions) {
            guard let received = Instant(rfc3339: submission.receivedAt) else { continue }
            weekdays[zone.day(of: received).weekday, default: 0] += 1
        }
        let monday = try #require(weekdays[1])
        for day in 2...7 { #expect(monday > (weekdays[day] ?? 0)) }
    }

    @Test func `Samples are all valid and different`() throws {
        let zone = try #require(LocalZone(identifier: "Asia/Ho_Chi_Minh"))
        var validator = Validator(zone: zone)
        let now = try #require(Instant(rfc3339: "2026-01-01T00:00:00+07:00"))
        var codes: Set<String> = []
        let samples = [1, 2].lazy.map { SampleSubmissions(count: 10_000, seed: $0) }.joined()
        for submission in samples {
            guard case .accepted(let dossier) = validator.validate(submission, now: now) else {
                Issue.record("\(submission.dossierCode) is rejected")
                return
            }
            codes.insert(dossier.code)
        }
        #expect(codes.count == 20_000)
    }
}
