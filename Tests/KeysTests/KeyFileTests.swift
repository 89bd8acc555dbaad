import Foundation
import IntakeProtocol
import Keys
import TestSupport
import Testing
import ZeroMQ

@Suite struct KeyFileTests {
    private let folder: TemporaryFolder
    private var path: String { folder.path + "/sender.curve" }

    init() throws { folder = try TemporaryFolder() }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func `A key is read as it was made, and only its owner can`() throws {
        let made = try KeyFile.make(path)
        #expect(try KeyFile.secret(path).publicKey == made)
        #expect(try KeyFile.publicKey(KeyFile.publicPath(path)) == made)
        #expect(try mode(path) == 0o600 && mode(path + ".pub") == 0o644)
        #expect(try !String(contentsOfFile: path + ".pub", encoding: .utf8).contains("secret"))
    }

    @Test func `A key is never overwritten, not even by half`() throws {
        let made = try KeyFile.make(path)
        #expect(throws: KeyError.self) { try KeyFile.make(path) }
        #expect(try KeyFile.secret(path).publicKey == made)
        let other = folder.path + "/other"
        try Data().write(to: URL(fileURLWithPath: other + ".pub"))
        #expect(throws: KeyError.self) { try KeyFile.make(other) }
        #expect(!FileManager.default.fileExists(atPath: other))
    }

    @Test(arguments: [0o640, 0o604, 0o660, 0o440, 0o620])
    func `A key that others may read or write is refused`(mode: Int) throws {
        _ = try KeyFile.make(path)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        let error = #expect(throws: KeyError.self) { try KeyFile.secret(path) }
        #expect(error?.code == .open && error?.english.contains("chmod 600") == true)
        try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: path)
        #expect(throws: Never.self) { try KeyFile.secret(path) }
    }

    @Test func `Links, folders, pipes, other keys and cut files are refused`() throws {
        _ = try KeyFile.make(path)
        let link = folder.path + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
        #expect(throws: KeyError.self) { try KeyFile.secret(link) }
        #expect(throws: KeyError.self) { try KeyFile.secret(folder.path) }
        #expect(unsafe mkfifo(folder.path + "/pipe", 0o600) == 0)
        #expect(throws: KeyError.self) { try KeyFile.secret(folder.path + "/pipe") }
        #expect(throws: KeyError.self) { try KeyFile.secret(folder.path + "/none") }
        #expect(throws: KeyError.self) { try KeyFile.publicKey(path) }
        let text = try String(contentsOfFile: path, encoding: .utf8)
        for cut in [0, 10, text.count - 2, text.count - 1] {
            let file = try folder.write(String(text.prefix(cut)), to: "cut\(cut)")
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
            let error = #expect(throws: KeyError.self) { try KeyFile.secret(file) }
            #expect(error?.code == .notAKey)
        }
    }

    @Test func `A key that signs is another kind of key, and a sender has both or neither`() throws {
        let keys = try KeyFile.makeSender(path)
        let sign = KeyFile.signingPath(path)
        #expect(try KeyFile.secret(path).publicKey == keys.curve)
        #expect(try KeyFile.signingKey(sign).publicKey == keys.signing)
        #expect(try KeyFile.verificationKey(KeyFile.publicPath(sign)) == keys.signing)
        #expect(try mode(sign) == 0o600 && mode(sign + ".pub") == 0o644)
        // None passes for another, nor a public one for a secret one.
        #expect(throws: KeyError.self) { try KeyFile.secret(sign) }
        #expect(throws: KeyError.self) { try KeyFile.signingKey(path) }
        #expect(throws: KeyError.self) { try KeyFile.signingKey(sign + ".pub") }
        #expect(throws: KeyError.self) { try KeyFile.verificationKey(sign) }
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: sign)
        let error = #expect(throws: KeyError.self) { try KeyFile.signingKey(sign) }
        #expect(error?.code == .open)
        let other = folder.path + "/other"
        _ = try KeyFile.make(other)
        #expect(throws: KeyError.self) { try KeyFile.makeSender(other) }
        #expect(!FileManager.default.fileExists(atPath: other + ".sign"))
        #expect(!FileManager.default.fileExists(atPath: other + ".sign.pub"))
    }

    @Test func `A key of another user is refused`() throws {
        // Only root can give a file away.
        guard geteuid() == 0 else { return }
        _ = try KeyFile.make(path)
        #expect(unsafe chown(path, 65_534, 65_534) == 0)
        let error = #expect(throws: KeyError.self) { try KeyFile.secret(path) }
        #expect(error?.code == .foreign)
    }
}
