import Foundation
import Spool
import TestSupport
import Testing

/// A6, A7: bits turned over on the disk while nobody has the spool open.
@Suite struct SpoolDamageTests {
    /// SQLite stops reading its log at a page that does not fit, and says nothing: accepted entries are gone.
    ///
    /// Then the head is lower than the one that the centre has heard of, which is how it finds out.
    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `Entries that a damaged log has lost are not passed over in silence`(seed: UInt64) throws {
        let folder = try TemporaryFolder()
        var numbers = SeededNumbers(seed: seed)
        let (path, copy) = (folder.path + "/sender.sqlite", folder.path + "/killed.sqlite")
        let spool = try SpoolDatabase(path: path, sender: "post-office")
        for number in 1...100 {
            try spool.append([SpoolDraft(body: Array("entry \(number)".utf8), contentType: 2)])
        }
        // As a killed process leaves it: closing would have emptied the log.
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
        }
        spool.close()
        var log = [UInt8](try Data(contentsOf: URL(fileURLWithPath: copy + "-wal")))
        log[Int.random(in: 32..<log.count, using: &numbers)] ^= 1 << UInt8.random(in: 0..<8, using: &numbers)
        try Data(log).write(to: URL(fileURLWithPath: copy + "-wal"))
        let left: SpoolDatabase
        do { left = try SpoolDatabase(path: copy, sender: "post-office") } catch {
            #expect(error.code == .corrupt)
            return
        }
        let head = try left.chainHead().number
        var read: UInt64 = 0
        while let run = try left.nextRun(after: read, limit: 512, bytes: 200_000) {
            #expect(run.first == read + 1)
            for (index, entry) in run.entries.enumerated() {
                #expect(entry.body == Array("entry \(run.first + UInt64(index))".utf8))
            }
            read += UInt64(run.entries.count)
        }
        #expect(read == head, "what is there is whole: every number up to the head")
        #expect(head < 100, "the flip lies in what was accepted")
    }

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
