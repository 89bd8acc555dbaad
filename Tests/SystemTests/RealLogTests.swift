import Foundation
import TestSupport
import Testing

@Suite(.takingTurns) struct RealLogTests {
    private static let log = Repository.data.appending(path: "wabo/receipt.csv.gz")
    private static let mapping = Repository.root.appending(path: "Tests/Fixtures/wabo.yaml").path

    private struct Expected: Decodable {
        let monthChannel: [String: [String: Int]]
        let timelinessByChannel: [String: [String: Int]]
    }

    /// Channels of the log under the channels of hoso; `Intern` is none.
    private static let channels = ["Internet": "online", "e-mail": "online", "Desk": "in_person", "Post": "postal"]

    private static func expected() throws -> Expected {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let file = log.deletingLastPathComponent().appending(path: "expected.json")
        return try decoder.decode(Expected.self, from: Data(contentsOf: file))
    }

    private static func translated(_ counts: [String: [String: Int]]) -> [String: [String: Int]] {
        counts.mapValues { months in
            months.reduce(into: [:]) { sums, pair in
                if let channel = channels[pair.key] { sums[channel, default: 0] += pair.value }
            }
        }
    }

    @Test(.enabled(if: Repository.exists(log), "../shared/data/wabo is not there"))
    func `The real log arrives as it was counted independently, also when it is sent again`() async throws {
        let expected = try Self.expected()
        try await Office.open(["--time-zone", "Europe/Amsterdam"]) { office async throws in
            let first = try await office.run(["send", Self.log.path, "--mapping", Self.mapping])
            #expect(first.status == 65)
            #expect(first.output.contains("1433 stored, 0 duplicate, 1 quarantined, 0 unreadable, 0 pending"))
            #expect(first.output.contains("receipt.csv.gz:") && first.output.contains("channel: "))
            #expect(first.output.contains("“Intern”"))
            try await Self.compare(office, expected)
            let second = try await office.run(["send", Self.log.path, "--mapping", Self.mapping])
            #expect(second.status == 65)
            #expect(second.output.contains("0 stored, 1433 duplicate, 1 quarantined"))
            try await Self.compare(office, expected)
        }
    }

    private static func compare(_ office: Office, _ expected: Expected) async throws {
        try await office.until("the ledger is folded") { try await office.run(["adoption", "verify"]).status == 0 }
        try await office.until("all is counted") {
            let total = try await office.query(["adoption", "--by", "month"])["total"] as? [String: Any]
            return total?["total"] as? Int == 1_433
        }
        let report = try await office.query(["adoption", "--by", "month"])
        #expect(report["time_zone"] as? String == "Europe/Amsterdam")
        var found: [String: [String: Int]] = [:]
        for row in try #require(report["rows"] as? [[String: Any]]) {
            let month = try #require(row["month"] as? String)
            for (channel, value) in try #require(row["channels"] as? [String: [String: Any]]) {
                let count = try #require(value["count"] as? Int)
                if count > 0 { found[month, default: [:]][channel] = count }
            }
        }
        #expect(found == translated(expected.monthChannel).filter { !$0.value.isEmpty })
        try await compareTimeliness(office, expected)
    }

    /// On time are those finished not after the due date among those finished that have one.
    private static func compareTimeliness(_ office: Office, _ expected: Expected) async throws {
        let report = try await office.query(["adoption", "--by", "channel", "--metric", "on_time"])
        var sums: [String: (onTime: Int, all: Int)] = [:]
        for (name, counts) in expected.timelinessByChannel {
            guard let channel = channels[name] else { continue }
            let onTime = (counts["early"] ?? 0) + (counts["on_time"] ?? 0)
            sums[channel, default: (0, 0)].onTime += onTime
            sums[channel, default: (0, 0)].all += onTime + (counts["late"] ?? 0)
        }
        let rows = try #require(report["rows"] as? [[String: Any]])
        #expect(rows.count == sums.count)
        for row in rows {
            let channel = try #require(row["channel"] as? String)
            #expect(row["numerator"] as? Int == sums[channel]?.onTime, "\(channel)")
            #expect(row["denominator"] as? Int == sums[channel]?.all, "\(channel)")
        }
    }
}
