import Foundation
import TestSupport
import Testing

/// The HTTP API of a running `hoso operations`, asked as others ask it.
@Suite(.takingTurns) struct APITests {
    @Test func `The API says of adoption what the command line says, and says when that has changed`() async throws {
        try await Office.open { office async throws in
            try await office.send(lines: try await sample(120), 120)
            try await office.serving { api async throws in
                let questions: [(path: String, arguments: [String])] = [
                    ("", []), ("?by=day,unit,channel", ["--by", "day,unit,channel"]),
                    ("?metric=on_time&by=procedure", ["--metric", "on_time", "--by", "procedure"]),
                    ("?from=2022-01-01&to=2022-01-02&by=", ["--from", "2022-01-01", "--to", "2022-01-02", "--by", ""]),
                    ("?unit=H36.31.01&unit=H36.31.02", ["--unit", "H36.31.01", "--unit", "H36.31.02"]),
                ]
                for (path, arguments) in questions {
                    let told = try await api.get("/v1/adoption" + path)
                    let said = try await office.run(["adoption", "--format", "json"] + arguments)
                    #expect(told.status == 200 && told.text == said.output, "\(path)")
                }
                let others = [
                    ("/v1/reconciliation?sender=local", ["reconcile", "local"]), ("/v1/quarantine", ["quarantine"]),
                    (
                        "/v1/adoption/diff?from=2020-01-01T00:00:00Z&to=2026-01-01&channel=postal",
                        ["adoption", "diff", "2020-01-01T00:00:00Z", "2026-01-01", "--channel", "postal"]
                    ),
                ]
                for (path, arguments) in others {
                    let said = try await office.run(arguments + ["--format", "json"])
                    #expect(try await api.get(path).text == said.output, "\(path)")
                }
                let all = try await api.get("/v1/adoption?unit=H36.*")
                #expect(try #require(all.object["total"] as? [String: Any])["total"] as? Int == 120)

                let first = try await api.get("/v1/adoption")
                let tag = try #require(first.field("ETag"))
                #expect(tag.hasPrefix("W/\"") && first.field("Cache-Control") == "private, no-cache")
                let second = try await api.get("/v1/adoption", ["If-None-Match": "\"other\", \(tag)"])
                #expect(second.status == 304 && second.text.isEmpty && second.field("ETag") == tag)
                let other = try await api.get("/v1/adoption?by=unit", ["If-None-Match": tag])
                #expect(other.status == 200)
                try await office.send(lines: try await sample(10, seed: 2), 130)
                let third = try await api.get("/v1/adoption", ["If-None-Match": tag])
                #expect(third.status == 200 && third.field("ETag") != tag && third.text.contains("\"total\":130"))
            }
        }
    }

