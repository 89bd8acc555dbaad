import Agent
import Demonstration
import Dossiers
import Foundation
import IntakeProtocol
import Machines
import Postgres
import ServiceLifecycle
import Spool
import Store
import TestSupport
import Testing
import WireMessages
import Worker
import ZeroMQ

/// What is signed on the way, and what becomes of what was changed.
@Suite(.takingTurns) struct EvidenceTests {
    /// A centre that signs, and whose broker may be meddled with.
    private struct Bench {
        let centre: Centre
        let receiptKey = SigningKey()
        let meddler: Meddler

        init() async throws {
            centre = try await Centre()
            meddler = try Meddler(workers: centre.workers + "-way", broker: centre.workers)
        }

        func worker(key: SigningKey? = nil, meddled: Bool = false) throws -> WorkerService {
            guard let zone = LocalZone(identifier: "Asia/Ho_Chi_Minh") else { throw ProtocolError(.busy) }
            return try WorkerService(
                WorkerConfiguration(
                    endpoint: centre.workers + (meddled ? "-way" : ""), database: centre.database.acting(as: .ingest),
                    vault: Centre.vault, zone: zone,
                    receiptKey: key ?? receiptKey), logger: Centre.logger)
        }

        func courier(
            _ spool: SpoolDatabase, signing: SigningKey? = nil, trusting keys: [SigningKey]? = nil
        ) throws -> Courier {
            let evidence = AgentEvidence(
                signingKey: signing, receiptKeys: (keys ?? [receiptKey]).map(\.publicKey))
            return try Courier(
                spool, routes: [IntakeRoute(local: centre.intake)], evidence: evidence, software: "test/1",
                logger: Centre.logger)
        }

        @discardableResult
        func enrol(_ name: String, signing: SigningKey?) async throws -> Int32? {
            let curve = try CurveSecretKey().publicKey.bytes
            return try await centre.session.perform { connection in
                try await SenderKeys(connection).enrol(
                    curve, signing: signing?.publicKey.bytes, of: name, from: nil, to: nil, by: "test")
            }
        }

        /// The receipt of an entry as its sender has it.
        func receipt(_ number: UInt64, _ spool: SpoolDatabase) throws -> DossierReceipt? {
            try spool.proof(of: number).flatMap { proof in
                let digests = stride(from: 0, to: proof.digests.count, by: 32).compactMap { start in
                    Digest(Array(proof.digests[start..<(start + 32)]))
                }
                return DossierReceipt(
                    of: number, sender: spool.sender, epoch: spool.epoch, first: proof.first,
                    outcomes: proof.outcomes, digests: digests, committedAt: proof.committedAt, key: proof.key,
                    signature: proof.signature)
            }
        }

        func expectProofs(_ count: UInt64, _ spool: SpoolDatabase, by key: SigningKey? = nil) throws {
            let key = (key ?? receiptKey).publicKey
            for number in 1...count {
                #expect(try receipt(number, spool)?.verdict([key]) == .genuine(key), "\(number)")
            }
        }
    }

    @Test func `What is sent signed is stored, and every entry has a receipt that its sender and the centre can show`()
        async throws
    {
        let bench = try await Bench()
        let (centre, key) = (bench.centre, SigningKey())
        try await bench.enrol("office", signing: key)
        let spool = try centre.spool("office")
        try spool.accept(SampleSubmissions(count: 700, seed: 1))
        let services: [any Service] = [
            try await centre.broker(), try bench.worker(), try bench.courier(spool, signing: key),
        ]
        try await centre.run(services) {
            try await Centre.until("all is settled") { try spool.isSettled }
            try bench.expectProofs(700, spool)
            // Kept with the next transaction, or after a second without one.
            try await Centre.until("the receipts are kept") {
                try await centre.count("receipt", where: "sender_signature IS NOT NULL AND signature IS NOT NULL") >= 2
            }
            let signed = try await centre.session.perform { connection in
                let result = try await connection.run(
                    "SELECT sum(last - first + 1)::bigint FROM hoso.receipt", as: "count")
                return result.int64(0, 0)
            }
            #expect(signed == 700)
            let code = try #require(SampleSubmissions(count: 1, seed: 1).first { _ in true }?.dossierCode)
            let (entry, receipts) = try #require(
                try await centre.session.perform { try await ReceiptTable($0).evidence(of: code) })
            let (own, kept) = (try #require(try bench.receipt(1, spool)), try #require(receipts.first))
            #expect(kept.signature == own.signature && entry.digest == own.leaf.digest && entry.outcome == 1)
            #expect(try spool.numbers(tagged: CodeTag.of(code)).map(\.number) == [1])
        }
    }

    // MARK: - Batches

