import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// The package as an operator gets it: built, installed on booted machines, used, upgraded and purged.
@Suite struct PackageTests {
    private static let systemd = Repository.root.appending(path: "Deploy/systemd")

    /// What keeps the proof from being run here; `nil` when nothing does.
    private static let obstacle: String? = {
        guard getuid() == 0 else { return "only root can boot a machine in a container" }
        for program in ["systemd-nspawn", "unshare", "nsenter", "dpkg-deb", "lintian"] {
            let isThere = ["/usr/bin/", "/usr/sbin/"].contains {
                FileManager.default.isExecutableFile(atPath: $0 + program)
            }
            guard isThere else { return "\(program) is not installed: Deploy/test installs what is missing" }
        }
        let systems = (try? String(contentsOfFile: "/proc/filesystems", encoding: .utf8)) ?? ""
        guard systems.contains("\toverlay") else { return "the kernel has no overlay file system" }
        guard FileManager.default.fileExists(atPath: "/lib/systemd/systemd") else { return "systemd is not installed" }
        return nil
    }()

    /// Runs a program of the repository, and records what it said where it fails.
    private func run(_ program: String, _ arguments: [String], _ variables: [Environment.Key: String?] = [:])
        async throws
        -> String
    {
        let result = try await Subprocess.run(
            .path(FilePath(program)), arguments: Arguments(arguments), environment: .inherit.updating(variables),
            workingDirectory: FilePath(Repository.root.path), input: .none, output: .string(limit: 4 << 20),
            error: .string(limit: 16 << 20))
        #expect(
            result.terminationStatus == .exited(0),
            "\(program) \(arguments)\n\(result.standardOutput.suffix(6_000))\n\(result.standardError.suffix(6_000))")
        return result.standardOutput
    }

    @Test(
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze"), "there is no systemd-analyze")
    )
    func `Every unit shuts its service in, to an exposure of at most 1.5`() async throws {
        let folder = try TemporaryFolder()
        let units = folder.path + "/lib/systemd/system"
        try FileManager.default.createDirectory(atPath: folder.path + "/lib/systemd", withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: Self.systemd.path, toPath: units)
        let services = try FileManager.default.contentsOfDirectory(atPath: units).filter { $0.hasSuffix(".service") }
        #expect(services.count == 7)
        for service in services {
            let unit = service.replacing("@.", with: "@1.")
            let output = try await run(
                "/usr/bin/systemd-analyze",
                ["security", "--offline=yes", "--no-pager", "--root=\(folder.path)", unit])
            let match = try #require(output.firstMatch(of: #/exposure level for \S+: ([0-9.]+)/#), "\(output)")
            let exposure = try #require(Double(match.1))
            #expect(exposure <= 1.5, "\(unit)")
        }
    }

    @Test(.enabled(if: obstacle == nil, "\(obstacle ?? "")"), .takingAllTurns, .timeLimit(.minutes(40)))
    func `Installed on booted machines, it loses nothing through kills, upgrades, downgrades and a reboot`()
        async throws
    {
        // The build waits for whoever builds in the same folder, and that is who runs this test.
        let variables: [Environment.Key: String?] = ["HOSO_SWIFT_OPTIONS": "--ignore-lock"]
        let first = try await run("Deploy/package", [], variables)
        let name = try #require(first.split(separator: "\n").last.map(String.init))
        let version = try #require(name.split(separator: "_").dropFirst().first)
        // The same program under a later version: what is tried is the way from one package to another.
        let second = try await run("Deploy/package", ["--no-build", "--version", "\(version)+proof"], variables)
        let newer = try #require(second.split(separator: "\n").last.map(String.init))
        let output = try await run("Tests/PackageTests/proof.sh", [name, newer])
        #expect(output.contains("all is as promised"))
    }
}