    @Test func `Whatever is wrong with a question is told as a problem`() async throws {
        try await Office.open { office async throws in
            try await office.serving { api async throws in
                let problems: [(path: String, status: Int, type: String)] = [
                    ("/v1/adoption?metric=x", 400, "invalid-parameters"),
                    ("/v1/adoption?from=2022", 400, "invalid-parameters"),
                    ("/v1/adoption?by=month,month", 400, "invalid-parameters"),
                    ("/v1/adoption?unit=%00", 400, "invalid-parameters"),
                    ("/v1/adoption?unit=%FF", 400, "invalid-parameters"),
                    ("/v1/adoption?metric=on_time&metric=on_time", 400, "invalid-parameters"),
                    ("/v1/adoption/explain?limit=0", 400, "invalid-parameters"),
                    ("/v1/adoption/diff", 400, "invalid-parameters"),
                    ("/v1/senders?format=xlsx", 400, "invalid-parameters"),
                    ("/v1/adoption?from=2022-02-30", 422, "unanswerable"),
                    ("/v1/adoption?from=2022-02-02&to=2022-02-01", 422, "unanswerable"),
                    ("/v1/adoption?as_of=2190-01-01", 422, "unanswerable"),
                    ("/v1/adoption/explain?cursor=abcd", 422, "unanswerable"),
                    ("/v1/reconciliation?sender=nobody", 404, "not-found"),
                    ("/v1/trace/none", 404, "not-found"), ("/v1/none", 404, "not-found"), ("/v1", 404, "not-found"),
                ]
                for (path, status, type) in problems {
                    let answer = try await api.get(path)
                    #expect(answer.status == status, "\(path)")
                    #expect(answer.field("Content-Type") == "application/problem+json", "\(path)")
                    let problem = try answer.object
                    #expect(problem["type"] as? String == "urn:hoso:problem:\(type)", "\(path)")
                    #expect(problem["status"] as? Int == status, "\(path)")
                }
                let several = try await api.get("/v1/adoption?metrc=x&by=x", ["Accept-Language": "vi, en;q=0.5"])
                let faults = try #require(several.object["parameters"] as? [[String: String]])
                #expect(faults.compactMap { $0["name"] } == ["by", "metrc"])
                #expect(faults.last?["reason"] == "không có tham số này")
                #expect(several.field("Content-Language") == "vi")

                let posted = try await api.get("/v1/senders", method: "DELETE")
                #expect(posted.status == 405 && posted.field("Allow") == "GET, HEAD")
                let image = try await api.get("/v1/senders", ["Accept": "image/png, text/html"])
                #expect(image.status == 406)
                let head = try await api.get("/v1/senders", method: "HEAD")
                #expect(head.status == 200 && head.text.isEmpty && head.field("Content-Type") == "application/json")
            }
            let away = ["HOSO_DATABASE_URL": "host=\(office.folder.path)/none dbname=hoso"]
            try await office.serving(away) { api async throws in
                let answer = try await api.get("/v1/surveys")
                #expect(answer.status == 503 && answer.field("Retry-After") == "5")
                #expect(try answer.object["type"] as? String == "urn:hoso:problem:unavailable")
            }
        }
    }

    @Test func `Pages cover everything once, also while more comes in`() async throws {
        try await Office.open { office async throws in
            var lines = try await sample(60)
            for index in 0..<7 {
                lines[index].replace(/"channel":"[a-z_]+"/, with: #""channel":"pigeon""#)
            }
            try await office.send(lines: lines, 53, quarantined: 7)
            try await office.serving { api async throws in
                var codes: [String] = []
                var path: String? = "/v1/adoption/explain?limit=10&metric=on_time"
                while let page = path {
                    let answer = try await api.get(page)
                    let dossiers = try #require(answer.object["dossiers"] as? [[String: Any]], "\(answer.text)")
                    codes += dossiers.compactMap { $0["dossier_code"] as? String }
                    // It is no part of the moment that is asked about.
                    if codes.count == 10 { try await office.send(lines: try await sample(5, seed: 3), 58) }
                    path = answer.next
                }
                #expect(codes.count == 53 && Set(codes).count == 53)
                let last = try await api.get("/v1/adoption/explain?limit=100&metric=on_time")
                #expect(try last.object["next"] is NSNull && last.next == nil)

                var entries: [Int] = []
                path = "/v1/quarantine/entries?limit=3"
                while let page = path {
                    let answer = try await api.get(page)
                    for entry in try #require(answer.object["entries"] as? [[String: Any]], "\(answer.text)") {
                        entries.append(try #require(entry["id"] as? Int))
                        let reasons = try #require(entry["reasons"] as? [[String: String]])
                        #expect(reasons == [["code": "channel_unknown", "field": "channel"]])
                    }
                    // Where they were rejected for it, what was written is not told.
                    #expect(!answer.text.contains("pigeon"))
                    path = answer.next
                }
                #expect(entries.count == 7 && Set(entries).count == 7)
                let counts = try await api.get("/v1/quarantine")
                #expect(counts.text.contains("\"entries\":7"))
                let foreign = try await api.get("/v1/quarantine/entries?limit=3&sender=local")
                let cursor = try #require(foreign.object["next"] as? String)
                #expect(try await api.get("/v1/quarantine/entries?cursor=\(cursor)").status == 422)
            }
        }
    }

    @Test func `A token opens what it is for, and nothing once it is revoked`() async throws {
        try await Office.open { office async throws in
            try await office.send(lines: try await sample(60), 60)
            let everything = try await office.token("all", ["--role", "operations"])
            let figures = try await office.token("figures", [])
            let unit = try await office.token("unit", ["--role", "operations", "--unit", "H36.31.01"])
            #expect(try await office.run(["token", "create", "all"]).status == 1)
            let listed = try await office.run(["token", "list", "--format", "json"])
            #expect(!listed.output.contains(everything) && listed.output.contains("\"units\":[\"H36.31.01\"]"))
            try await office.serving(["HOSO_OPERATIONS_ACCESS": "token"]) { api async throws in
                let stranger = try await api.get("/v1/adoption")
                #expect(stranger.status == 401 && stranger.field("WWW-Authenticate") == "Bearer realm=\"hoso\"")
                #expect(try await api.holding(everything + "x").get("/v1/adoption").status == 401)
                #expect(
                    try await api.holding("hoso_" + String(repeating: "A", count: 43)).get("/v1/senders").status == 401)
                for path in [
                    "/v1/senders", "/v1/reconciliation?sender=local", "/v1/quarantine", "/v1/quarantine/entries",
                ] {
                    #expect(try await api.holding(everything).get(path).status == 200, "\(path)")
                    #expect(try await api.holding(figures).get(path).status == 403, "\(path)")
                    #expect(try await api.holding(unit).get(path).status == 403, "\(path)")
                }
                #expect(try await api.holding(figures).get("/v1/surveys").status == 200)
                try await limits(api.holding(everything), api.holding(unit))
                #expect(try await office.run(["token", "revoke", "all"]).status == 0)
                try await office.until("the token no longer counts") {
                    try await api.holding(everything).get("/v1/senders").status == 401
                }
            }
            try await office.serving(["HOSO_OPERATIONS_ACCESS": "proxy"]) { api async throws in
                #expect(try await api.get("/v1/senders").status == 401)
                #expect(try await api.get("/v1/senders", ["X-Remote-User": "lan"]).status == 200)
            }
        }
    }

