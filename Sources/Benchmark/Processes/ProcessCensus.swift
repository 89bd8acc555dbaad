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
        var members = services()
        var postmaster: Int32 = 0
        for row in 0..<backends.count {
            let process = backends.int32(row, 0)
            guard let status = ProcessStatus(process: process) else { continue }
            members[process] = Member(name: "postgres: \(backends.string(row, 1))", isOwn: false, status: status)
            postmaster = status.parent
        }
        if let status = ProcessStatus(process: postmaster) {
            members[postmaster] = Member(name: "postgres: postmaster", isOwn: false, status: status)
        }
        return ProcessCensus(members: members, logPosition: log.int64(0, 0))
    }

    /// Children of this process that run this program, numbered where there are several of a kind.
    private static func services() -> [Int32: Member] {
        let own = getpid()
        var found: [(process: Int32, kind: String, status: ProcessStatus)] = []
        for entry in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let process = Int32(entry), let status = ProcessStatus(process: process), status.parent == own,
                let kind = serviceKind(process)
            else { continue }
            found.append((process, kind, status))
        }
        found.sort { $0.process < $1.process }
        var members: [Int32: Member] = [:]
        for service in found {
            let peers = found.filter { $0.kind == service.kind }
            let place = (peers.firstIndex { $0.process == service.process } ?? 0) + 1
            let name = peers.count > 1 ? "\(service.kind) \(place)" : service.kind
            members[service.process] = Member(name: "hoso \(name)", isOwn: true, status: service.status)
        }
        return members
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
                    microsecondsPerDossier: Double(member.status.microseconds - (before?.microseconds ?? 0)) / count,
                    residentBytes: member.status.residentBytes, peakBytes: member.status.peakBytes))
            // Of the postmaster: processes that came and went, such as those of autovacuum.
            let ended = member.status.childMicroseconds - (before?.childMicroseconds ?? 0)
            if member.name == "postgres: postmaster", ended > 0 {
                processes.append(
                    ProcessFigures(
                        name: "postgres: ended since", isOwn: false, microsecondsPerDossier: Double(ended) / count,
                        residentBytes: 0, peakBytes: 0))
            }
        }
        processes.sort { ($0.isOwn ? 0 : 1, $0.name) < ($1.isOwn ? 0 : 1, $1.name) }
        self.dossiers = dossiers
        self.processes = processes
        ownMicroseconds = processes.filter(\.isOwn).reduce(0) { $0 + $1.microsecondsPerDossier }
        databaseMicroseconds = processes.filter { !$0.isOwn }.reduce(0) { $0 + $1.microsecondsPerDossier }
        largestOwnPeak = processes.filter(\.isOwn).map(\.peakBytes).max() ?? 0
        logBytesPerDossier = Double(end.logPosition - start.logPosition) / count
    }
}
