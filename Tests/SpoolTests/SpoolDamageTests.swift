import Foundation
import Spool
import TestSupport
import Testing

/// A6: bits turned over on the disk while nobody has the spool open.
@Suite struct SpoolDamageTests {
    /// The later seeds damage the tree, which led a reader round in circles.
    @Test(arguments: [0, 1, 2, 3, 4, 5, 6, 7, 9, 19, 29, 34, 39, 58] as [UInt64])
    func `Whatever bits turn over, what is read is what was written, and it ends`(
        seed: UInt64
    ) throws {
        let folder = try TemporaryFolder()
        var numbers = SeededNumbers(seed: seed)
        let path = folder.path + "/sender.sqlite"
        let count = 3_000
        var spool = try SpoolDatabase(path: path, sender: "post-office")
        for first in stride(from: 0, to: count, by: 100) {
            try spool.append(
                (first..<first + 100).map {
                    SpoolDraft(
                        body: Array("entry \($0) \(String(repeating: "x", count: 200))".utf8), contentType: 2)
                })
        }
        spool.close()
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        for _ in 0..<6 {
            bytes[Int.random(in: 0..<bytes.count, using: &numbers)] ^= 1 << UInt8.random(in: 0..<8, using: &numbers)
        }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        var read = 0
        do {
            spool = try SpoolDatabase(path: path, sender: "post-office")
            var number: UInt64 = 0
            while let run = try spool.nextRun(after: number, limit: 512, bytes: 200_000) {
                for (index, entry) in run.entries.enumerated() {
                    let expected = "entry \(run.first + UInt64(index) - 1) "
                    #expect(entry.body.starts(with: Array(expected.utf8)))
                    read += 1
                }
                number = run.first + UInt64(run.entries.count) - 1
            }
            #expect(read + (try spool.damaged().count) == count, "what is damaged is named, and its neighbours go on")
        } catch {
            #expect(error.code == .corrupt)
        }
    }
}
