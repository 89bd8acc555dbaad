import Foundation
import Spool
import TestSupport
import Testing

/// Faults of the database that have to be seen to strike.
@Suite(.takingTurns) struct DatabaseFaultTests {
    /// C8, C10.
    @Test(arguments: [(Fault.crowdServer, "too many clients"), (.cancelStatements, "57014")])
    func `Without connections, and with every statement cancelled, nothing is lost`(
        fault: Fault, sign: String
    ) async throws {
        try await Site.run { site in
            var numbers = SeededNumbers(seed: 11)
            var oracle = Oracle(site, dossiers: 6_000)
            for _ in 0..<10 { _ = try oracle.drop(&numbers) }
            try await Patience.until("something is stored") { try site.spool(0).counts().stored > 0 }
            let hasMet = { (0..<Site.workers).contains { site.log(.worker($0)).contains(sign) } }
            // It only strikes whoever has something to do with the database.
            for _ in 0..<5 where !hasMet() {
                for _ in 0..<4 { _ = try oracle.drop(&numbers) }
                try await fault.strike(site, &numbers)
            }
            #expect(hasMet(), "a worker has met it\n\(site.tails)")
            while try oracle.drop(&numbers) {}
            let resumed = try await oracle.settle()
            print("\(fault): \(resumed)")
            #expect(resumed.longest < .seconds(30), "\(resumed)\n\(site.tails)")
            try await oracle.verify()
        }
    }

    /// C11: the disk of the log, then that of the tables is full, and is made room on.
    @Test(.enabled(if: Disk.isPossible, "only root can mount a small disk"))
    func `With a full disk nothing is acknowledged that is lost, and with room again all arrives`() async throws {
        let folder = try TemporaryFolder()
        try await Disk.with(megabytes: 200, at: folder.path + "/pg") { data in
            try await Disk.with(megabytes: 100, at: folder.path + "/wal") { log in
                try await Site.run(in: folder, preparing: { _ in try await log.take(folder.path + "/pg/data/pg_wal") })
                {
                    site in
                    var numbers = SeededNumbers(seed: 12)
                    var oracle = Oracle(site, dossiers: 6_000)
                    for disk in [data, log] {
                        for _ in 0..<8 { _ = try oracle.drop(&numbers) }
                        try await Patience.until("something is stored") { try site.spool(0).counts().stored > 0 }
                        let before = site.log(.worker(0)).count
                        try disk.fill()
                        try await strain(site, isLog: disk === log)
                        for _ in 0..<8 { _ = try oracle.drop(&numbers) }
                        try await Task.sleep(for: .seconds(5))
                        let met = site.log(.worker(0)).dropFirst(before)
                        print("full disk: \(met.split(separator: "\n").first { $0.contains("warning") } ?? "")")
                        #expect(met.contains("53100") || met.contains("unavailable"), "the worker has met it: \(met)")
                        try disk.makeRoom()
                    }
                    while try oracle.drop(&numbers) {}
                    let resumed = try await oracle.settle()
                    print("full disks: \(resumed)")
                    try await oracle.verify()
                }
            }
        }
    }

    /// Has the server need room that is not there: new segments of its log, or pages of a table.
    private func strain(_ site: Site, isLog: Bool) async throws {
        let statement =
            isLog
            ? """
            DO $$ BEGIN FOR i IN 1..9 LOOP
                PERFORM pg_logical_emit_message(false, 'strain', 'x');
                PERFORM pg_switch_wal();
            END LOOP; END $$
            """
            : "CREATE TABLE strain AS SELECT repeat('x', 200) FROM generate_series(1, 500000)"
        for _ in 0..<3 {
            let outcome = try await Program.run(
                ["-h", site.folder.path + "/pg/run", "-U", "hoso", "-d", "hoso", "-q", "-c", statement],
                program: "/usr/bin/psql")
            #expect(outcome.status != 0, "\(statement) finds no room")
        }
    }
}
