import Glibc

/// A named pipe by which one process wakes another that waits on a ``PollingExecutor``.
///
/// It carries no data: what it says is "look again". Whoever waits keeps a time limit of its own, for a wake-up may be lost
/// with the process that was to send it.
public final class WakeUpPipe: Sendable {
    private let descriptor: Int32

    /// Opens the pipe at a path to be woken by it, and makes it where there is none; `nil` where that cannot be done.
    public init?(path: String) {
        guard unsafe mkfifo(path, 0o600) == 0 || errno == EEXIST else { return nil }
        // Opened for writing too, it does not end when the last of those who wake closes it.
        descriptor = unsafe open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        guard Self.isPipe(descriptor) else {
            close(descriptor)
            return nil
        }
        FolderOwner.adopt(descriptor, at: path)
    }

    deinit { close(descriptor) }

    /// What to wait for.
    public var interest: Interest { .descriptor(descriptor, .readable) }

    /// Takes all wake-ups that have come.
    public func drain() {
        var bytes: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        let size = MemoryLayout.size(ofValue: bytes)
        while unsafe read(descriptor, &bytes, size) == size {}
    }

    /// Wakes whoever waits at the pipe at a path; nothing happens where nobody does.
    public static func raise(path: String) {
        // Opened for reading too, it never ends the program for want of a reader.
        let descriptor = unsafe open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // Into a file that somebody put in its place, nothing is written; a full pipe has wake-ups enough.
        guard isPipe(descriptor) else { return }
        var byte: UInt8 = 1
        _ = unsafe write(descriptor, &byte, 1)
    }

    private static func isPipe(_ descriptor: Int32) -> Bool {
        var status = stat()
        return unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
    }
}