    /// A batch of dossiers in JSON.
    private static func batch(
        _ numbers: ClosedRange<Int>, sender: String = "office", by key: SigningKey?
    ) throws -> (header: Header, body: BatchBody) {
        var previous = Chain.start
        let items = numbers.map { number in
            let text = """
                {"intake": {"dossier_code": "H36.26-220301-\(1_000 + number)", "received_at": "2022-03-01T09:00:00+07:00",
                "unit": "H36.26", "procedure": "1.004194", "channel": "online"}}
                """
            previous = Chain.digest(previous: previous, epoch: 9, sequence: UInt64(number), body: Array(text.utf8))
            return BatchBody.Item(digest: previous, bytes: Array(text.utf8))
        }
        var header = Header(.batch, contentType: .json)
        (header.session, header.epoch) = (5, 9)
        (header.first, header.count) = (UInt64(numbers.lowerBound), UInt32(numbers.count))
        let statement = BatchSignature.statement(sender: sender, header: header, previous: .zero, last: previous)
        return (header, BatchBody(previous: .zero, items: items, signature: try key?.signature(of: statement)))
    }

    /// What somebody on the way could make of a signed batch.
    private enum Forgery: CaseIterable {
        case flippedBit, replacedFirst, replacedMiddle, replacedLast, stripped, otherKey, otherSignature, otherNumbers
        case otherPrevious, shorter, otherType, otherSender
    }

    private static func forge(_ forgery: Forgery, _ key: SigningKey) throws -> (Header, [UInt8]) {
        var (header, body) = try batch(1...3, by: key)
        var (items, previous, signature) = (body.items, body.previous, body.signature)
        let replace = { (index: Int) in
            let bytes = Array(
                String(decoding: items[index].bytes, as: UTF8.self).replacing("online", with: "postal").utf8)
            let before = index == 0 ? previous : items[index - 1].digest
            // Its own digest is right: only the one that follows from it is not.
            let digest = Chain.digest(previous: before, epoch: 9, sequence: UInt64(index + 1), body: bytes)
            items[index] = BatchBody.Item(digest: digest, bytes: bytes)
        }
        switch forgery {
        case .flippedBit:
            var bytes = Array(items[1].bytes)
            bytes[20] ^= 1
            items[1] = BatchBody.Item(digest: items[1].digest, bytes: bytes)
        case .replacedFirst: replace(0)
        case .replacedMiddle: replace(1)
        case .replacedLast: replace(2)
        case .stripped: signature = nil
        case .otherKey: signature = try batch(1...3, by: SigningKey()).body.signature
        case .otherSignature: signature = try batch(1...2, by: key).body.signature
        case .otherNumbers: header.first = 2
        case .otherPrevious: previous = Chain.digest(of: [])
        case .shorter:
            items.removeLast()
            header.count = 2
        case .otherType: header.contentType = .protobuf
        case .otherSender: signature = try batch(1...3, sender: "other", by: key).body.signature
        }
        body = BatchBody(previous: previous, items: items, signature: signature)
        return (header, body.bytes)
    }

    @Test func `A batch that its sender has not signed as it is, is refused as a whole, and no number is used up`()
        async throws
    {
        let bench = try await Bench()
        let (centre, key) = (bench.centre, SigningKey())
        try await bench.enrol("office", signing: key)
        let sender = try BareSender(endpoint: centre.intake)
        try await centre.run([try await centre.broker(), try bench.worker()]) {
            let welcome = try #require(try await sender.greet(as: "office", session: 5))
            #expect(try WireWelcome(body: welcome.body, as: .json).minor == 1)
            for forgery in Forgery.allCases {
                let (header, body) = try Self.forge(forgery, key)
                try await sender.send(header, body)
                let answer = try #require(try await sender.answer(), "\(forgery)")
                #expect(answer.header.command == .error, "\(forgery)")
                let code = try WireRefusal(body: answer.body, as: answer.header.contentType).code
                #expect(code == "bad_signature", "\(forgery)")
            }
            #expect(try await centre.count("intake") == 0)
            #expect(try await centre.count("quarantine") == 0)
            let (header, body) = try Self.batch(1...3, by: key)
            try await sender.send(header, body.bytes)
            let answer = try #require(try await sender.answer())
            let receipt = try WireReceipt(body: answer.body, as: .json)
            #expect(receipt.verdicts.map(\.outcome) == [.stored] && receipt.signed.signature.count == 64)
            #expect([UInt8](receipt.signed.key) == bench.receiptKey.publicKey.id)
        }
        #expect(try await centre.count("dossier") == 3)
    }

