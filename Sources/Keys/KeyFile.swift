import Glibc
package import IntakeProtocol
package import PersonalData
package import ZeroMQ

/// A secret key in a file that only its owner can read, and its public half in a file beside it.
///
/// The secret's file has two lines, `hoso-key 1 curve secret` and the key in Z85; that of the public key, whose name ends in
/// `.pub`, has `public` in place of `secret`. Of keys that sign the first line says `ed25519`, and the second has hexadecimal
/// digits; so it is with keys for personal data (`personal`), which have no public half.
package enum KeyFile {
    /// Makes a key and writes both files.
    /// - Throws: ``KeyError``; a file that is there is never overwritten.
    package static func make(_ path: String) throws(KeyError) -> CurvePublicKey {
        let key: CurveSecretKey
        do { key = try CurveSecretKey() } catch { throw KeyError(.cannotWrite, path, error.code) }
        try write(path, .curve, key.revealed, key.publicKey.z85)
        return key.publicKey
    }

    /// Makes a key that signs and writes both files.
    /// - Throws: ``KeyError``; a file that is there is never overwritten.
    package static func makeSigning(_ path: String) throws(KeyError) -> VerificationKey {
        let key = SigningKey()
        try write(path, .ed25519, key.revealed, "\(key.publicKey)")
        return key.publicKey
    }

    /// Makes both keys of a sender, all four files or none.
    package static func makeSender(
        _ path: String
    ) throws(KeyError) -> (curve: CurvePublicKey, signing: VerificationKey) {
        let signing = try makeSigning(signingPath(path))
        do { return (try make(path), signing) } catch {
            _ = unsafe unlink(signingPath(path))
            _ = unsafe unlink(publicPath(signingPath(path)))
            throw error
        }
    }

    /// Makes a key under which personal data is sealed and writes its file.
    /// - Throws: ``KeyError``; a file that is there is never overwritten.
    package static func makeSealing(_ path: String) throws(KeyError) -> SealingKey {
        let key = SealingKey()
        try write("\(title(.personal, isSecret: true))\n\(key.revealed)\n", to: path, mode: 0o600)
        return key
    }

    /// Reads a key under which personal data is sealed.
    /// - Throws: ``KeyError`` when it is no key, or somebody else could have read or written it.
    package static func sealingKey(_ path: String) throws(KeyError) -> SealingKey {
        guard let key = SealingKey(hexadecimal: try line(of: path, .personal, isSecret: true)) else {
            throw KeyError(.notAKey, path)
        }
        return key
    }

    /// Where the key that signs lies of a sender whose CURVE key lies at a path.
    package static func signingPath(_ path: String) -> String { path + ".sign" }

    /// Reads a secret key.
    /// - Throws: ``KeyError`` when it is no key, or somebody else could have read or written it.
    package static func secret(_ path: String) throws(KeyError) -> CurveSecretKey {
        guard let key = CurveSecretKey(z85: try line(of: path, .curve, isSecret: true)) else {
            throw KeyError(.notAKey, path)
        }
        return key
    }

    /// Reads a public key.
    package static func publicKey(_ path: String) throws(KeyError) -> CurvePublicKey {
        guard let key = CurvePublicKey(z85: try line(of: path, .curve, isSecret: false)) else {
            throw KeyError(.notAKey, path)
        }
        return key
    }

    /// Reads a secret key that signs.
    /// - Throws: ``KeyError`` when it is no key, or somebody else could have read or written it.
    package static func signingKey(_ path: String) throws(KeyError) -> SigningKey {
        guard let key = SigningKey(hexadecimal: try line(of: path, .ed25519, isSecret: true)) else {
            throw KeyError(.notAKey, path)
        }
        return key
    }

    /// Reads the public half of a key that signs.
    package static func verificationKey(_ path: String) throws(KeyError) -> VerificationKey {
        guard let key = VerificationKey(hexadecimal: try line(of: path, .ed25519, isSecret: false)) else {
            throw KeyError(.notAKey, path)
        }
        return key
    }

    /// Where the public key of a secret one lies.
    package static func publicPath(_ path: String) -> String { path + ".pub" }

    /// What a key is for.
    private enum Kind: String { case curve, ed25519, personal }

    private static func title(_ kind: Kind, isSecret: Bool) -> String {
        "hoso-key 1 \(kind.rawValue) \(isSecret ? "secret" : "public")"
    }

    private static func write(
        _ path: String, _ kind: Kind, _ secret: String, _ publicKey: String
    ) throws(KeyError) {
        try write("\(title(kind, isSecret: true))\n\(secret)\n", to: path, mode: 0o600)
        do {
            try write("\(title(kind, isSecret: false))\n\(publicKey)\n", to: publicPath(path), mode: 0o644)
        } catch {
            // A pair or nothing: else the next try would find half of one.
            _ = unsafe unlink(path)
            throw error
        }
    }

    private static func line(of path: String, _ kind: Kind, isSecret: Bool) throws(KeyError) -> String {
        let title = title(kind, isSecret: isSecret)
        let lines = try read(path, isSecret: isSecret).split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 3, lines[0] == title, lines[2].isEmpty else { throw KeyError(.notAKey, path) }
        return String(lines[1])
    }

    /// Whether systemd has put the file where only this service may enter: its access list, which lets this user read what
    /// belongs to root, shows as the bits of a group.
    private static func isCredential(_ path: String) -> Bool {
        guard let folder = unsafe getenv("CREDENTIALS_DIRECTORY") else { return false }
        return path.hasPrefix(unsafe String(cString: folder) + "/")
    }

    private static func read(_ path: String, isSecret: Bool) throws(KeyError) -> String {
        // The file that is looked at is the one that is read, and no link leads elsewhere.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { throw KeyError(errno == ELOOP ? .notAFile : .cannotRead, path, errno) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw KeyError(.cannotRead, path, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw KeyError(.notAFile, path) }
        if isSecret {
            guard status.st_uid == geteuid() || status.st_uid == 0 else { throw KeyError(.foreign, path) }
            let forbidden: mode_t = isCredential(path) && status.st_uid == 0 ? 0o037 : 0o077
            guard status.st_mode & forbidden == 0 else { throw KeyError(.open, path) }
        }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = unsafe Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw KeyError(.cannotRead, path, errno) }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    private static func write(_ text: String, to path: String, mode: mode_t) throws(KeyError) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw KeyError(errno == EEXIST ? .exists : .cannotWrite, path, errno) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard fchmod(descriptor, mode) == 0, unsafe Glibc.write(descriptor, bytes, bytes.count) == bytes.count,
            fsync(descriptor) == 0
        else {
            let code = errno
            _ = unsafe unlink(path)
            throw KeyError(.cannotWrite, path, code)
        }
    }
}

