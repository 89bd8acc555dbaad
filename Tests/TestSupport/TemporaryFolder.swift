import Foundation

/// A folder that every user may enter and that lives as long as this object.
package final class TemporaryFolder: Sendable {
    /// Its path, short enough for a Unix socket in it.
    package let path: String

    /// Makes the folder.
    package init() throws {
        path = "/tmp/hoso-test-" + String(UInt64.random(in: 0...(.max)), radix: 36)
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file into the folder and returns its path.
    @discardableResult
    package func write(_ text: String, to name: String) throws -> String {
        let file = path + "/" + name
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        return file
    }
}