    @Test func `Who has no signing key goes on as before, and an entry with a wrong digest is quarantined alone`()
        async throws
    {
        let bench = try await Bench()
        let centre = bench.centre
        try await bench.enrol("office", signing: nil)
        let sender = try BareSender(endpoint: centre.intake)
        try await centre.run([try await centre.broker(), try bench.worker()]) {
            _ = try await sender.greet(as: "office", session: 5)
            let (header, body) = try Self.forge(.flippedBit, SigningKey())
            try await sender.send(header, body)
            let answer = try #require(try await sender.answer())
            let receipt = try WireReceipt(body: answer.body, as: .json)
            #expect(receipt.verdicts.map(\.outcome) == [.stored, .rejected, .stored])
            #expect(receipt.hasSigned)
        }
        #expect(try await centre.count("dossier") == 2)
    }

    @Test func `While a sender changes to signing both are taken; without its old key nothing unsigned is`()
        async throws
    {
        let bench = try await Bench()
        let (centre, key, next) = (bench.centre, SigningKey(), SigningKey())
        let plain = try #require(try await bench.enrol("office", signing: nil))
        let first = try #require(try await bench.enrol("office", signing: key))
        let sender = try BareSender(endpoint: centre.intake)
        /// Sends dossiers and says whether they were taken, once that is so.
        let isTaken = { @Sendable (numbers: ClosedRange<Int>, key: SigningKey?) async throws -> Bool in
            let (header, body) = try Self.batch(numbers, by: key)
            try await sender.send(header, body.bytes)
            return try #require(try await sender.answer()).header.command == .receipt
        }
        let revoke = { @Sendable (number: Int32) async throws in
            _ = try await centre.session.perform { connection in
                try await SenderKeys(connection).revoke("office", key: number, by: "test", because: "old")
            }
        }
        try await centre.run([try await centre.broker(), try bench.worker()]) {
            _ = try await sender.greet(as: "office", session: 5)
            #expect(try await isTaken(1...2, nil))
            #expect(try await isTaken(3...4, key))
            #expect(try await !isTaken(5...6, next), "a signature by a key that nobody knows is wrong, not missing")
            try await revoke(plain)
            try await Centre.until("nothing unsigned is taken") { try await !isTaken(5...6, nil) }
            #expect(try await isTaken(7...8, key))
            try await bench.enrol("office", signing: next)
            try await Centre.until("the next key counts") { try await isTaken(9...10, next) }
            #expect(try await isTaken(11...12, key), "and the old one still does")
            try await revoke(first)
            try await Centre.until("the old key counts no longer") { try await !isTaken(13...14, key) }
        }
    }

    @Test func `What a broker changes on the way is refused, and arrives as it was once the broker is honest`()
        async throws
    {
        let bench = try await Bench()
        let (centre, key) = (bench.centre, SigningKey())
        try await bench.enrol("office", signing: key)
        let spool = try centre.spool("office")
        try spool.accept(SampleSubmissions(count: 300, seed: 2))
        await bench.meddler.meddle { header, tag, body in
            guard header.command == .batch else { return (header, tag, body) }
            // The whole batch for another one: no signature, and a chain that is right.
            guard let batch = try? BatchBody(body, count: Int(header.count)) else { return nil }
            return (header, tag, BatchBody(previous: batch.previous, items: batch.items).bytes)
        }
        let services: [any Service] = [
            try await centre.broker(), bench.meddler, try bench.worker(meddled: true),
            try bench.courier(spool, signing: key),
        ]
        try await centre.run(services) {
            try await Centre.until("it has been tried") { await bench.meddler.changed >= 1 }
            try await Task.sleep(for: .seconds(1))
            #expect(try await centre.count("intake") == 0)
            #expect(try spool.counts().pending == 300)
            await bench.meddler.meddle(nil)
            try await Centre.until("all is settled") { try spool.isSettled }
            try bench.expectProofs(300, spool)
        }
        #expect(try await centre.count("dossier") == 300)
        #expect(try await centre.count("quarantine") == 0)
    }

    // MARK: - Receipts

    /// What somebody on the way could make of a receipt.
    private enum Lie: CaseIterable { case outcome, stripped, otherKey, time, numbers, madeUp }

    private static func tell(_ lie: Lie, _ receipt: WireReceipt, first: UInt64) -> WireReceipt {
        var receipt = receipt
        switch lie {
        case .outcome: receipt.verdicts[0].outcome = .rejected
        case .stripped: receipt.clearSigned()
        case .otherKey: receipt.signed.key = Data(SigningKey().publicKey.id)
        case .time: receipt.signed.committedAt += 1
        case .numbers: receipt.verdicts[0].last += 1
        case .madeUp:
            let key = SigningKey()
            receipt.signed.key = Data(key.publicKey.id)
            receipt.signed.signature = Data((try? key.signature(of: [1])) ?? [])
        }
        return receipt
    }

