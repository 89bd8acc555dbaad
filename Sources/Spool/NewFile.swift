import Polling
import Synchronization
import SystemPackage

/// A file that is empty when it appears, and that takes nobody's place.
enum NewFile {
    private static let oneAtATime = Mutex(())

    /// Makes the file, for its owner alone, unless there is one.
    ///
    /// Several processes may try at once. Foundation would make it under another name and move it into the place of one that
    /// another process has made, and is writing to already.
    static func make(at path: String) throws {
        // With any descriptor of a file that a process closes, it loses the locks that SQLite has on the file.
        try oneAtATime.withLock { _ in
            do {
                let options: FileDescriptor.OpenOptions = [.create, .exclusiveCreate, .closeOnExec]
                let file = try FileDescriptor.open(
                    FilePath(path), .writeOnly, options: options, permissions: .ownerReadWrite)
                FolderOwner.adopt(file.rawValue, at: path)
                try file.close()
            } catch Errno.fileExists {}
        }
    }
}
