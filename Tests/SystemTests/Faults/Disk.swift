import Foundation
import SystemPackage
import TestSupport

/// A disk of a few megabytes, in memory, which can be filled.
final class Disk: Sendable {
    /// Whether disks can be mounted here; in CI they must.
    static let isPossible: Bool = {
        guard ProcessInfo.processInfo.environment["CI"] == nil else { return true }
        guard getuid() == 0 else { return false }
        guard let folder = try? TemporaryFolder(), unsafe mount("tmpfs", folder.path, "tmpfs", 0, nil) == 0 else {
            return false
        }
        return unsafe umount2(folder.path, Int32(MNT_DETACH)) == 0
    }()

    private let path: String

    private init(path: String) { self.path = path }

    /// Mounts a disk around some work.
    static func with(
        megabytes: Int, at path: String, _ work: (Disk) async throws -> Void
    ) async throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard unsafe mount("tmpfs", path, "tmpfs", 0, "size=\(megabytes)m,mode=0700") == 0 else {
            throw UnixSocket.Failure(call: "mount")
        }
        defer { _ = unsafe umount2(path, Int32(MNT_DETACH)) }
        try await work(Disk(path: path))
    }

    /// Moves a folder to the disk and leaves a link in its place.
    func take(_ folder: String) async throws {
        let owner = try FileManager.default.attributesOfItem(atPath: folder)
        let place = path + "/" + URL(fileURLWithPath: folder).lastPathComponent
        let moved = try await Program.run(["-a", folder, place], program: "/usr/bin/cp")
        guard moved.status == 0 else { throw UnixSocket.Failure(call: moved.error) }
        try FileManager.default.removeItem(atPath: folder)
        try FileManager.default.createSymbolicLink(atPath: folder, withDestinationPath: place)
        try FileManager.default.setAttributes(
            [.ownerAccountID: owner[.ownerAccountID] ?? 0, .groupOwnerAccountID: owner[.groupOwnerAccountID] ?? 0],
            ofItemAtPath: path)
    }

    private var ballast: String { path + "/ballast" }

    /// Fills it to the last byte.
    func fill() throws {
        let file = try FileDescriptor.open(
            FilePath(ballast), .writeOnly, options: [.create, .append], permissions: .ownerReadWrite)
        defer { try? file.close() }
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        while !piece.isEmpty {
            do { _ = try unsafe piece.withUnsafeBytes { try unsafe file.write($0) } } catch Errno.noSpace {
                piece.removeLast((piece.count + 1) / 2)
            }
        }
    }

    /// Empties what filled it.
    func makeRoom() throws { try FileManager.default.removeItem(atPath: ballast) }
}
