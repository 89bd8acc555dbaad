import Foundation

/// A folder that only its owner may enter, also where others may have put something of that name first, as in /tmp.
package enum PrivateFolder {
    /// Makes the folder, or makes sure that what is there is one, and gives it to a user.
    /// - Parameter owner: who gets it when the caller is root; `nil`: the caller keeps it.
    /// - Throws: ``ClusterError`` when somebody else's folder, an open one, a link or a file is in the way.
    package static func make(_ path: String, owner: (user: UInt32, group: UInt32)? = nil) throws {
        let isNew = try add(path)
        guard isOurs(path, isNew: isNew, owner: owner) else { throw ClusterError(.unsafeFolder(path)) }
        var attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
        if let owner {
            attributes[.ownerAccountID] = owner.user
            attributes[.groupOwnerAccountID] = owner.group
        }
        try FileManager.default.setAttributes(attributes, ofItemAtPath: path)
    }

    /// Makes missing folders; when root makes them, others may pass through them, whatever the umask is.
    ///
    /// The database server runs as another user then, and has to reach its own folder.
    package static func makePassable(_ path: String) throws {
        guard !FileManager.default.fileExists(atPath: path) else { return }
        try makePassable(URL(fileURLWithPath: path).deletingLastPathComponent().path)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        guard getuid() == 0 else { return }
        try FileManager.default.setAttributes([.posixPermissions: 0o711], ofItemAtPath: path)
    }

    /// True when the folder was not there before.
    private static func add(_ path: String) throws -> Bool {
        try makePassable(URL(fileURLWithPath: path).deletingLastPathComponent().path)
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            return true
        } catch let error as CocoaError where error.code == .fileWriteFileExists {
            return false
        }
    }

    private static func isOurs(_ path: String, isNew: Bool, owner: (user: UInt32, group: UInt32)?) -> Bool {
        // Does not follow a link, like lstat.
        guard let found = try? FileManager.default.attributesOfItem(atPath: path),
            found[.type] as? FileAttributeType == .typeDirectory,
            let user = (found[.ownerAccountID] as? NSNumber)?.uint32Value,
            let permissions = (found[.posixPermissions] as? NSNumber)?.intValue
        else { return false }
        return (user == getuid() || user == owner?.user) && (isNew || permissions & 0o077 == 0)
    }
}
