import Dossiers

/// Reads a CSV or NDJSON file, gzipped or not, and yields a ``SourceRow`` for each dossier in it.
///
/// Memory is bounded by the largest record, whatever the length of the file; only where the mapping has a `key` are
/// the keys of the dossiers seen so far kept as well. Reading blocks, so it belongs on no cooperative thread that
/// others wait for.
package struct SubmissionReader: ~Copyable, Sendable {
    /// The most bytes that one record may have: 1 MiB.
    package static let largestRecord = RecordBuffer.largestRecord

    private var buffer: RecordBuffer
    private var rows: any RowParser
    private var assembly: SubmissionAssembly
    private var values: [String?]
    private var keysSeen: Set<String> = []

    /// Opens the file and checks that it fits the mapping.
    /// - Throws: ``MappingError`` when the file cannot be read, is not UTF-8 or lacks columns that the mapping reads.
    package init(path: String, mapping: MappingFile) throws(MappingError) {
        var buffer = RecordBuffer(file: try SourceFile(path: path))
        try buffer.passByteOrderMark()
        let columns = mapping.columns
        rows = try Self.parser(of: mapping, columns: columns, buffer: &buffer)
        assembly = SubmissionAssembly(mapping: mapping, columns: columns)
        values = Array(repeating: nil, count: columns.count)
        self.buffer = buffer
    }

    /// Bytes read so far of the file as it lies on disk.
    package var bytesRead: Int { buffer.bytesRead }

    /// Which file it is, and its size on disk when it was opened.
    package var identity: FileIdentity { buffer.identity }

    /// The next dossier, or nil at the end of the file.
    ///
    /// Of several rows with the same key only the first one is a dossier.
    /// - Throws: ``MappingError`` when the rest of the file cannot be read.
    package mutating func next() throws(MappingError) -> SourceRow? {
        while let row = try rows.next(from: &buffer, into: &values) {
            if let fault = row.fault { return SourceRow(line: row.line, content: .unreadable(fault)) }
            guard let column = assembly.keyColumn else { return dossier(at: row.line) }
            guard let key = values[column.slot], !key.isEmpty else {
                return SourceRow(line: row.line, content: .unreadable(.keyMissing(column.name)))
            }
            if keysSeen.insert(key).inserted { return dossier(at: row.line) }
        }
        return nil
    }

    private mutating func dossier(at line: Int) -> SourceRow {
        let corrects = assembly.correctsSlot.flatMap { values[$0] } ?? ""
        return SourceRow(line: line, content: .submission(assembly.submission(from: values)), corrects: corrects)
    }

    private static func parser(
        of mapping: MappingFile, columns: [MappedColumn], buffer: inout RecordBuffer
    ) throws(MappingError) -> any RowParser {
        switch mapping.format {
        case .csv(let delimiter): try CSVRows(delimiter: delimiter, columns: columns, header: &buffer)
        case .ndjson: JSONRows(columns: columns, refusesUnknownKeys: false)
        case .native: JSONRows(columns: columns, refusesUnknownKeys: true)
        }
    }
}

/// Cuts a text into rows and picks from each the columns that the mapping reads.
protocol RowParser: Sendable {
    /// Puts the texts of the next row into `values`, nil where the row says nothing; nil at the end of the text.
    mutating func next(
        from buffer: inout RecordBuffer, into values: inout [String?]
    ) throws(MappingError) -> ParsedRow?
}

/// Where a row began, and what was wrong with it if anything was.
struct ParsedRow {
    let line: Int
    let fault: RowFault?
}
