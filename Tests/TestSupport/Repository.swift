package import Foundation

/// Where the sources of the project lie.
package enum Repository {
    /// The folder with `Package.swift`.
    package static let root: URL = {
        var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        while folder.path != "/", !exists(folder.appending(path: "Package.swift")) { folder.deleteLastPathComponent() }
        return folder
    }()

    /// The folder beside the project with data that is no part of it; tests that need it are skipped where it is
    /// missing.
    package static let data = root.deletingLastPathComponent().appending(path: "shared/data")

    /// Whether a file is there.
    package static func exists(_ file: URL) -> Bool { FileManager.default.fileExists(atPath: file.path) }
}
