import Foundation
import TestSupport
import Testing

/// D2: an aggregator and a relay that are thought dead and wake up.
@Suite(.takingTurns) struct SuccessorTests {
    @Test func `Two aggregators and two relays, of which the first wake up again, count and ask exactly`() async throws
    {
        try await Site.run { site in
            var numbers = SeededNumbers(seed: 51)
            var oracle = Oracle(site, dossiers: 6_000)
            for _ in 0..<6 { _ = try oracle.drop(&numbers) }
            try await Patience.until("both are at work") {
                site.log(.aggregator).contains("folding") && site.log(.surveys).contains("relaying")
            }
            let endpoint = ["HOSO_SURVEY_ENDPOINT": "ipc://\(site.folder.path)/surveys-2"]
            let command = ["--config", site.configuration]
            _ = try await Program.run(["aggregator"] + command) { aggregator in
                _ = try await Program.run(["surveys"] + command, environment: endpoint) { relay in
                    for _ in 0..<6 { _ = try oracle.drop(&numbers) }
                    site.signal(.aggregator, SIGSTOP)
                    site.signal(.surveys, SIGSTOP)
                    // The server gives up the sessions of a machine that has gone.
                    try await site.sql(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE application_name IN ('hoso-surveys', 'hoso-aggregator')
                        """)
                    try await Patience.until("the second relay takes over") { relay.log.contains("relaying") }
                    try await Patience.until("the second aggregator folds") { aggregator.log.contains("folding") }
                    let output = try await Program.run(
                        ["surveys", "listen"] + command, environment: endpoint
                    ) { listener in
                        for _ in 0..<6 { _ = try oracle.drop(&numbers) }
                        try await Patience.until("it is asked through the second relay") {
                            listener.log.contains("dossier_code")
                        }
                        site.signal(.aggregator, SIGCONT)
                        site.signal(.surveys, SIGCONT)
                        while try oracle.drop(&numbers) {}
                        try await Task.sleep(for: .seconds(3))
                    }.output
                    // What the second survey sender has carried out counts like what the first has.
                    try output.appended(to: site.folder.path + "/listener.out")
                }
            }
            _ = try await oracle.settle()
            try await oracle.verify()
            #expect(site.starts(.surveys) == 1 && site.starts(.aggregator) == 1, "they woke up and went on")
        }
    }
}

extension String {
    fileprivate func appended(to path: String) throws {
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.seekToEnd()
        try file.write(contentsOf: Data(utf8))
        try file.close()
    }
}
