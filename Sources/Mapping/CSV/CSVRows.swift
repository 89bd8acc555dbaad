/// The rows of a CSV text below its header.
struct CSVRows: RowParser {
    /// A column that the mapping reads.
    private struct Wanted: Sendable {
        let slot: Int
        let position: Int
    }

    private var scanner: CSVScanner
    private let width: Int
    private let wanted: [Wanted]

    /// Reads the header row.
    /// - Throws: ``MappingError`` when there is none, or when it lacks one of `columns` or has it twice.
    init(delimiter: UInt8, columns: [MappedColumn], header buffer: inout RecordBuffer) throws(MappingError) {
        var scanner = CSVScanner(delimiter: delimiter)
        let header = try Self.header(&scanner, &buffer)
        width = header.count
        wanted = try Self.positions(of: columns, in: header, file: buffer.name)
        self.scanner = scanner
    }

    mutating func next(
        from buffer: inout RecordBuffer, into values: inout [String?]
    ) throws(MappingError) -> ParsedRow? {
        while !(try buffer.isAtEnd()) {
            let line = buffer.line
            switch try Self.scan(&scanner, &buffer) {
            case .success(let range):
                if isBlank { continue }
                return ParsedRow(line: line, fault: pick(range, buffer, &values))
            case .failure(let fault):
                return ParsedRow(line: line, fault: fault)
            }
        }
        return nil
    }

    /// Whether the last record was an empty line, as editors leave them behind.
    private var isBlank: Bool { scanner.columns.count == 1 && scanner.columns[0].range.isEmpty }

    private func pick(_ record: Range<Int>, _ buffer: borrowing RecordBuffer, _ values: inout [String?]) -> RowFault? {
        guard scanner.columns.count == width else {
            return .columnCount(expected: width, found: scanner.columns.count)
        }
        guard buffer.isUTF8(record) else { return .notUTF8 }
        for column in wanted {
            values[column.slot] = CSVScanner.text(of: scanner.columns[column.position], in: buffer.bytes)
        }
        return nil
    }

    /// Scans the next record and passes it.
    ///
    /// After a fault only the record's first line is passed, because a stray quotation mark would otherwise take all
    /// rows after it along.
    private static func scan(
        _ scanner: inout CSVScanner, _ buffer: inout RecordBuffer
    ) throws(MappingError) -> Result<Range<Int>, RowFault> {
        while true {
            let start = buffer.start
            var fault: RowFault?
            switch scanner.scan(buffer.bytes, from: start, isComplete: buffer.isComplete) {
            case .record(let end, let lines):
                if end - start <= RecordBuffer.largestRecord {
                    buffer.advance(to: end, lines: lines)
                    return .success(start..<min(end, buffer.bytes.count))
                }
                fault = .tooLong
            case .incomplete(let isQuoted):
                if buffer.isFull { fault = isQuoted ? .quoteUnterminated : .tooLong }
            case .fault(let found):
                fault = found
            }
            if let fault {
                try buffer.skipLine()
                return .failure(fault)
            }
            try buffer.fill()
        }
    }

    private static func header(
        _ scanner: inout CSVScanner, _ buffer: inout RecordBuffer
    ) throws(MappingError) -> [String] {
        while !(try buffer.isAtEnd()) {
            let range: Range<Int>
            switch try scan(&scanner, &buffer) {
            case .success(let found): range = found
            case .failure(let fault): throw MappingError(.headerUnreadable, file: buffer.name, fault: fault)
            }
            guard buffer.isUTF8(range) else { throw MappingError(.encodingUnsupported, file: buffer.name) }
            let names = scanner.columns.map { CSVScanner.text(of: $0, in: buffer.bytes) }
            if names != [""] { return names }
        }
        throw MappingError(.headerMissing, file: buffer.name)
    }

    private static func positions(
        of columns: [MappedColumn], in header: [String], file: String
    ) throws(MappingError) -> [Wanted] {
        var wanted: [Wanted] = []
        var problems: [MappingProblem] = []
        for (slot, column) in columns.enumerated() {
            let positions = header.indices.filter { header[$0] == column.name }
            if let position = positions.first, positions.count == 1 {
                wanted.append(Wanted(slot: slot, position: position))
            } else {
                let reason = MappingProblem.Reason.self
                problems.append(
                    MappingProblem(
                        line: column.line,
                        reason: positions.isEmpty ? reason.missingColumn(column.name) : .repeatedColumn(column.name)))
            }
        }
        guard problems.isEmpty else { throw MappingError(.headerMismatch, file: file, problems: problems) }
        return wanted
    }
}
