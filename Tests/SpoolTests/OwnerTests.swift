import Foundation
import Polling
import Spool
import TestSupport
import Testing

@Suite struct OwnerTests {
    /// The user that Debian calls nobody.
    private static let nobody = 65_534

    @Test(.enabled(if: getuid() == 0, "only root can act in another user's folder"))
    func `What root makes beside a service's spool belongs to the service`() throws {
        let folder = try TemporaryFolder()
        let owner: [FileAttributeKey: Any] = [.ownerAccountID: Self.nobody, .groupOwnerAccountID: Self.nobody]
        try FileManager.default.setAttributes(owner, ofItemAtPath: folder.path)
        let path = folder.path + "/spool.sqlite"
        let spool = try SpoolDatabase(path: path, sender: "small")
        try spool.append([SpoolDraft(body: Array("{}".utf8), contentType: 2)])
        let lock = try #require(try SpoolLock.acquire(spool: path))
        let pipe = try #require(WakeUpPipe(path: spool.wakeUpPath))
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(files.count >= 4, "\(files)")
        for file in files {
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/" + file)
            #expect((attributes[.ownerAccountID] as? NSNumber)?.intValue == Self.nobody, "\(file)")
        }
        withExtendedLifetime((lock, pipe)) { spool.close() }
    }
}