    /// What a token for a unit shows is what there is of that unit.
    private func limits(_ all: API, _ one: API) async throws {
        let whole = try await all.get("/v1/adoption?by=unit&unit=H36.31.01")
        let mine = try await one.get("/v1/adoption?by=unit")
        #expect(whole.status == 200 && whole.text == mine.text)
        #expect(whole.field("ETag") != mine.field("ETag"))
        #expect(try await one.get("/v1/adoption?unit=H36.31.02").status == 403)
        #expect(try await one.get("/v1/adoption?unit=H36.31.*").status == 403)
        let dossiers = try await one.get("/v1/adoption/explain?format=csv")
        let rows = dossiers.text.split(separator: "\r\n").dropFirst()
        #expect(!rows.isEmpty && rows.allSatisfy { $0.contains(",H36.31.01,") })
        #expect(try await one.get("/v1/adoption/explain").object["quarantined"] == nil)
        #expect(!(try await one.get("/v1/adoption/diff?from=2020-01-01").text.contains("H36.31.02")))
        #expect(try await one.get("/v1/trace/H36.31.01-220101-000001").status == 200)
        #expect(try await one.get("/v1/trace/H36.31.02-220101-000001").status == 404)
        #expect(try await all.get("/v1/trace/H36.31.02-220101-000001").status == 200)
        #expect(try await one.get("/v1/surveys").status == 403)
    }

    @Test func `Over the loopback nobody asks in another's place, and nobody asks without end`() async throws {
        try await Office.open { office async throws in
            try await office.serving { api async throws in
                #expect(try await api.get("/v1/senders", ["X-Forwarded-For": "203.0.113.7"]).status == 401)
                #expect(try await api.get("/v1/senders", ["Host": "rebound.example"]).status == 401)
                #expect(try await api.get("/v1/senders", ["Hoso-Peer": "203.0.113.7"]).status == 200)
            }
            try await office.serving(["HOSO_OPERATIONS_REQUESTS_PER_MINUTE": "60"]) { api async throws in
                var statuses: [Int] = []
                for _ in 0..<15 { statuses.append(try await api.get("/v1/surveys").status) }
                #expect(statuses.prefix(10).allSatisfy { $0 == 200 } && statuses.last == 429, "\(statuses)")
                let refused = try await api.get("/v1/surveys")
                #expect(refused.status == 429 && Int(refused.field("Retry-After") ?? "") ?? 0 >= 1)
            }
            let elsewhere = ["HOSO_OPERATIONS_LISTEN": "0.0.0.0:8610", "HOSO_OPERATIONS_ACCESS": "proxy"]
            #expect(try await office.run(["check-config"], environment: elsewhere).status == 78)
        }
    }

