import ArgumentParser
import Dossiers
import Foundation
import Subprocess
import SystemPackage

/// The services of this machine, as systemd keeps them.
struct ServiceUnits {
    let language: Language

    /// Refuses where systemd does not run, or the package is not installed.
    func check() throws {
        let files = FileManager.default
        guard files.fileExists(atPath: "/run/systemd/system") else {
            throw refusal(
                language.choose(
                    "systemd không chạy trên máy này: hãy dùng hoso up", "systemd does not run here: use hoso up"), 69)
        }
        let isInstalled = ["/lib/systemd/system", "/usr/lib/systemd/system", "/etc/systemd/system"].contains {
            files.fileExists(atPath: $0 + "/hoso.target")
        }
        guard isInstalled, SystemUser(named: "hoso-broker") != nil else {
            throw refusal(
                language.choose(
                    "chưa cài gói hoso: hãy chạy apt install ./hoso_….deb",
                    "the package hoso is not installed: run apt install ./hoso_….deb"), 69)
        }
    }

    /// Has units start with the machine.
    func enable(_ units: [String]) async throws { try await control(["enable", "--quiet"] + units) }

    /// Has no unit of a pattern start with the machine but these.
    func retire(_ pattern: String, but kept: [String]) async throws {
        let listed = try await output(["list-units", "--all", "--plain", "--no-legend", pattern])
        let units = listed.split(separator: "\n").compactMap { $0.split(separator: " ").first.map(String.init) }
        let surplus = units.filter { !kept.contains($0) }
        if !surplus.isEmpty { try await control(["disable", "--quiet", "--now"] + surplus) }
    }

    /// Starts everything that is enabled; what runs starts again, for its settings may be others now.
    func start(_ services: [String]) async throws {
        let wasRunning = (try? await output(["is-active", "hoso.target"])) != nil
        try await control(["reset-failed", "hoso-*.socket"] + services, isRequired: false)
        if wasRunning { try await control(["restart", "--no-block"] + services) }
        try await control(["start", "--no-block", "hoso.target"])
    }

    /// Waits until units run; each says so when it is ready.
    /// - Throws: `ExitCode` 69, after sentences about what does not run.
    func wait(for units: [String], within limit: Duration = .seconds(90)) async throws {
        let end = ContinuousClock.now.advanced(by: limit)
        var missing = units
        while ContinuousClock.now < end {
            var (rest, hasFailed) = ([String](), false)
            for unit in missing {
                let state = try await output(["show", "--property=ActiveState", "--value", unit])
                if !state.hasPrefix("active") { rest.append(unit) }
                // One that is tried again is not in this state.
                hasFailed = hasFailed || state.hasPrefix("failed")
            }
            missing = rest
            if missing.isEmpty { return }
            if hasFailed { break }
            try await Task.sleep(for: .milliseconds(500))
        }
        for unit in missing {
            let status = try await output(["show", "--property=ActiveState,Result,StatusText,ExecMainStatus", unit])
            let words = status.split(separator: "\n").joined(separator: " ")
            Console.error(
                "hoso: \(unit): " + language.choose("chưa sẵn sàng", "is not ready")
                    + " (\(words)): journalctl -u \(unit)")
        }
        throw ExitCode(69)
    }

    private func control(_ arguments: [String], isRequired: Bool = true) async throws {
        do { _ = try await output(arguments) } catch let failure as Failure {
            guard isRequired else { return }
            throw refusal("systemctl \(arguments.joined(separator: " ")): \(failure.text)", 69)
        }
    }

    private struct Failure: Error { let text: String }

    private func output(_ arguments: [String]) async throws -> String {
        let result = try await Subprocess.run(
            .path("/usr/bin/systemctl"), arguments: Arguments(arguments),
            environment: .inherit.updating(["LC_ALL": "C.UTF-8", "SYSTEMD_PAGER": ""]), input: .none,
            output: .string(limit: 262_144), error: .string(limit: 65_536))
        guard result.terminationStatus == .exited(0) else {
            throw Failure(text: result.standardError.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        return result.standardOutput
    }
}
