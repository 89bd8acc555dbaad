import Foundation
import Postgres

/// The processes of hoso and of PostgreSQL at a moment, and what they have taken so far.
///
/// The benchmark's own process and sessions are left out: they are not there in life.
struct ProcessCensus: Sendable {
    /// A process.
    struct Member: Sendable {
        let name: String
        let isOwn: Bool
        let status: ProcessStatus
    }

    /// By their ids.
    let members: [Int32: Member]
    /// How far PostgreSQL's log had got, in bytes.
    let logPosition: Int64

    /// Takes the census.
    static func take(_ connection: Connection) async throws(PostgresError) -> ProcessCensus {
        let backends = try await connection.run(
            """
            SELECT pid, coalesce(nullif(application_name, ''), backend_type) FROM pg_stat_activity
            WHERE (datname = current_database() OR datname IS NULL) AND application_name <> '\(BenchmarkSite.sessionName)'
            """, as: "list the backends")
        let log = try await connection.run(
            "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint", as: "read the log's position")
        var found = services()
        for row in 0..<backends.count {
            guard let status = ProcessStatus(process: backends.int32(row, 0)) else { continue }
            found.append(
                Found(process: backends.int32(row, 0), kind: "postgres: \(backends.string(row, 1))", status: status))
        }
        if let parent = found.last(where: { !$0.isOwn })?.status.parent, let status = ProcessStatus(process: parent) {
            found.append(Found(process: parent, kind: postmaster, status: status))
        }
        return ProcessCensus(members: numbered(found), logPosition: log.int64(0, 0))
    }

    /// PostgreSQL's parent process.
    static let postmaster = "postgres: postmaster"

    /// A process that was found.
    private struct Found {
        let process: Int32
        let kind: String
        let status: ProcessStatus

        var isOwn: Bool { !kind.hasPrefix("postgres") }
    }

    /// The processes by their ids, with numbers where there are several of a kind.
    private static func numbered(_ found: [Found]) -> [Int32: Member] {
        var members: [Int32: Member] = [:]
        for peers in Dictionary(grouping: found, by: \.kind).values {
            for (place, found) in peers.sorted(by: { $0.process < $1.process }).enumerated() {
                let name = peers.count > 1 ? "\(found.kind) \(place + 1)" : found.kind
                members[found.process] = Member(name: name, isOwn: found.isOwn, status: found.status)
            }
        }
        return members
    }

    /// Children of this process that run this program.
    private static func services() -> [Found] {
        let own = getpid()
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { Int32($0) }.compactMap { process in
            guard let status = ProcessStatus(process: process), status.parent == own, let kind = serviceKind(process)
            else { return nil }
            return Found(process: process, kind: "hoso \(kind)", status: status)
        }
    }

    /// The subcommand of a service; `nil` for everything else.
    private static func serviceKind(_ process: Int32) -> String? {
        let line = (try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(process)/cmdline"))) ?? Data()
        let words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        guard words.count > 2, words[2] == "--config" else { return nil }
        return words[1]
    }
}

extension CostFigures {
    /// What was taken between two censuses.
    init(from start: ProcessCensus, to end: ProcessCensus, dossiers: Int) {
        let count = Double(max(dossiers, 1))
        var processes: [ProcessFigures] = []
        for (process, member) in end.members {
            let before = start.members[process]?.status
            processes.append(
                ProcessFigures(
                    name: member.name, isOwn: member.isOwn,
                    microsecondsPerDossier: Statistics.rounded(
                        Double(member.status.microseconds - (before?.microseconds ?? 0)) / count),
                    residentBytes: member.status.residentBytes, peakBytes: member.status.peakBytes))
            // Of the postmaster: processes that came and went, such as those of autovacuum.
            let ended = member.status.childMicroseconds - (before?.childMicroseconds ?? 0)
            if member.name == ProcessCensus.postmaster, ended > 0 {
                processes.append(
                    ProcessFigures(
                        name: "postgres: ended since", isOwn: false,
                        microsecondsPerDossier: Statistics.rounded(Double(ended) / count),
                        residentBytes: 0, peakBytes: 0))
            }
        }
        processes.sort { ($0.isOwn ? 0 : 1, $0.name) < ($1.isOwn ? 0 : 1, $1.name) }
        self.dossiers = dossiers
        self.processes = processes
        func sum(_ isOwn: Bool) -> Double {
            Statistics.rounded(processes.filter { $0.isOwn == isOwn }.reduce(0) { $0 + $1.microsecondsPerDossier })
        }
        ownMicroseconds = sum(true)
        databaseMicroseconds = sum(false)
        largestOwnPeak = processes.filter(\.isOwn).map(\.peakBytes).max() ?? 0
        logBytesPerDossier = Statistics.rounded(Double(end.logPosition - start.logPosition) / count)
    }
}
