import Glibc
import SystemPackage

/// What tells a file from another one of the same name: where it lies on the disk, its size, and when it was changed.
package struct FileIdentity: Sendable, Hashable {
    /// Number of the file on its disk.
    package let inode: Int64
    /// Bytes.
    package let size: Int64
    /// When its content was changed, in microseconds since 1970.
    package let modified: Int64

    /// The identity of the file that has a path now; `nil` when there is none.
    package init?(path: String) {
        guard let status = try? FilePath(path).stat() else { return nil }
        self.init(status)
    }

    /// The identity of an open file, whatever its name stands for by now.
    init(open file: FileDescriptor) throws { self.init(try file.stat()) }

    private init(_ status: Stat) {
        inode = Int64(bitPattern: UInt64(status.inode.rawValue))
        size = status.size
        modified = Int64(status.st_mtim.tv_sec) * 1_000_000 + Int64(status.st_mtim.tv_nsec) / 1_000
    }
}
