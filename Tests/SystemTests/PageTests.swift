import Foundation
import Observability
import TestSupport
import Testing

/// The page of operations, as browsers and their readers see it.
@Suite(.takingTurns, .enabled(if: Browser.program != nil, "no chromium is installed")) struct PageTests {
    /// Work with an office that has so many dossiers, and the address of its page.
    private static func withPage(
        _ dossiers: Int = 400, _ work: (Office, String) async throws -> Void
    ) async throws {
        let port = try FreePort.find()
        let environment = ["HOSO_OPERATIONS_LISTEN": "127.0.0.1:\(port)"]
        try await Office.open(environment: environment) { office async throws in
            try await send(dossiers, seed: 1, to: office)
            try await work(office, "http://127.0.0.1:\(port)")
        }
    }

    private static func send(_ count: Int, seed: Int, to office: Office) async throws {
        let sample = try await Program.run(["sample", "--count", "\(count)", "--seed", "\(seed)"])
        let file = try office.folder.write(sample.output, to: "sample-\(seed).ndjson")
        #expect(try await office.run(["send", file]).status == 0)
        try await office.until("all is folded") { try await office.run(["status"]).status == 0 }
    }

    @Test func `Figures on the page are those of the command line, in both languages`() async throws {
        try await Self.withPage { office, page in
            for metric in ["share_of_all", "online_766", "postal_submit", "postal_return", "on_time"] {
                let report = try await office.query(["adoption", "--by", "unit", "--metric", metric])
                let total = try #require(report["total"] as? [String: Any])
                let shares = try Self.shares(total)
                for language in ["vi", "en"] {
                    let visit = try await Browser.open("\(page)/?period=all&metric=\(metric)&lang=\(language)")
                    #expect(visit.status == 200 && visit.console.isEmpty, "\(visit.console)")
                    #expect(visit.dom.contains("<html lang=\"\(language)\""))
                    #expect(Self.sharesOfTiles(visit.dom) == shares, "\(metric)")
                }
                let rows = try #require(report["rows"] as? [[String: Any]])
                let visit = try await Browser.open("\(page)/?period=all&metric=\(metric)&lang=en", hasScript: false)
                for row in rows {
                    let code = try #require(row["unit"] as? String)
                    let count = try #require(row["total"] as? Int)
                    let shown = try #require(Self.row(of: code, in: visit.dom), "\(code)")
                    #expect(shown.contains(">\(Self.grouped(count))<"), "\(code): \(count)")
                    for percent in Self.percents(row) { #expect(shown.contains(percent), "\(code): \(percent)") }
                }
            }
        }
    }

    @Test func `Every page is whole on a telephone and on a desk, in both languages, and asks no other host`()
        async throws
    {
        try await Self.withPage { office, page in
            let report = try await office.query(["adoption", "--by", "unit"])
            let unit = try #require((report["rows"] as? [[String: Any]])?.first?["unit"] as? String)
            let procedures = try await office.query(["adoption", "--by", "procedure"])
            let procedure = try #require(
                (procedures["rows"] as? [[String: Any]])?.compactMap { $0["procedure"] as? String }.first {
                    !$0.isEmpty
                })
            let paths = [
                ("first", "/?period=all"), ("unit", "/units/\(unit)?period=all"),
                ("procedure", "/procedures/\(procedure)?period=all"), ("dossiers", "/dossiers?period=all"),
                ("senders", "/senders"), ("days", "/?period=days&from=2022-01-01&through=2022-01-31"),
            ]
            for (name, path) in paths {
                for (width, language) in [(390, "vi"), (390, "en"), (1_440, "vi"), (1_440, "en")] {
                    let visit = try await Browser.open(page + path, width: width, language: language, name: name)
                    #expect(visit.status == 200 && visit.console.isEmpty, "\(path): \(visit.console)")
                    #expect(visit.dom.contains("<html lang=\"\(language)\""))
                    #expect(visit.content <= visit.width, "\(path) at \(width)")
                    #expect(
                        visit.requests.allSatisfy { $0.hasPrefix(page + "/") || $0.hasPrefix("data:") },
                        "\(visit.requests)")
                    #expect(visit.headers["content-security-policy"]?.hasPrefix("default-src 'none';") == true)
                    #expect(visit.headers["x-content-type-options"] == "nosniff")
                    #expect(visit.dom.components(separatedBy: "<h1").count == 2)
                    Self.expectHeadingsInOrder(visit.dom)
                }
            }
        }
    }

    @Test func `Without a script the page says the same, and links and forms lead on`() async throws {
        try await Self.withPage { office, page in
            let plain = try await Browser.open("\(page)/?period=all&lang=vi", hasScript: false)
            let live = try await Browser.open("\(page)/?period=all&lang=vi")
            #expect(Self.sharesOfTiles(plain.dom) == Self.sharesOfTiles(live.dom))
            #expect(!plain.dom.contains("class=\"live\"") && live.dom.contains("class=\"live\""))
            for part in ["<form", "<table", "<svg", "<details", "<caption", "scope=\"col\"", "href=\"#main\""] {
                #expect(plain.dom.contains(part), "\(part)")
            }
            // Dossiers by pages of a hundred: five of them hold four hundred and none twice.
            var codes: Set<String> = []
            var next: String? = "/dossiers?lang=vi&period=all"
            var pages = 0
            while let path = next {
                let visit = try await Browser.open(page + path, hasScript: false)
                let found = Self.codes(visit.dom)
                #expect(codes.isDisjoint(with: found))
                codes.formUnion(found)
                pages += 1
                next = Self.linkToMore(visit.dom)
            }
            let report = try await office.query(["adoption", "--by", "year"])
            let total = (report["total"] as? [String: Any])?["total"] as? Int
            #expect(codes.count == total && pages == ((total ?? 0) + 99) / 100)
        }
    }

    @Test func `What arrives shows by itself`() async throws {
        try await Self.withPage(100) { office, page in
            async let visit = Browser.open(
                "\(page)/?period=all&lang=en", until: "of 300 dossiers")
            try await Self.send(200, seed: 2, to: office)
            let seen = try await visit
            #expect(seen.dom.contains("of 300 dossiers") && seen.console.isEmpty, "\(seen.console)")
        }
    }

    @Test func `What is not right is said on a page, in the reader's language`() async throws {
        try await Self.withPage(10) { office, page in
            let refused = try await office.page("/?metric=guess")
            #expect(refused.status == 400 && refused.body.contains("“metric”"))
            let nothing = try await Browser.open("\(page)/nowhere", language: "vi")
            #expect(nothing.status == 404 && nothing.dom.contains("Không có trang này"))
            #expect(try await office.page("/v1/nowhere").body.contains("<html") == false)
            #expect(try await office.page("/assets/page.css").status == 404)
            let server = try #require(office.server)
            kill(server, SIGSTOP)
            let away = try await office.page("/?lang=vi")
            kill(server, SIGCONT)
            #expect(away.status == 503 && away.body.contains("Chưa đọc được cơ sở dữ liệu"))
            #expect(away.body.contains("http-equiv=\"refresh\""))
            try await office.until("it is back") { try await office.page("/").status == 200 }
        }
    }

    @Test func `Nothing of a person is on any page`() async throws {
        try await Self.withPage(10) { office, page in
            // Those who handed in have a name and a number in every sample.
            let sample = try String(contentsOfFile: office.folder.path + "/sample-1.ndjson", encoding: .utf8)
            let lines = try sample.split(separator: "\n").map { line in
                try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            }
            let values = lines.flatMap(Self.personal)
            #expect(values.count >= 20)
            for path in ["/?period=all", "/dossiers?period=all", "/senders"] {
                let body = try await office.page(path).body
                for value in values { #expect(!body.contains(value), "\(path)") }
            }
        }
    }

    // MARK: What stands in documents

    /// Shares of a row of JSON, in the order of the page; -1 where there is none.
    private static func shares(_ row: [String: Any]) throws -> [Double] {
        guard let channels = row["channels"] as? [String: [String: Any]] else {
            return [row["share"] as? Double ?? -1]
        }
        return ["online", "postal", "in_person"].map { channels[$0]?["share"] as? Double ?? -1 }
    }

    /// The percentages that a row of JSON comes to, rounded half up in whole numbers.
    private static func percents(_ row: [String: Any]) -> [String] {
        var rates = [(row["numerator"] as? Int ?? 0, row["denominator"] as? Int ?? 0)]
        if let channels = row["channels"] as? [String: [String: Any]] {
            rates = channels.values.map { ($0["count"] as? Int ?? 0, row["total"] as? Int ?? 0) }
        }
        return rates.filter { $0.1 > 0 }.map { part, all in
            let tenths = (2_000 * part + all) / (2 * all)
            return "\(tenths / 10).\(tenths % 10)%"
        }
    }

    private static func sharesOfTiles(_ dom: String) -> [Double] {
        dom.components(separatedBy: "data-share=\"").dropFirst().map { part in
            Double(part.prefix { $0 != "\"" }) ?? -1
        }
    }

    /// The row of the table that leads to a unit's page.
    private static func row(of unit: String, in dom: String) -> String? {
        guard let start = dom.range(of: "\"/units/\(unit)?") else { return nil }
        return dom[start.lowerBound...].components(separatedBy: "</tr>").first
    }

    private static func grouped(_ number: Int) -> String {
        number < 1_000 ? "\(number)" : "\(number / 1_000),\(String(format: "%03d", number % 1_000))"
    }

    private static func codes(_ dom: String) -> Set<String> {
        guard let table = dom.components(separatedBy: "id=\"dossiers\"").last else { return [] }
        let names = table.components(separatedBy: "<th scope=\"row\">").dropFirst()
        return Set(names.map { String($0.prefix { $0 != "<" }) })
    }

    private static func linkToMore(_ dom: String) -> String? {
        guard let link = dom.components(separatedBy: "<p class=\"more\"><a href=\"").dropFirst().last else {
            return nil
        }
        return String(link.prefix { $0 != "\"" && $0 != "#" }).replacing("&amp;", with: "&")
    }

    /// No level of headings is left out.
    private static func expectHeadingsInOrder(_ dom: String) {
        var last = 0
        for part in dom.components(separatedBy: "<h").dropFirst() {
            guard let level = part.first?.wholeNumberValue else { continue }
            #expect(level <= last + 1, "\(part.prefix(60))")
            last = level
        }
    }

    private static func personal(_ submission: [String: Any]) -> [String] {
        submission.flatMap { name, value -> [String] in
            if let nested = value as? [String: Any] { return personal(nested) }
            guard name.hasPrefix("applicant_"), name != "applicant_kind", let text = value as? String
            else { return [] }
            return [text]
        }
    }
}

extension Office {
    /// What operations answers to who asks for a page.
    fileprivate func page(_ path: String) async throws -> HealthClient.Answer {
        try await HealthClient().get(
            path, from: folder.path + "/data/run/health/operations.sock", within: .seconds(90))
    }
}
