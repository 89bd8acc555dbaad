import Dossiers

/// Reads what senders write nearly always, an intake in protobuf with each field once, in one pass over its bytes.
///
/// It decides nothing: whatever else an entry may be (another kind, a field that is not known or comes twice, bytes that
/// are no UTF-8 or no protobuf) is left to the library, which reads the same out of what this reads.
enum IntakeScanner {
    /// The submission and when its sender took it (0: it does not say); `nil` leaves the entry to the library.
    static func read(_ bytes: [UInt8]) -> (submission: Submission, acceptedAt: Int64)? {
        let bytes = bytes.span
        var cursor = Cursor(bytes.indices)
        var submission: Submission?
        var acceptedAt: Int64?
        while !cursor.isAtEnd {
            switch cursor.number(bytes) {
            case Tag.intake:
                guard submission == nil, let range = cursor.field(bytes), let read = dossier(bytes, range) else {
                    return nil
                }
                submission = read
            case Tag.acceptedAt:
                guard acceptedAt == nil, let value = cursor.number(bytes) else { return nil }
                acceptedAt = Int64(value)
            default: return nil
            }
        }
        return submission.map { ($0, acceptedAt ?? 0) }
    }

    /// Fields of `Entry` with their wire types: a length in front, or a number.
    private enum Tag {
        static let intake: UInt64 = 1 << 3 | 2
        static let acceptedAt: UInt64 = 15 << 3
    }

    private static func dossier(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Submission? {
        var cursor = Cursor(range)
        var submission = Submission()
        var seen: UInt32 = 0
        while !cursor.isAtEnd {
            guard let tag = cursor.number(bytes), tag & 7 == 2, tag >> 3 <= 18 else { return nil }
            let field = Int(tag >> 3)
            guard seen & 1 << UInt32(field) == 0, let place = cursor.field(bytes),
                let valid = try? UTF8Span(validating: bytes.extracting(place))
            else { return nil }
            seen |= 1 << UInt32(field)
            guard set(String(copying: valid), field, in: &submission) else { return nil }
        }
        return submission
    }

    private static func set(_ text: String, _ field: Int, in submission: inout Submission) -> Bool {
        switch field {
        case 1: submission.dossierCode = text
        case 2: submission.codeGrammar = text
        case 3: submission.receivedAt = text
        case 4: submission.dueAt = text
        case 5: submission.finishedAt = text
        case 6: submission.returnedAt = text
        case 7: submission.unit = text
        case 8: submission.procedure = text
        case 9: submission.sector = text
        case 10: submission.channel = text
        case 11: submission.returnChannel = text
        case 12: submission.deskOperator = text
        case 13: submission.onlineLevel = text
        case 14: submission.applicantKind = text
        case 15: submission.applicantID = text
        case 16: submission.applicantName = text
        case 17: submission.applicantPhone = text
        case 18: submission.status = text
        default: return false
        }
        return true
    }

    /// A place in bytes of protobuf.
    private struct Cursor {
        var index: Int
        let end: Int

        init(_ range: Range<Int>) {
            index = range.lowerBound
            end = range.upperBound
        }

        var isAtEnd: Bool { index == end }

        /// A number of at most 63 bits.
        mutating func number(_ bytes: Span<UInt8>) -> UInt64? {
            var value: UInt64 = 0
            var shift: UInt64 = 0
            while shift < 63, index < end {
                let byte = bytes[index]
                index += 1
                value |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { return value }
                shift += 7
            }
            return nil
        }

        /// The place of a field that has its length in front.
        mutating func field(_ bytes: Span<UInt8>) -> Range<Int>? {
            guard let length = number(bytes), length <= UInt64(end - index) else { return nil }
            defer { index += Int(length) }
            return index..<(index + Int(length))
        }
    }
}
