import Foundation
import Store
import Subprocess
import SystemPackage

/// `pg_dump` and `pg_restore`, which write and read a database as a folder of files.
struct DumpPrograms {
    private let folder: String
    private let database: DatabaseAddress

    /// Finds the newest of those that are installed.
    init(_ database: DatabaseAddress) throws(BackupError) {
        let files = FileManager.default
        let versions = ((try? files.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? [])
            .compactMap { Int($0) }.sorted(by: >).map { "/usr/lib/postgresql/\($0)/bin" }
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        guard let folder = (versions + path).first(where: { files.isExecutableFile(atPath: $0 + "/pg_restore") }) else {
            throw BackupError(.notInstalled)
        }
        self.folder = folder
        self.database = database
    }

    /// Writes the schema of hoso as a snapshot sees it.
    func dump(to path: String, snapshot: String) async throws(BackupError) {
        try await run(
            "pg_dump",
            [
                "--format=directory", "--jobs=2", "--schema=hoso", "--no-owner", "--no-privileges", "--compress=6",
                "--snapshot=\(snapshot)", "--file=\(path)", "--dbname=\(database.url)",
            ])
    }

    /// Reads a part of a dump: `pre-data`, `data` or `post-data`.
    func restore(_ section: String, from path: String) async throws(BackupError) {
        try await run(
            "pg_restore",
            [
                "--section=\(section)", "--jobs=2", "--exit-on-error", "--no-owner", "--no-privileges",
                "--dbname=\(database.url)", path,
            ])
    }

    private func run(_ program: String, _ arguments: [String]) async throws(BackupError) {
        let status: TerminationStatus
        let output: String
        do {
            let result = try await Subprocess.run(
                .path(FilePath("\(folder)/\(program)")), arguments: Arguments(arguments), environment: environment,
                platformOptions: options, input: .none, output: .string(limit: 65_536), error: .combinedWithOutput)
            (status, output) = (result.terminationStatus, result.standardOutput)
        } catch {
            throw BackupError(.failed(program), detail: "\(error)")
        }
        guard status == .exited(0) else { throw BackupError(.failed(program), detail: output) }
    }

    /// Whoever interrupts us ends it too: it holds locks.
    private var options: PlatformOptions {
        var options = PlatformOptions()
        options.teardownSequence = [.send(signal: .terminate, allowedDurationToNextStep: .seconds(5))]
        return options
    }

    /// The password travels in the environment, which only this user can read.
    private var environment: Environment {
        .inherit.updating([
            "LC_ALL": "C.UTF-8", "PGAPPNAME": "hoso-backup", "PGTARGETSESSIONATTRS": "read-write",
            "PGPASSWORD": database.password, "PGOPTIONS": "-c statement_timeout=0 -c lock_timeout=60s",
        ])
    }
}
