import Dossiers

/// How rows are written.
enum SourceFormat: Sendable, Hashable {
    /// RFC 4180 with a header row and this ASCII character between columns.
    case csv(delimiter: UInt8)
    /// One JSON object a line, with whatever keys; nested ones are named with dots.
    case ndjson
    /// One JSON object a line, with the keys of ``Field`` and no others.
    case native
}

/// A column that the mapping reads, or for JSON the dotted path of a key.
struct MappedColumn: Sendable, Hashable {
    let name: String
    /// The line of the mapping file that names it.
    let line: Int?
}

/// Where the text of one field comes from.
struct FieldRule: Sendable {
    enum Source: Sendable {
        /// From a column; a text that is a key of `values` becomes the value found there.
        case column(MappedColumn, values: [String: String])
        /// The same for all rows.
        case constant(String)
    }

    let field: Field
    let source: Source

    var column: MappedColumn? {
        switch source {
        case .column(let column, _): column
        case .constant: nil
        }
    }
}
