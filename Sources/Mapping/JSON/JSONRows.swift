/// The objects of an NDJSON text, one a line; empty lines between them mean nothing.
struct JSONRows: RowParser {
    private var reader: JSONObjectReader

    /// - Parameter refusesUnknownKeys: whether a key that leads to none of `columns` is a fault.
    init(columns: [MappedColumn], refusesUnknownKeys: Bool) {
        reader = JSONObjectReader(tree: KeyTree(paths: columns.map(\.name)), refusesUnknownKeys: refusesUnknownKeys)
    }

    mutating func next(
        from buffer: inout RecordBuffer, into values: inout [String?]
    ) throws(MappingError) -> ParsedRow? {
        while !(try buffer.isAtEnd()) {
            let line = buffer.line
            guard let range = try buffer.wholeLine() else {
                try buffer.skipLine()
                return ParsedRow(line: line, fault: .tooLong)
            }
            defer { buffer.advance(to: range.upperBound + 1, lines: 1) }
            if Self.isBlank(buffer.bytes[range]) { continue }
            return ParsedRow(line: line, fault: fault(buffer, range, &values))
        }
        return nil
    }

    private mutating func fault(
        _ buffer: borrowing RecordBuffer, _ range: Range<Int>, _ values: inout [String?]
    ) -> RowFault? {
        guard buffer.isUTF8(range) else { return .notUTF8 }
        do {
            try reader.read(buffer.bytes, range, into: &values)
            return nil
        } catch {
            return error
        }
    }

    private static func isBlank(_ line: ArraySlice<UInt8>) -> Bool {
        line.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
    }
}