    @Test(arguments: Lie.allCases.indices) func `A receipt that the centre has not signed as it is, is not recorded`(
        place: Int
    ) async throws {
        let lie = Lie.allCases[place]
        let bench = try await Bench()
        let centre = bench.centre
        let spool = try centre.spool("office")
        try spool.accept(SampleSubmissions(count: 40, seed: 3))
        await bench.meddler.meddle { header, tag, body in
            guard header.command == .receipt, let receipt = try? WireReceipt(body: body, as: header.contentType) else {
                return (header, tag, body)
            }
            let changed = Self.tell(lie, receipt, first: header.first)
            return (header, tag, (try? changed.encoded(as: header.contentType)) ?? [])
        }
        let services: [any Service] = [
            try await centre.broker(), bench.meddler, try bench.worker(meddled: true), try bench.courier(spool),
        ]
        try await centre.run(services) {
            try await Centre.until("it has been tried") { await bench.meddler.changed >= 1 }
            try await Task.sleep(for: .milliseconds(500))
            #expect(try spool.counts().pending == 40 && spool.proof(of: 1) == nil)
            await bench.meddler.meddle(nil)
            try await Centre.until("the entries were sent again, and are settled") { try spool.isSettled }
            try bench.expectProofs(40, spool)
            #expect(try spool.counts().stored == 40)
        }
        #expect(try await centre.count("dossier") == 40)
    }

    @Test func `A receipt that never came is given again, for the same entries with the same outcomes`() async throws {
        let bench = try await Bench()
        let centre = bench.centre
        let spool = try centre.spool("office")
        try spool.accept(SampleSubmissions(count: 60, seed: 4))
        // As of a worker that dies after COMMIT.
        await bench.meddler.meddle { header, tag, body in
            header.command == .receipt ? nil : (header, tag, body)
        }
        try await centre.run([try await centre.broker(), bench.meddler, try bench.courier(spool)]) {
            try await centre.run([try bench.worker(meddled: true)]) {
                try await Centre.until("it is committed") { try await centre.count("dossier") == 60 }
                try await Centre.until("the receipts are lost") { await bench.meddler.changed >= 1 }
            }
            #expect(try spool.counts().pending == 60)
            try await centre.run([try bench.worker()]) {
                try await Centre.until("all is settled") { try spool.isSettled }
            }
            try bench.expectProofs(60, spool)
        }
        #expect(try await centre.count("intake") == 60)
    }

    @Test func `The centre's key changes with an overlap; who knows neither key records nothing`() async throws {
        let bench = try await Bench()
        let (centre, next) = (bench.centre, SigningKey())
        let (ready, late) = (try centre.spool("ready"), try centre.spool("late"))
        let broker = try await centre.broker()
        let couriers: [any Service] = [
            try bench.courier(ready, trusting: [bench.receiptKey, next]), try bench.courier(late),
        ]
        try await centre.run([broker] + couriers) {
            try await centre.run([try bench.worker()]) {
                try ready.accept(SampleSubmissions(count: 10, seed: 5))
                try late.accept(SampleSubmissions(count: 10, seed: 6))
                try await Centre.until("both are settled") { try ready.isSettled && late.isSettled }
            }
            try await centre.run([try bench.worker(key: next)]) {
                try ready.accept(SampleSubmissions(count: 10, seed: 7))
                try late.accept(SampleSubmissions(count: 10, seed: 8))
                try await Centre.until("the one that knows the key is settled") { try ready.isSettled }
                try await Centre.until("the other's are stored") { try await centre.count("dossier") == 40 }
                try await Task.sleep(for: .milliseconds(500))
                #expect(try late.counts().pending == 10 && late.proof(of: 11) == nil)
            }
        }
        let known = [bench.receiptKey, next].map(\.publicKey)
        for (number, key) in [(1, known[0]), (10, known[0]), (11, known[1]), (20, known[1])] {
            #expect(try bench.receipt(UInt64(number), ready)?.verdict(known) == .genuine(key))
        }
        try bench.expectProofs(10, late)
    }

    @Test func `A centre that does not sign is believed by those who ask for no signature, and by nobody else`()
        async throws
    {
        let bench = try await Bench()
        let centre = bench.centre
        let (easy, strict) = (try centre.spool("easy"), try centre.spool("strict"))
        try easy.accept(SampleSubmissions(count: 10, seed: 9))
        try strict.accept(SampleSubmissions(count: 10, seed: 10))
        let services: [any Service] = [
            try await centre.broker(), try centre.worker(), try bench.courier(easy, trusting: []),
            try bench.courier(strict),
        ]
        try await centre.run(services) {
            try await Centre.until("one is settled, both are stored") {
                let stored = try await centre.count("dossier")
                return try stored == 20 && easy.isSettled
            }
            try await Task.sleep(for: .milliseconds(300))
            #expect(try strict.counts().pending == 10 && easy.proof(of: 1) == nil)
        }
        #expect(try await centre.count("receipt") == 0)
    }
}