/// Why there is no key.
package struct KeyError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong.
    package enum Code: Sendable, Equatable {
        /// The file cannot be read.
        case cannotRead
        /// The file cannot be written.
        case cannotWrite
        /// The file is there already.
        case exists
        /// Something other than a file, for example a link.
        case notAFile
        /// Others may read or write the file.
        case open
        /// The file belongs to another user.
        case foreign
        /// The file holds something else than the key that is needed.
        case notAKey
    }

    /// What is wrong.
    package let code: Code
    /// The file.
    package let path: String
    /// The error of the system, or 0.
    package let system: Int32

    init(_ code: Code, _ path: String, _ system: Int32 = 0) {
        self.code = code
        self.path = path
        self.system = system
    }

    /// A sentence in Vietnamese.
    package var vietnamese: String {
        switch code {
        case .cannotRead: "không đọc được tệp khóa \(path): \(reason)"
        case .cannotWrite: "không ghi được tệp khóa \(path): \(reason)"
        case .exists: "đã có tệp \(path); khóa không bao giờ bị ghi đè"
        case .notAFile: "\(path) không phải là tệp thường"
        case .open: "người khác đọc được tệp khóa \(path): hãy chạy chmod 600 \(path)"
        case .foreign: "tệp khóa \(path) thuộc về người dùng khác"
        case .notAKey: "\(path) không chứa loại khóa cần dùng"
        }
    }

    /// A sentence in English.
    package var english: String {
        switch code {
        case .cannotRead: "the key file \(path) cannot be read: \(reason)"
        case .cannotWrite: "the key file \(path) cannot be written: \(reason)"
        case .exists: "there is a file \(path) already; a key is never overwritten"
        case .notAFile: "\(path) is not a plain file"
        case .open: "others may read the key file \(path): run chmod 600 \(path)"
        case .foreign: "the key file \(path) belongs to another user"
        case .notAKey: "\(path) does not hold the kind of key that is needed"
        }
    }

    /// The sentence in English.
    package var description: String { english }

    private var reason: String { unsafe String(cString: strerror(system)) }
}
