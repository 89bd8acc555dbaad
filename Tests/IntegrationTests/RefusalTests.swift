import IntakeProtocol
import Machines
import TestSupport
import Testing
import WireMessages
import Worker

@Suite(.takingTurns) struct RefusalTests {
    private func batch(_ bodies: [[UInt8]], session: UInt64, type: ContentType = .json) -> (Header, [UInt8]) {
        var previous = Chain.start
        let items = bodies.enumerated().map { index, body in
            previous = Chain.digest(previous: previous, epoch: 9, sequence: UInt64(index + 1), body: body)
            return BatchBody.Item(digest: previous, bytes: body)
        }
        var header = Header(.batch, contentType: type)
        header.session = session
        header.epoch = 9
        header.first = 1
        header.count = UInt32(bodies.count)
        return (header, BatchBody(previous: Chain.start, items: items).bytes)
    }

    private func entry(_ number: Int, padding: Int = 0) -> [UInt8] {
        let name = String(repeating: "x", count: padding)
        return Array(
            """
            {"intake": {"dossier_code": "H36.26-220301-\(1_000 + number)", "received_at": "2022-03-01T09:00:00+07:00",
            "unit": "H36.26", "procedure": "1.004194", "channel": "online", "applicant_name": "\(name)"}}
            """.utf8)
    }

    @Test func `A batch that does not follow the protocol is refused with its code`() async throws {
        let centre = try await Centre()
        let sender = try BareSender(endpoint: centre.intake)
        try await centre.run([try await centre.broker(), try centre.worker()]) {
            #expect(try await sender.greet(as: "bare", session: 5)?.header.command == .welcome)
            var (header, body) = batch([entry(1), entry(2)], session: 5)
            header.count = 3
            try await sender.send(header, body)
            let refused = try #require(try await sender.answer())
            #expect(refused.header.command == .error && refused.header.session == 5)
            #expect(try WireRefusal(body: refused.body, as: .json).code == "malformed_body")
            (header, body) = batch([entry(1)], session: 5, type: .none)
            try await sender.send(header, body)
            let untyped = try #require(try await sender.answer())
            #expect(try WireRefusal(body: untyped.body, as: .json).code == "unknown_content_type")
        }
        #expect(try await centre.count("intake") == 0, "no number was used up")
    }

    @Test func `What is wrong with a greeting is told in its own words and session`() async throws {
        let centre = try await Centre()
        let sender = try BareSender(endpoint: centre.intake)
        try await centre.run([try await centre.broker()]) {
            var header = Header(.hello, contentType: .json)
            header.session = 77
            try await sender.send(header, [UInt8](repeating: 32, count: 5_000))
            let tooLong = try #require(try await sender.answer())
            #expect(tooLong.header.contentType == .json && tooLong.header.session == 77)
            let refusal = try WireRefusal(body: tooLong.body, as: .json)
            #expect(refusal.code == "limit_exceeded" && !refusal.text.isEmpty)
            var damaged = Parcel(header).header.bytes
            damaged[4] = 9
            try await sender.send(frames: [damaged])
            let unknown = try #require(try await sender.answer())
            #expect(unknown.header.contentType == .json && unknown.header.session == 77)
            #expect(try WireRefusal(body: unknown.body, as: .json).code == "unsupported_version")
        }
    }

    @Test func `An entry above the limit is quarantined, and its neighbours are stored`() async throws {
        let centre = try await Centre()
        let sender = try BareSender(endpoint: centre.intake)
        try await centre.run([try await centre.broker(), try centre.worker()]) {
            _ = try await sender.greet(as: "bare", session: 5)
            let (header, body) = batch([entry(1), entry(2, padding: 70_000), entry(3)], session: 5)
            try await sender.send(header, body)
            let parcel = try #require(try await sender.answer())
            let verdicts = try WireReceipt(body: parcel.body, as: .json).verdicts
            #expect(verdicts.map(\.outcome) == [.stored, .rejected, .stored])
            #expect(verdicts[1].reasons.map(\.code) == ["too_long"])
        }
        #expect(try await centre.count("quarantine", where: "length(body) > 70000") == 1)
    }

    @Test func `A sender for whom there is no room is told when to come back`() async throws {
        let centre = try await Centre()
        let broker = try await centre.broker { $0.memoryBytes = $0.smallestWindowBytes }
        let first = try BareSender(endpoint: centre.intake), second = try BareSender(endpoint: centre.intake)
        try await centre.run([broker, try centre.worker()]) {
            #expect(try await first.greet(as: "first", session: 5)?.header.command == .welcome)
            let answer = try #require(try await second.greet(as: "second", session: 6))
            let refusal = try WireRefusal(body: answer.body, as: .json)
            #expect(refusal.code == "busy" && refusal.retryAfterMilliseconds > 0)
        }
    }

    @Test func `A hundred senders that wait for the only worker are all welcomed`() async throws {
        let centre = try await Centre()
        let senders = try (0..<100).map { _ in try BareSender(endpoint: centre.intake) }
        try await centre.run([try await centre.broker()]) {
            try await withThrowingTaskGroup(of: Command?.self) { group in
                for (index, sender) in senders.enumerated() {
                    group.addTask { try await sender.greet(as: "sender-\(index)", session: 5)?.header.command }
                }
                // They are all there before the worker is.
                try await Task.sleep(for: .seconds(1))
                let worker = try centre.worker()
                group.addTask {
                    try await worker.run()
                    return nil
                }
                for _ in senders { #expect(try await group.next() == .welcome) }
                group.cancelAll()
            }
        }
    }
}