    @Test func `A CSV opens in a spreadsheet as it is`() async throws {
        try await Office.open { office async throws in
            var lines = try await sample(3)
            lines[0].replace(/"sector":"[^"]*"/, with: #""sector":"=1+1""#)
            lines[1].replace(/"sector":"[^"]*"/, with: #""sector":"a, \"b\"""#)
            try await office.send(lines: lines, 3)
            try await office.serving { api async throws in
                let saved = try await api.get("/v1/adoption?by=sector&format=csv")
                #expect(saved.field("Content-Type") == "text/csv; charset=utf-8")
                #expect(saved.field("Content-Disposition") == "attachment; filename=\"hoso-adoption.csv\"")
                #expect(saved.body.starts(with: [0xEF, 0xBB, 0xBF]))
                let read = try await api.get("/v1/adoption?by=sector", ["Accept": "text/csv, application/json;q=0.5"])
                #expect(read.field("Content-Disposition") == nil)
                #expect(read.body == saved.body.dropFirst(3))
                #expect(read.text.contains("\r\n'=1+1,1,") && read.text.contains("\r\n\"a, \"\"b\"\"\",1,"))
            }
        }
    }

    @Test(.enabled(PythonTools.absence) { await PythonTools.areThere })
    func `A workbook opens with numbers, percentages and days`() async throws {
        try await Office.open { office async throws in
            try await office.send(lines: try await sample(40), 40)
            try await office.serving { api async throws in
                let figures = try await workbook(try await api.get("/v1/adoption?by=day,unit&format=xlsx"), office)
                #expect(figures.title == "share_of_all")
                #expect(figures.rows.first?.map { $0[0] }.prefix(4) == ["Day", "Unit", "Total", "Online"])
                let first = try #require(figures.rows.dropFirst().first)
                #expect(first[0] == ["2022-01-01 00:00:00", "d", "yyyy\\-mm\\-dd"])
                #expect(first[1].prefix(2) == ["H36.31.01", "s"] && first[2][1] == "n" && first[4][2] == "0.0%")
                let totals = figures.rows.dropFirst().compactMap { Int($0[2][0]) }
                #expect(totals.reduce(0, +) == 40)
                let type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
                let dossiers = try await api.get(
                    "/v1/adoption/explain", ["Accept": type, "Accept-Language": "vi-VN,vi;q=0.9"])
                let listed = try await workbook(dossiers, office)
                #expect(listed.rows.count == 41 && listed.rows[0][0][0] == "Hồ sơ")
            }
        }
    }

    @Test(.enabled(PythonTools.absence) { await PythonTools.areThere })
    func `The API keeps to its specification, whatever schemathesis asks`() async throws {
        try await Office.open { office async throws in
            var lines = try await sample(60)
            lines[59].replace(/"channel":"[a-z_]+"/, with: #""channel":"pigeon""#)
            try await office.send(lines: lines, 59, quarantined: 1)
            let token = try await office.token("schemathesis", ["--role", "operations"])
            // What has the right form and no answer is 422, and what the caller has already is 304.
            let configuration = try office.folder.write(
                """
                [checks.positive_data_acceptance]
                expected-statuses = ["2xx", "304", "401", "403", "404", "422"]
                """, to: "schemathesis.toml")
            try await office.serving(["HOSO_OPERATIONS_ACCESS": "token"]) { api async throws in
                let specification = Repository.root.appending(path: "Schemas/openapi.yaml").path
                // What it notes for its next run is left where nothing is kept.
                let outcome = try await Program.run(
                    [
                        "-C", office.folder.path, try await PythonTools.path("schemathesis"), "--config-file",
                        configuration, "run", specification, "--url", api.address, "--header",
                        "Authorization: Bearer \(token)", "--checks", "all", "--max-examples", "50", "--seed", "7",
                        "--continue-on-failure",
                    ], program: "/usr/bin/env")
                #expect(outcome.status == 0, "\(outcome.output) \(outcome.error)")
                #expect(outcome.output.contains("Operations:       9 selected / 9 total"), "\(outcome.output)")
            }
        }
    }

    private func workbook(_ answer: API.Answer, _ office: Office) async throws -> (title: String, rows: [[[String]]]) {
        let file = office.folder.path + "/\(UUID().uuidString).xlsx"
        try answer.body.write(to: URL(fileURLWithPath: file))
        let script = Repository.root.appending(path: "Tests/Fixtures/workbook.py").path
        let outcome = try await Program.run([script, file], program: try await PythonTools.path("python"))
        let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
        return (
            try #require(object?["title"] as? String, "\(outcome.error)"),
            try #require(object?["rows"] as? [[[String]]])
        )
    }

    private func sample(_ count: Int, seed: Int = 1) async throws -> [String] {
        try await Program.run(["sample", "--count", "\(count)", "--seed", "\(seed)"]).output.split(separator: "\n")
            .map(String.init)
    }
}

/// A running `hoso operations`.
private struct API: Sendable {
    /// What it answered.
    struct Answer: Sendable {
        let status: Int
        let body: Data
        fileprivate let fields: [String: String]

