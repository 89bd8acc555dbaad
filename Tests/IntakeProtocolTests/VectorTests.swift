import Dossiers
import Foundation
import IntakeProtocol
import SwiftProtobuf
import Testing
import TestSupport
import WireMessages

/// `Schemas/wire/vectors.json`, made by another implementation (Python's struct, zlib and hashlib, and protoc).
struct Vectors: Decodable {
    struct Message: Decodable {
        let name: String
        let command: String
        let contentType: String
        let epoch, session, first, head: String
        let count: UInt32
        let frames: [String]
        let message: String?
    }

    struct Refused: Decodable {
        let name: String
        let frames: [String]
        let error: String
    }

    struct RefusedBody: Decodable {
        let name: String
        let body: String
        let count: Int
        let error: String
    }

    struct Chain: Decodable {
        struct Entry: Decodable { let sequence, body, previous, digest: String }
        let epoch: String
        let entries: [Entry]
    }

    struct Checksum: Decodable {
        let bytes: String
        let value: UInt32
    }

    struct Tag: Decodable { let delivery, roster, sender, frame: String }

    let messages: [Message]
    let refusedMessages: [Refused]
    let refusedBatchBodies: [RefusedBody]
    let chain: Chain
    let crc32: [Checksum]
    let deliveryTag: Tag

    static func read() throws -> Vectors {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let file = Repository.root.appending(path: "Schemas/wire/vectors.json")
        return try decoder.decode(Vectors.self, from: Data(contentsOf: file))
    }
}

@Suite struct VectorTests {
    private let vectors: Vectors

    init() throws { vectors = try Vectors.read() }

