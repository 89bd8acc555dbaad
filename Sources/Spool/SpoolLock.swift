import Foundation

/// The right to send from a spool: one process at a time has it, until it ends.
package final class SpoolLock {
    private let file: FileHandle

    private init(file: FileHandle) { self.file = file }

    /// Takes the lock beside a spool; `nil` when another process has it.
    package static func acquire(spool path: String) throws(SpoolError) -> SpoolLock? {
        let lockPath = path + ".lock"
        if !FileManager.default.fileExists(atPath: lockPath) {
            let isMade = FileManager.default.createFile(
                atPath: lockPath, contents: nil, attributes: [.posixPermissions: 0o600])
            guard isMade else { throw SpoolError(.inputOutput, "lock") }
        }
        guard let file = FileHandle(forUpdatingAtPath: lockPath) else { throw SpoolError(.inputOutput, "lock") }
        guard flock(file.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else { return nil }
        return SpoolLock(file: file)
    }

    deinit { try? file.close() }
}
