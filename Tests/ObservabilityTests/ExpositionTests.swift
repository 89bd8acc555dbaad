import CoreMetrics
import Foundation
import Logging
@testable import Observability
import Synchronization
import TestSupport
import Testing

/// What Prometheus and the journal read.
struct ExpositionTests {
    @Test func `Samples are written as Prometheus reads them`() {
        let board = MetricsBoard(service: "worker-1")
        let counter = board.makeCounter(label: "hoso_worker_entries_total", dimensions: [("outcome", "stored")])
        counter.increment(by: 7)
        board.makeCounter(label: "hoso_worker_entries_total", dimensions: [("outcome", "stored")]).increment(by: 1)
        board.makeMeter(label: "hoso_database_connected", dimensions: []).set(Int64(1))
        let text = board.exposition([.buildInfo: 1], version: "9.9").text
        #expect(
            text == """
                # HELP hoso_build_info 1, with the version of the program
                # TYPE hoso_build_info gauge
                hoso_build_info{service="worker-1",version="9.9"} 1
                # HELP hoso_worker_entries_total entries answered for good after COMMIT
                # TYPE hoso_worker_entries_total counter
                hoso_worker_entries_total{service="worker-1",outcome="stored"} 8
                # HELP hoso_database_connected 1 while there is a usable connection
                # TYPE hoso_database_connected gauge
                hoso_database_connected{service="worker-1"} 1

                """)
    }

    @Test func `Buckets of a histogram are summed up, and end with all`() {
        let board = MetricsBoard(service: "a")
        let recorder = board.makeRecorder(label: "hoso_worker_transaction_entries", dimensions: [], aggregate: true)
        for value in [1, 2, 3, 500, 9_000] { recorder.record(Int64(value)) }
        let lines = board.exposition(version: "").text.split(separator: "\n").map(String.init)
        #expect(lines.contains(#"hoso_worker_transaction_entries_bucket{service="a",le="1"} 1"#))
        #expect(lines.contains(#"hoso_worker_transaction_entries_bucket{service="a",le="5"} 3"#))
        #expect(lines.contains(#"hoso_worker_transaction_entries_bucket{service="a",le="5000"} 4"#))
        #expect(lines.contains(#"hoso_worker_transaction_entries_bucket{service="a",le="+Inf"} 5"#))
        #expect(lines.contains(#"hoso_worker_transaction_entries_sum{service="a"} 9506"#))
        #expect(lines.contains(#"hoso_worker_transaction_entries_count{service="a"} 5"#))
    }

    @Test func `Samples of other processes are added under one heading, and only those of metrics that are known`() {
        let board = MetricsBoard(service: "a")
        board.makeMeter(label: "hoso_ready", dimensions: []).set(Int64(1))
        var exposition = board.exposition(version: "")
        exposition.add("# TYPE hoso_ready gauge\nhoso_ready{service=\"b\"} 0\nmade_up{service=\"b\"} 1\nnonsense\n")
        let text = exposition.text
        #expect(text.components(separatedBy: "# TYPE hoso_ready gauge").count == 2)
        #expect(text.contains("hoso_ready{service=\"a\"} 1\nhoso_ready{service=\"b\"} 0\n"))
        #expect(!text.contains("made_up"))
    }

    @Test func `Gauges whose labels change are replaced as a whole`() {
        let board = MetricsBoard(service: "a")
        board.replace(
            [.senderMissing],
            by: [.init(.senderMissing, [("sender", "x")], 1), .init(.senderMissing, [("sender", "y")], 2)])
        board.replace([.senderMissing], by: [.init(.senderMissing, [("sender", "y")], 3)])
        let text = board.exposition(version: "").text
        #expect(!text.contains("\"x\"") && text.contains("hoso_sender_missing_entries{service=\"a\",sender=\"y\"} 3"))
    }

    @Test func `A log line is one object, whatever stands in it`() throws {
        let lines = Mutex<[String]>([])
        var logger = Logger(label: "broker") { label in
            EventLog(service: label, isJournal: true) { line in lines.withLock { $0.append(line) } }
        }
        logger[metadataKey: "sender"] = "a"
        logger.warning("two\nlines", metadata: ["reason": "“quoted” \"\u{1}"])
        let line = try #require(lines.withLock { $0 }.first)
        #expect(line.hasPrefix("<4>{\"time\":\""))
        #expect(!line.contains("\n"))
        let object = try JSONDecoder().decode([String: String].self, from: Data(line.dropFirst(3).utf8))
        #expect(object["event"] == "two\nlines" && object["level"] == "warning" && object["service"] == "broker")
        #expect(object["reason"] == "“quoted” \"\u{1}" && object["sender"] == "a")
        #expect(try Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(object["time"] ?? "") <= Date())
    }

    @Test func `A service answers at a socket, also where a killed one has left its own`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/broker.sock"
        let vitals = Vitals()
        let board = MetricsBoard(service: "broker")
        let client = HealthClient()
        for round in 0..<2 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                let routes = HealthRoutes(vitals, board, version: "1")
                group.addTask {
                    try await HealthServer([.socket(path)], routes, logger: Logger(label: "test")).run()
                }
                let answer = try await patiently { try await client.get("/health/ready", from: path) }
                #expect(answer.status == (round == 0 ? 503 : 200))
                #expect(answer.body == (round == 0 ? "{\"status\":\"starting\"}\n" : "{\"status\":\"ready\"}\n"))
                vitals.ready()
                vitals.lap("work", within: .seconds(60))
                #expect(try await client.get("/health/live", from: path).status == 200)
                #expect(try await client.get("/metrics", from: path).body.contains("hoso_ready{service=\"broker\"} 1"))
                #expect(try await client.get("/nothing", from: path).status == 404)
                group.cancelAll()
            }
        }
    }

    /// Asks until somebody answers.
    private func patiently<Value>(_ ask: () async throws -> Value) async throws -> Value {
        let end = ContinuousClock.now.advanced(by: .seconds(120))
        while true {
            do { return try await ask() } catch { guard end > .now else { throw error } }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