        var text: String { String(decoding: body, as: UTF8.self) }

        var object: [String: Any] {
            get throws { try #require(JSONSerialization.jsonObject(with: body) as? [String: Any]) }
        }

        func field(_ name: String) -> String? { fields[name.lowercased()] }

        /// The path of the next page.
        var next: String? { field("Link")?.firstMatch(of: /<([^>]+)>; rel="next"/).map { String($0.1) } }
    }

    let address: String
    private var token: String?

    init(address: String) { self.address = address }

    /// The same one, asked by whoever holds a token.
    func holding(_ token: String) -> API {
        var api = self
        api.token = token
        return api
    }

    func get(_ path: String, _ fields: [String: String] = [:], method: String = "GET") async throws -> Answer {
        // As it is: no library corrects what a test writes.
        var arguments = ["--silent", "--show-error", "--path-as-is", "--include", "--http1.1", "--max-time", "60"]
        if method == "HEAD" { arguments.append("--head") } else { arguments += ["--request", method] }
        var fields = fields
        if let token { fields["Authorization"] = "Bearer \(token)" }
        for (name, value) in fields { arguments += ["--header", "\(name): \(value)"] }
        let file = try TemporaryFolder()
        let outcome = try await Program.run(
            arguments + ["--output", file.path + "/answer", address + path], program: "/usr/bin/curl")
        guard outcome.status == 0 else { throw Patience(what: "\(path): \(outcome.error)") }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: file.path + "/answer"))
        let end = try #require(bytes.firstRange(of: Data("\r\n\r\n".utf8)))
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        var answered: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            answered[parts[0].lowercased()] = String(parts[1].trimmingPrefix(" "))
        }
        let status = try #require(lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) })
        return Answer(status: status, body: Data(bytes[end.upperBound...]), fields: answered)
    }
}

extension Office {
    /// Sends dossiers, and waits until as many are in the figures.
    fileprivate func send(lines: [String], _ total: Int, quarantined: Int = 0) async throws {
        let file = try folder.write(lines.joined(separator: "\n") + "\n", to: "\(UUID().uuidString).ndjson")
        #expect(try await run(["send", file]).status == (quarantined == 0 ? 0 : 65))
        try await until("\(total) dossiers are counted") {
            (try await query(["adoption"])["total"] as? [String: Any])?["total"] as? Int == total
        }
    }

    /// Makes a token.
    fileprivate func token(_ name: String, _ options: [String]) async throws -> String {
        let outcome = try await run(["token", "create", name] + options)
        try #require(outcome.status == 0, "\(outcome.error)")
        return outcome.output.trimmingCharacters(in: .newlines)
    }

    /// Runs another `hoso operations` around some work.
    fileprivate func serving(_ settings: [String: String] = [:], _ work: (API) async throws -> Void) async throws {
        let address = "127.0.0.1:\(try FreePort.find())"
        var environment = [
            "HOSO_OPERATIONS_LISTEN": address, "HOSO_HEALTH_SOCKETS": "", "HOSO_OPERATIONS_REQUESTS_PER_MINUTE": "0",
        ]
        environment.merge(settings) { $1 }
        let outcome = try await Program.run(
            ["operations", "--config", configuration, "--instance", "api"], environment: environment
        ) { running async throws in
            let api = API(address: "http://\(address)")
            try await until("it answers") { (try? await api.get("/health/live"))?.status == 200 }
            try await work(api)
        }
        #expect(outcome.status == 0, "\(outcome.output)")
    }
}
