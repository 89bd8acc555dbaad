import Glibc

/// What root makes in a folder of another user is given to that user: a person who looks into a service's folder with all rights
/// must not leave files behind that the service cannot open.
public enum FolderOwner {
    /// Gives an open file to the owner of the folder that it lies in; does nothing for anybody but root.
    public static func adopt(_ descriptor: Int32, at path: String) {
        guard geteuid() == 0 else { return }
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        var status = stat()
        guard unsafe stat(folder, &status) == 0, status.st_uid != 0 else { return }
        // The open file, whatever may have been put at its path meanwhile.
        _ = fchown(descriptor, status.st_uid, status.st_gid)
    }
}
