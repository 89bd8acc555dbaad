import Foundation
import Polling
package import SystemPackage

/// A lock on a file, which one process at a time holds until it ends.
///
/// The file is made where it is missing, in one step with opening it: were it made first, under another name as Foundation
/// makes files, two processes that start at once could each lock a file of their own.
package final class FileLock: Sendable {
    private let file: FileDescriptor

    /// Takes the lock; `nil` when another process has it.
    /// - Throws: `Errno` when the file cannot be opened.
    package init?(path: String) throws(Errno) {
        do {
            file = try FileDescriptor.open(
                FilePath(path), .readWrite, options: [.create, .closeOnExec, .noFollow], permissions: .ownerReadWrite)
            FolderOwner.adopt(file.rawValue, at: path)
        } catch {
            throw error as? Errno ?? .ioError
        }
        guard flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            try? file.close()
            return nil
        }
    }

    deinit { try? file.close() }
}
