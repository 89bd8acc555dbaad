import IntakeProtocol
import SwiftProtobuf
import WireMessages

extension FuzzTarget {
    /// What reads as a header writes the same bytes; the first 52 bytes are tried with a checksum that fits, too.
    func checkHeader(_ bytes: [UInt8]) throws(FuzzFinding) {
        let head = Array(bytes.prefix(Header.length)), body = Array(bytes.dropFirst(Header.length))
        try checkHeader(head, body)
        if head.count >= Header.length - 4 {
            let start = Array(head.prefix(Header.length - 4))
            try checkHeader(start + [UInt8](bigEndian: Checksum.crc32(start)), body)
        }
        if let tag = try? DeliveryTag(bytes) { try require(tag.bytes == bytes, "the tag \(tag) is written anew") }
    }

    private func checkHeader(_ head: [UInt8], _ body: [UInt8]) throws(FuzzFinding) {
        let salvaged = Header.salvaged(head)
        guard let header = try? Header(head) else { return }
        try require(header.bytes == head, "\(header) is written anew")
        try require(
            salvaged.contentType == header.contentType && salvaged.session == header.session, "\(header) is salvaged")
        try require(max(header.first, header.head) <= Limits.highestNumber, "\(header) is within the limits")
        if let parcel = try? Parcel(frames: [head, body]) {
            try require(parcel.frames == [head, body], "the message is written anew")
        }
        let sealed = Parcel(header, body: body)
        let read = try succeed("a sealed message") { try Parcel(frames: sealed.frames) }
        try require(read == sealed, "a sealed message is read")
    }

    /// A message that was read is the same after it has been written, in either way of writing.
    func checkMessage(_ bytes: [UInt8]) throws(FuzzFinding) {
        guard bytes.count >= 2 else { return }
        let type: ContentType = bytes[1].isMultiple(of: 2) ? .protobuf : .json
        let body = Array(bytes[2...])
        switch bytes[0] % 9 {
        case 0: try checkMessage(WireHello.self, body, type)
        case 1: try checkMessage(WireWelcome.self, body, type)
        case 2: try checkMessage(WireReceipt.self, body, type)
        case 3: try checkMessage(WireCredit.self, body, type)
        case 4: try checkMessage(WireBeat.self, body, type)
        case 5: try checkMessage(WireRefusal.self, body, type)
        case 6: try checkMessage(WireRoster.self, body, type)
        case 7: try checkMessage(WireSurveyTasks.self, body, type)
        default: try checkMessage(WireSurveyTasksDone.self, body, type)
        }
    }

    private func checkMessage<Body: Message & Equatable>(
        _ kind: Body.Type, _ body: [UInt8], _ type: ContentType
    ) throws(FuzzFinding) {
        guard let message = try? Body(body: body, as: type) else { return }
        let again = try succeed("\(kind) in protobuf") {
            try Body(body: message.encoded(as: .protobuf), as: .protobuf)
        }
        try require(again == message, "\(kind) in protobuf")
        // JSON has no place for fields that are not known.
        let text = try succeed("\(kind) in JSON") { try message.encoded(as: .json) }
        let retold = try succeed("\(kind) is read in JSON") { try Body(body: text, as: .json).encoded(as: .json) }
        try require(retold == text, "\(kind) in JSON")
    }
}
