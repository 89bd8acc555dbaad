import SystemPackage

/// The right to send from a spool: one process at a time has it, until it ends.
package final class SpoolLock {
    private let file: FileLock

    private init(file: FileLock) { self.file = file }

    /// Takes the lock beside a spool; `nil` when another process has it.
    package static func acquire(spool path: String) throws(SpoolError) -> SpoolLock? {
        do throws(Errno) {
            return try FileLock(path: path + ".lock").map(SpoolLock.init)
        } catch {
            throw SpoolError(.inputOutput, "lock")
        }
    }
}
