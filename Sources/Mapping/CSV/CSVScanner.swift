/// Finds the columns of one CSV record (RFC 4180).
///
/// A quotation mark in the middle of an unquoted column stands for itself, as in `5" pipe`: many programs write it so,
/// and it cannot mean anything else. A line ends with LF or CRLF.
struct CSVScanner: Sendable {
    /// One column: where it stands, without its quotation marks.
    struct Column: Sendable {
        let range: Range<Int>
        /// Whether it holds quotation marks written twice.
        let hasDoubledQuotes: Bool
    }

    /// What a scan came to.
    enum Outcome {
        /// A record of `lines` lines, `end` being where the next one starts.
        case record(end: Int, lines: Int)
        /// The bytes end before the record does.
        case incomplete(isQuoted: Bool)
        case fault(RowFault)
    }

    /// What stands after a column.
    private enum Ending {
        case delimiter
        case record(end: Int)
        case incomplete(isQuoted: Bool)
        case fault(RowFault)
    }

    private static let quote = UInt8(ascii: "\"")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    private let delimiter: UInt8
    /// The columns of the record that was scanned last.
    private(set) var columns: [Column] = []
    private var position = 0
    private var lines = 1

    init(delimiter: UInt8) { self.delimiter = delimiter }

    /// Scans the record that starts at `start`; `isComplete` says that the text ends with `bytes`.
    mutating func scan(_ bytes: [UInt8], from start: Int, isComplete: Bool) -> Outcome {
        columns.removeAll(keepingCapacity: true)
        position = start
        lines = 1
        while true {
            let isQuoted = position < bytes.count && bytes[position] == Self.quote
            switch isQuoted ? quoted(bytes, isComplete) : unquoted(bytes, isComplete) {
            case .delimiter: continue
            case .record(let end): return .record(end: end, lines: lines)
            case .incomplete(let isQuoted): return .incomplete(isQuoted: isQuoted)
            case .fault(let fault): return .fault(fault)
            }
        }
    }

    private mutating func unquoted(_ bytes: [UInt8], _ isComplete: Bool) -> Ending {
        let first = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == delimiter || byte == Self.lineFeed { break }
            position += 1
        }
        if position == bytes.count, !isComplete { return .incomplete(isQuoted: false) }
        var last = position
        let isDelimited = position < bytes.count && bytes[position] == delimiter
        if !isDelimited, last > first, bytes[last - 1] == Self.carriageReturn { last -= 1 }
        columns.append(Column(range: first..<last, hasDoubledQuotes: false))
        position += 1
        return isDelimited ? .delimiter : .record(end: position)
    }

    private mutating func quoted(_ bytes: [UInt8], _ isComplete: Bool) -> Ending {
        position += 1
        let first = position
        var hasDoubledQuotes = false
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == Self.lineFeed { lines += 1 }
            guard byte == Self.quote else { continue }
            guard position < bytes.count, bytes[position] == Self.quote else {
                return closed(bytes, first..<position - 1, hasDoubledQuotes, isComplete)
            }
            hasDoubledQuotes = true
            position += 1
        }
        return isComplete ? .fault(.quoteUnterminated) : .incomplete(isQuoted: true)
    }

    /// What follows the closing quotation mark, after which only a delimiter or the end of the line may stand.
    private mutating func closed(
        _ bytes: [UInt8], _ range: Range<Int>, _ hasDoubledQuotes: Bool, _ isComplete: Bool
    ) -> Ending {
        columns.append(Column(range: range, hasDoubledQuotes: hasDoubledQuotes))
        if position < bytes.count, bytes[position] == Self.carriageReturn { position += 1 }
        let isAfterReturn = position > range.upperBound + 1
        guard position < bytes.count else {
            return isComplete ? .record(end: position) : .incomplete(isQuoted: false)
        }
        position += 1
        if bytes[position - 1] == Self.lineFeed { return .record(end: position) }
        if bytes[position - 1] == delimiter, !isAfterReturn { return .delimiter }
        return .fault(.quoteMisplaced(column: columns.count))
    }

    /// The text of a column of the last record, with doubled quotation marks made single.
    static func text(of column: Column, in bytes: [UInt8]) -> String {
        guard column.hasDoubledQuotes else { return String(decoding: bytes[column.range], as: UTF8.self) }
        var text: [UInt8] = []
        text.reserveCapacity(column.range.count)
        var isSecond = false
        for byte in bytes[column.range] {
            isSecond = byte == quote && !isSecond
            if byte != quote || isSecond { text.append(byte) }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
