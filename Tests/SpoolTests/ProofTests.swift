import Foundation
import GRDB
import Spool
import TestSupport
import Testing

/// What the centre has signed stays with the sender, as long as there is room and until it is old.
@Suite struct ProofTests {
    private let folder: TemporaryFolder
    private var path: String { folder.path + "/spool.sqlite" }

    init() throws { folder = try TemporaryFolder() }

    private func open(quota: Int = 1 << 30) throws -> SpoolDatabase {
        var options = SpoolOptions()
        options.quotaBytes = quota
        return try SpoolDatabase(path: path, sender: "post-office", options: options)
    }

    private func proof(_ first: UInt64, _ outcomes: [UInt8], at time: Int64 = 1_000) -> SpoolProof {
        SpoolProof(
            first: first, committedAt: time, key: Array(repeating: 1, count: 8),
            signature: Array(repeating: 2, count: 64), outcomes: outcomes,
            digests: outcomes.indices.flatMap { Array(repeating: UInt8($0), count: 32) },
            tags: outcomes.indices.flatMap { tag(first + UInt64($0)) })
    }

    private func tag(_ number: UInt64) -> [UInt8] { Array(repeating: UInt8(truncatingIfNeeded: number), count: 8) }

    @Test func `A proof is kept with the receipts that it is of, and found by each of their numbers`() throws {
        let spool = try open()
        try spool.append((0..<9).map { SpoolDraft(body: [$0], contentType: 1) })
        let proofs = [proof(1, [1, 1, 2]), proof(4, [1]), proof(6, [3, 1])]
        try spool.apply([SpoolReceipt(numbers: 1...4, outcome: .stored)], proofs: Array(proofs[..<2]))
        try spool.apply([SpoolReceipt(numbers: 6...7, outcome: .stored)], proofs: [proofs[2]])
        for (number, place) in [(1, 0), (2, 0), (3, 0), (4, 1), (6, 2), (7, 2)] as [(UInt64, Int)] {
            #expect(try spool.proof(of: number) == proofs[place], "\(number)")
        }
        for number in [0, 5, 8, 600, UInt64(Int64.max)] { #expect(try spool.proof(of: number) == nil) }
        spool.close()
        #expect(try open().proof(of: 7) == proofs[2])
    }

    @Test func `Numbers are found by their tags, the newest first`() throws {
        let spool = try open()
        try spool.append([SpoolDraft(body: [1], contentType: 1)])
        var again = proof(700, [2])
        again = SpoolProof(
            first: 700, committedAt: 5, key: again.key, signature: again.signature, outcomes: [2],
            digests: again.digests, tags: tag(3))
        try spool.apply([SpoolReceipt(numbers: 1...1, outcome: .stored)], proofs: [proof(1, [1, 1, 1, 4]), again])
        let found = try spool.numbers(tagged: tag(3))
        #expect(found.map(\.number) == [700, 3] && found.map(\.outcome) == [.duplicate, .stored])
        #expect(try spool.numbers(tagged: tag(4)).first?.outcome == .conflict)
        #expect(try spool.numbers(tagged: tag(9)).isEmpty)
    }

    @Test func `Old proofs are forgotten in pieces, younger ones are not`() throws {
        let spool = try open()
        try spool.append([SpoolDraft(body: [1], contentType: 1)])
        let proofs = (1...450).map { proof(UInt64($0), [1], at: Int64($0)) }
        try spool.apply([SpoolReceipt(numbers: 1...1, outcome: .stored)], proofs: proofs)
        #expect(try spool.forgetProofs(before: 301))
        #expect(try !spool.forgetProofs(before: 301))
        #expect(try spool.proof(of: 300) == nil && spool.proof(of: 301) != nil)
        #expect(try !spool.forgetProofs(before: 301) && spool.proof(of: 301) != nil)
    }

    @Test func `Proofs give way to entries before anything is refused`() throws {
        let spool = try open(quota: 1 << 20)
        var kept: UInt64 = 0
        for round in 0..<40 {
            let body = [UInt8](repeating: 7, count: 900)
            let numbers = try #require(
                try spool.append((0..<200).map { _ in SpoolDraft(body: body, contentType: 1) }))
            kept = numbers.lowerBound
            try spool.apply(
                [SpoolReceipt(numbers: numbers, outcome: .stored)],
                proofs: [proof(numbers.lowerBound, Array(repeating: 1, count: 200), at: Int64(round))])
        }
        #expect(try spool.proof(of: kept) != nil)
        // Without receipts the room goes to the entries.
        for _ in 0..<4 {
            try spool.append((0..<150).map { _ in SpoolDraft(body: [UInt8](repeating: 7, count: 900), contentType: 1) })
        }
        #expect(try spool.proof(of: kept) == nil && spool.fill() > 0.5)
    }

    @Test func `A spool of version 2 goes on and keeps proofs from then on`() throws {
        let old = try open()
        try old.append((0..<3).map { SpoolDraft(body: [$0], contentType: 1) })
        old.close()
        let queue = try DatabaseQueue(path: path)
        try queue.write { try $0.execute(sql: "DROP TABLE proof; UPDATE meta SET version = 2") }
        try queue.close()
        let spool = try open()
        try spool.apply([SpoolReceipt(numbers: 1...2, outcome: .stored)], proofs: [proof(1, [1, 1])])
        #expect(try spool.proof(of: 2) == proof(1, [1, 1]) && spool.counts().pending == 1)
    }
}
