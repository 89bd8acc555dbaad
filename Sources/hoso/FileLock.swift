import Foundation

/// A lock on a file, held until the process ends.
final class FileLock {
    private let file: FileHandle

    /// `nil` when another process holds it.
    init?(path: String) {
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        guard let file = FileHandle(forUpdatingAtPath: path), flock(file.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else {
            return nil
        }
        self.file = file
    }

    deinit { try? file.close() }
}
