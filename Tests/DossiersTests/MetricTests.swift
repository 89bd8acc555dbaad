import Dossiers
import Testing

@Suite struct MetricTests {
    private func tally(_ dossiers: Int64, offered: Int64 = 0) -> Tally {
        var tally = Tally()
        tally.dossiers = dossiers
        tally.offered = offered
        return tally
    }

    @Test func `No data is not zero per cent`() {
        for metric in Metric.allCases {
            #expect(metric.rate(of: [:]).share == nil)
            #expect(metric.rate(of: [:]).percent(decimals: 1) == nil)
        }
    }

    @Test func `The 766 rate leaves postal dossiers and procedures that are not offered online out`() {
        let tallies: [Channel: Tally] = [
            .online: tally(30, offered: 20), .inPerson: tally(50, offered: 60), .postal: tally(40, offered: 40),
        ]
        #expect(Metric.online766.rate(of: tallies) == Rate(20, of: 80))
        #expect(Metric.postalSubmit.rate(of: tallies) == Rate(40, of: 120))
        #expect(Metric.shareOfAll.rate(of: tallies) == Rate(30, of: 120))
    }

    @Test func `On time leaves out what is unfinished or without a due date`() {
        var tally = Tally()
        tally.dossiers = 100
        tally.finished = 60
        tally.early = 20
        tally.onTheDay = 10
        tally.late = 10
        #expect(Metric.onTime.rate(of: [.online: tally]) == Rate(30, of: 40))
    }

    @Test func `Shares are rounded half up from whole numbers`() {
        // 10 of 14 communes 71.4 %, 5 of 14 35.7 %, as the district reported them.
        #expect(Rate(10, of: 14).percent(decimals: 1) == "71.4")
        #expect(Rate(5, of: 14).percent(decimals: 1, mark: ",") == "35,7")
        #expect(Rate(75, of: 85).share == 0.88235)
        #expect(Rate(1, of: 2000).percent(decimals: 1) == "0.1")
        #expect(Rate(1, of: 2001).percent(decimals: 1) == "0.0")
        #expect(Rate(3, of: 3).percent(decimals: 0) == "100")
    }

    @Test func `A sampling rate chooses that share, and the same dossiers each time`() throws {
        var dossiers: [String] = []
        for number in 0..<20_000 { dossiers.append("H36.26-220301-\(1000 + number)") }
        let policy = SurveyPolicy(samplingRate: 0.25)
        let chosen = try dossiers.filter { policy.selects(try dossier($0, .online)) }
        #expect(abs(chosen.count - 5_000) < 300)
        #expect(try chosen == dossiers.filter { policy.selects(try dossier($0, .online)) })
        #expect(try !SurveyPolicy(channels: [.postal]).selects(dossier("x", .online)))
        #expect(try !SurveyPolicy(samplingRate: 0).selects(dossier("x", .online)))
    }

    private func dossier(_ code: String, _ channel: Channel) throws -> Dossier {
        var submission = Submission()
        submission.dossierCode = code
        submission.codeGrammar = "opaque"
        submission.receivedAt = "2022-03-01T09:00:00+07:00"
        submission.unit = "H36"
        submission.channel = channel.code
        var validator = Validator(zone: try #require(LocalZone(identifier: "Asia/Ho_Chi_Minh")))
        let now = try #require(Instant(rfc3339: "2022-06-15T10:00:00+07:00"))
        guard case .accepted(let dossier) = validator.validate(submission, now: now) else { throw Unexpected() }
        return dossier
    }

    private struct Unexpected: Error {}
}