    @Test func `Every message reads as the table says, and writes the same bytes`() throws {
        #expect(vectors.messages.count >= 15)
        for vector in vectors.messages {
            let frames = try vector.frames.map { try #require([UInt8](hexadecimal: $0)) }
            let parcel = try Parcel(frames: frames)
            #expect(parcel.header.command.name == vector.command, "\(vector.name)")
            #expect("\(parcel.header.contentType)" == vector.contentType, "\(vector.name)")
            #expect(String(parcel.header.epoch) == vector.epoch, "\(vector.name)")
            #expect(String(parcel.header.session) == vector.session, "\(vector.name)")
            #expect(String(parcel.header.first) == vector.first, "\(vector.name)")
            #expect(String(parcel.header.head) == vector.head, "\(vector.name)")
            #expect(parcel.header.count == vector.count, "\(vector.name)")
            #expect(Parcel(parcel.header, body: parcel.body).frames == frames, "\(vector.name)")
        }
    }

    @Test func `Bodies in JSON and in protobuf say the same`() throws {
        var seen: Set<String> = []
        for vector in vectors.messages {
            guard let name = vector.message else { continue }
            let body = try #require([UInt8](hexadecimal: vector.frames[1]))
            let type: ContentType = vector.contentType == "json" ? .json : .protobuf
            switch name {
            case "Hello": try roundTrip(WireHello(body: body, as: type))
            case "Welcome": try roundTrip(WireWelcome(body: body, as: type))
            case "Receipt": try roundTrip(WireReceipt(body: body, as: type))
            case "Credit": try roundTrip(WireCredit(body: body, as: type))
            case "Beat": try roundTrip(WireBeat(body: body, as: type))
            case "Refusal": try roundTrip(WireRefusal(body: body, as: type))
            case "SurveyTasks": try roundTrip(WireSurveyTasks(body: body, as: type))
            case "SurveyTasksDone": try roundTrip(WireSurveyTasksDone(body: body, as: type))
            default: Issue.record("\(name) is not replayed")
            }
            seen.insert(name)
        }
        #expect(seen.count == 8)
        try twins("welcome with a hole", "welcome in JSON", WireWelcome.self)
        try twins("receipt: one stored, one rejected", "receipt in JSON", WireReceipt.self)
    }

    private func twins<Body: Message & Equatable>(_ one: String, _ other: String, _ type: Body.Type) throws {
        let first = try #require(vectors.messages.first { $0.name == one })
        let second = try #require(vectors.messages.first { $0.name == other })
        let protobuf = try Body(body: try #require([UInt8](hexadecimal: first.frames[1])), as: .protobuf)
        let json = try Body(body: try #require([UInt8](hexadecimal: second.frames[1])), as: .json)
        #expect(protobuf == json)
    }

    private func roundTrip<Body: Message & Equatable>(_ body: Body) throws {
        #expect(try Body(body: body.encoded(as: .json), as: .json) == body)
        #expect(try Body(body: body.encoded(as: .protobuf), as: .protobuf) == body)
        #expect(body != Body())
    }

    @Test func `Batches in JSON and in protobuf carry the same entries`() throws {
        var contents: [[EntryContent]] = []
        var attempts: [UInt8] = []
        for vector in vectors.messages where vector.command == "batch" {
            let parcel = try Parcel(frames: vector.frames.map { try #require([UInt8](hexadecimal: $0)) })
            let body = try BatchBody(parcel.body, count: Int(parcel.header.count))
            #expect(body.bytes == parcel.body)
            var previous = body.previous
            for (index, item) in body.items.enumerated() {
                let digest = Chain.digest(
                    previous: previous, epoch: parcel.header.epoch, sequence: parcel.header.first + UInt64(index),
                    body: item.bytes.span)
                #expect(digest == item.digest)
                previous = digest
            }
            contents.append(body.items.map { EntryContent(Array($0.bytes), as: parcel.header.contentType) })
            attempts.append(parcel.header.attempt)
        }
        try #require(contents.count == 4)
        #expect(attempts == [0, 0, 2, 2])
        #expect(contents[0] == contents[1] && contents[2] == contents[3])
        guard case .intake(let submission)? = contents[0].last,
            case .correction(let reference, let corrected)? = contents[2].first,
            case .manifest(let manifest)? = contents[2].last
        else {
            Issue.record("other entries than were written")
            return
        }
        #expect(submission.dossierCode == "H36.26-220301-0002")
        #expect(submission.channel == "3")
        #expect(reference == EntryReference(sequence: 3) && corrected.dossierCode == "H36.26-220301-0003")
        #expect(
            manifest.numbers == 1...4 && manifest.lastDigest == Array(0..<32) && manifest.cells.values.reduce(0, +) == 4
        )
        #expect(manifest.cells[TallyCell(channel: "unknown", procedure: "")] == 1)
    }

    @Test func `What does not follow the protocol is refused with its code`() throws {
        for vector in vectors.refusedMessages {
            let frames = try vector.frames.map { try #require([UInt8](hexadecimal: $0)) }
            let error = #expect(throws: ProtocolError.self, "\(vector.name)") { try Parcel(frames: frames) }
            #expect(error?.code.rawValue == vector.error, "\(vector.name)")
        }
        for vector in vectors.refusedBatchBodies {
            let body = try #require([UInt8](hexadecimal: vector.body))
            let error = #expect(throws: ProtocolError.self, "\(vector.name)") {
                try BatchBody(body, count: vector.count)
            }
            #expect(error?.code.rawValue == vector.error, "\(vector.name)")
        }
    }

    @Test func `The chain and the checksums are those of other languages`() throws {
        let epoch = try #require(UInt64(vectors.chain.epoch))
        var previous = Chain.start
        for entry in vectors.chain.entries {
            #expect(previous.bytes == [UInt8](hexadecimal: entry.previous))
            let body = try #require([UInt8](hexadecimal: entry.body))
            previous = Chain.digest(
                previous: previous, epoch: epoch, sequence: try #require(UInt64(entry.sequence)), body: body)
            #expect(previous.bytes == [UInt8](hexadecimal: entry.digest))
        }
        for vector in vectors.crc32 {
            #expect(Checksum.crc32(try #require([UInt8](hexadecimal: vector.bytes))) == vector.value)
        }
    }

    @Test func `The delivery tag between broker and worker is as the table says`() throws {
        let tag = DeliveryTag(
            delivery: try #require(UInt64(vectors.deliveryTag.delivery)),
            roster: try #require(UInt64(vectors.deliveryTag.roster)), sender: vectors.deliveryTag.sender)
        #expect(tag.bytes == [UInt8](hexadecimal: vectors.deliveryTag.frame))
        #expect(try DeliveryTag(tag.bytes) == tag)
        #expect(throws: ProtocolError.self) { try DeliveryTag([1, 2, 3]) }
    }
}

extension Command {
    /// The name that stands in the vectors.
    fileprivate var name: String { self == .tasksDone ? "tasks_done" : "\(self)" }
}
