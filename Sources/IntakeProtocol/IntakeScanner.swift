package import Dossiers

/// Reads what senders write nearly always, an intake in protobuf with each field once, in one pass over its bytes.
///
/// It decides nothing: whatever else an entry may be (another kind, a field that is not known or comes twice, bytes that
/// are no UTF-8 or no protobuf) is left to the library, which reads the same out of what this reads.
package enum IntakeScanner {
    /// Where the texts of the submission stand, and when its sender took it (0: it does not say); `nil` leaves the entry to
    /// the library.
    package static func read(_ bytes: Span<UInt8>) -> (places: SubmissionPlaces, acceptedAt: Int64)? {
        var cursor = Cursor(bytes.indices)
        var places: SubmissionPlaces?
        var acceptedAt: Int64?
        var isSalted = false
        while !cursor.isAtEnd {
            switch cursor.number(bytes) {
            case Tag.intake:
                guard places == nil, let range = cursor.field(bytes), let read = dossier(bytes, range) else {
                    return nil
                }
                places = read
            case Tag.acceptedAt:
                guard acceptedAt == nil, let value = cursor.number(bytes) else { return nil }
                acceptedAt = Int64(value)
            case Tag.salt:
                guard !isSalted, cursor.field(bytes) != nil else { return nil }
                isSalted = true
            default: return nil
            }
        }
        return places.map { ($0, acceptedAt ?? 0) }
    }

    /// Where the dossier code of an intake stands that begins with it, as all do that our senders write; `nil` for others.
    package static func dossierCode(_ bytes: Span<UInt8>) -> Range<Int>? {
        var cursor = Cursor(bytes.indices)
        guard cursor.number(bytes) == Tag.intake, let intake = cursor.field(bytes) else { return nil }
        var inner = Cursor(intake)
        guard inner.number(bytes) == Tag.dossierCode else { return nil }
        return inner.field(bytes)
    }

    /// Fields of `Entry` with their wire types: a length in front, or a number.
    private enum Tag {
        static let intake: UInt64 = 1 << 3 | 2
        static let acceptedAt: UInt64 = 15 << 3
        static let salt: UInt64 = 16 << 3 | 2
        /// Field 1 of `Dossier`.
        static let dossierCode: UInt64 = 1 << 3 | 2
    }

    private static func dossier(_ bytes: Span<UInt8>, _ range: Range<Int>) -> SubmissionPlaces? {
        var cursor = Cursor(range)
        var places = SubmissionPlaces()
        var seen: UInt32 = 0
        while !cursor.isAtEnd {
            // The fields of `Dossier` are numbered from 1 in the order of ``Field``.
            guard let tag = cursor.number(bytes), tag & 7 == 2, (1...18).contains(tag >> 3) else { return nil }
            let field = UInt32(tag >> 3)
            guard seen & 1 << field == 0, let place = cursor.field(bytes), isText(bytes.extracting(place)) else {
                return nil
            }
            seen |= 1 << field
            places[Field.inOrder[Int(field) - 1]] = place
        }
        return places
    }

    private static func isText(_ bytes: Span<UInt8>) -> Bool {
        var all: UInt8 = 0
        for index in bytes.indices { all |= bytes[index] }
        return all < 0x80 || (try? UTF8Span(validating: bytes)) != nil
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
