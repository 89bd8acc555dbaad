import Foundation
import TestSupport
import Testing

/// Programs from the Python Package Index that look at hoso from outside; tests that need them are skipped where there are none.
enum PythonTools {
    /// What is installed, each in one version, so that what they find does not depend on the day.
    private static let packages = ["openpyxl==3.1.5", "schemathesis==4.32.5"]

    /// Why tests are skipped.
    static let absence: Comment = "openpyxl and schemathesis cannot be installed: that needs python3-venv and a network"

    /// Whether they are there; the first who asks installs them.
    static var areThere: Bool { get async { await installation.value != nil } }

    /// The path of one of them.
    static func path(_ program: String) async throws -> String {
        guard let folder = await installation.value else { throw Patience(what: absence.rawValue) }
        return "\(folder)/bin/\(program)"
    }

    private static let installation = Task { () -> String? in
        let folder = Repository.root.appending(path: ".build/python-tools").path
        let list = folder + "/packages"
        let wanted = packages.joined(separator: "\n")
        if (try? String(contentsOfFile: list, encoding: .utf8)) == wanted { return folder }
        do {
            try? FileManager.default.removeItem(atPath: folder)
            let made = try await Program.run(["-m", "venv", folder], program: "/usr/bin/python3")
            guard made.status == 0 else { return nil }
            let pip = ["install", "--quiet", "--disable-pip-version-check"] + packages
            guard try await Program.run(pip, program: folder + "/bin/pip").status == 0 else { return nil }
            // Written last: what is here is whole.
            try Data(wanted.utf8).write(to: URL(fileURLWithPath: list))
            return folder
        } catch {
            return nil
        }
    }
}
