/// The part of a text that is being cut into records: whole chunks, of which at most one record is unfinished.
struct RecordBuffer: ~Copyable, Sendable {
    /// The most bytes that one record may have.
    static let largestRecord = 1 << 20

    private static let newline = UInt8(ascii: "\n")

    private var file: SourceFile
    /// What is in memory; positions into it hold until the next ``fill()``.
    private(set) var bytes: [UInt8] = []
    /// Where the next record starts in ``bytes``.
    private(set) var start = 0
    /// The line where the next record starts, from 1.
    private(set) var line = 1
    /// Whether ``bytes`` reach to the end of the text.
    private(set) var isComplete = false

    init(file: consuming SourceFile) { self.file = file }

    var name: String { file.name }
    var bytesRead: Int { file.bytesRead }
    var identity: FileIdentity { file.identity }

    /// Whether the unfinished record is already longer than any record may be.
    var isFull: Bool { bytes.count - start > Self.largestRecord }

    /// Brings more text into memory; positions change.
    mutating func fill() throws(MappingError) {
        guard let chunk = try file.read() else {
            isComplete = true
            return
        }
        if start == bytes.count {
            bytes = chunk
        } else {
            bytes.removeSubrange(..<start)
            bytes.append(contentsOf: chunk)
        }
        start = 0
    }

    /// Whether no record is left; brings text into memory to find out.
    mutating func isAtEnd() throws(MappingError) -> Bool {
        while start == bytes.count, !isComplete { try fill() }
        return start == bytes.count
    }

    /// The line at ``start`` without its line feed; nil when it is longer than a record may be.
    mutating func wholeLine() throws(MappingError) -> Range<Int>? {
        while true {
            let end = bytes[start...].firstIndex(of: Self.newline)
            if end != nil || isComplete || isFull {
                let range = start..<(end ?? bytes.count)
                return range.count <= Self.largestRecord ? range : nil
            }
            try fill()
        }
    }

    /// Goes on after a record that ends before `position` and is `lines` lines long.
    mutating func advance(to position: Int, lines: Int) {
        start = min(position, bytes.count)
        line += lines
    }

    /// Goes on after the next line feed, however far away it is.
    mutating func skipLine() throws(MappingError) {
        while !(try isAtEnd()) {
            if let end = bytes[start...].firstIndex(of: Self.newline) { return advance(to: end + 1, lines: 1) }
            start = bytes.count
        }
    }

    /// Whether these bytes are UTF-8.
    func isUTF8(_ range: Range<Int>) -> Bool {
        do {
            _ = try UTF8Span(validating: bytes.span.extracting(range))
            return true
        } catch {
            return false
        }
    }

    /// Passes a UTF-8 byte order mark at the start of the text and refuses UTF-16, which has one of its own.
    mutating func passByteOrderMark() throws(MappingError) {
        while bytes.count < 3, !isComplete { try fill() }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { start = 3 }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw MappingError(.encodingUnsupported, file: name)
        }
    }
}
