import Foundation
import TestSupport
import Testing

/// Figures that are explained down to the dossiers, and those of earlier moments.
@Suite(.takingTurns) struct ExplanationTests {
    @Test func `Figures add up from dossiers, and those of an earlier moment stay what they were`() async throws {
        try await Office.open { office async throws in
            let sample = try await Program.run(["sample", "--count", "400"])
            let lines = sample.output.split(separator: "\n")
            let first = try office.folder.write(lines.prefix(300).joined(separator: "\n") + "\n", to: "a.ndjson")
            let second = try office.folder.write(lines.suffix(100).joined(separator: "\n") + "\n", to: "b.ndjson")
            #expect(try await office.run(["send", first]).status == 0)
            try await office.until("everything is folded") { try await office.total([]) == 300 }
            let before = try await office.rows([])
            let moment = Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
            // The clocks are one; what comes now is later.
            try await Task.sleep(for: .milliseconds(20))
            #expect(try await office.run(["send", second]).status == 0)
            try await office.until("everything is folded") { try await office.total([]) == 400 }
            #expect(try await office.rows(["--as-of", moment]) == before)
            #expect(try await office.total(["--as-of", moment]) == 300)

            for metric in ["share_of_all", "online_766", "postal_submit", "postal_return", "on_time"] {
                for moment in [[], ["--as-of", moment]] {
                    let explained = try await office.query(
                        ["adoption", "explain", "--metric", metric, "--limit", "1000"] + moment)
                    #expect(explained["agrees"] as? Bool == true)
                    let total = try await office.query(["adoption", "--metric", metric, "--by", "year"] + moment)
                    let sum = try #require(total["total"] as? [String: Any])
                    let dossiers = try #require(explained["dossiers"] as? [[String: Any]])
                    #expect(dossiers.count == (moment.isEmpty ? 400 : 300))
                    let places = dossiers.compactMap { $0["counts_in"] as? String }
                    let numerator = places.count { $0 == "numerator" }
                    #expect(explained["numerator"] as? Int == numerator)
                    if metric != "share_of_all" { #expect(sum["numerator"] as? Int == numerator) }
                    #expect(explained["denominator"] as? Int == places.count { $0 != "left_out" })
                }
            }
            let text = try await office.run(["adoption", "explain", "--language", "vi", "--limit", "3"])
            #expect(text.status == 0 && text.output.contains("tử số và mẫu số"))

            let change = try await office.query(["adoption", "diff", moment])
            #expect((change["restatements"] as? [Any])?.count == 100)
            #expect((change["causes"] as? [String: Int])?["late_arrival"] == 100)
            #expect(try await office.run(["adoption", "diff", "2090-01-01"]).status == 64)
            #expect(try await office.run(["adoption", "--as-of", "yesterday"]).status == 64)
        }
    }

    @Test func `While a sender has entries that have not arrived, the answer says between what the rate lies`()
        async throws
    {
        try await Office.open { office async throws in
            let sample = try await Program.run(["sample", "--count", "200"])
            let file = try office.folder.write(sample.output, to: "a.ndjson")
            #expect(try await office.run(["send", file]).status == 0)
            try await office.until("everything is folded") { try await office.total([]) == 200 }
            let calm = try await office.run(["adoption", "--by", "year"])
            #expect(!calm.output.contains("certainly"))
            // It announces what nobody stores while the workers stand still.
            let workers = office.children("worker")
            for pid in workers { kill(pid, SIGSTOP) }
            try await office.announce(51)
            let answer = try await office.query(["adoption", "--by", "year"])
            let outstanding = try #require(answer["outstanding"] as? [String: Any])
            #expect(outstanding["entries"] as? Int == 51)
            let bounds = try #require((outstanding["bounds"] as? [String: [String: Double]])?["postal"])
            let total = try #require(answer["total"] as? [String: Any])
            let postal = try #require((total["channels"] as? [String: [String: Any]])?["postal"])
            let (count, share) = (try #require(postal["count"] as? Int), try #require(postal["share"] as? Double))
            #expect(abs((bounds["lower"] ?? 1) - Double(count) / 251) < 0.000_01)
            #expect(abs((bounds["upper"] ?? 0) - Double(count + 51) / 251) < 0.000_01)
            #expect((bounds["lower"] ?? 1) <= share && share <= (bounds["upper"] ?? 0))
            let table = try await office.run(["adoption", "--by", "year"])
            #expect(
                table.output.contains("certainly between") && table.output.contains("at most 51 dossiers outstanding"))
            for pid in workers { kill(pid, SIGCONT) }
        }
    }
}

extension Office {
    fileprivate func total(_ more: [String]) async throws -> Int {
        let report = try await query(["adoption", "--by", "year"] + more)
        return (report["total"] as? [String: Any])?["total"] as? Int ?? -1
    }

    /// The rows of an answer, as text.
    fileprivate func rows(_ more: [String]) async throws -> String {
        try await run(["adoption", "--by", "day,unit,procedure,channel", "--format", "csv"] + more).output
    }

    /// Notes in the database that the sender has assigned so many numbers more, as a greeting would.
    fileprivate func announce(_ count: Int) async throws {
        let settings = try String(contentsOfFile: configuration, encoding: .utf8)
        let url = try #require(settings.firstMatch(of: /url: "([^"]+)"/)).1
        let outcome = try await Program.run(
            [
                "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", String(url), "-c",
                "UPDATE hoso.sender_epoch SET head = greatest(head, contiguous) + \(count)",
            ], program: "/usr/bin/psql")
        #expect(outcome.status == 0, "\(outcome.error)")
    }
}
