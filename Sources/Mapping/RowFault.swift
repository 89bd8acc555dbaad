package import Dossiers

/// Why a row of a source file is not a record at all, so that nothing can be sent for it.
///
/// What a record says wrongly (an unknown channel, an impossible date) is no row fault: it travels and is judged at
/// the centre. Neither the code nor the sentence shows a value of the row, which may hold personal data.
package enum RowFault: Error, Sendable, Hashable {
    /// The row holds bytes that are not UTF-8.
    case notUTF8
    /// The row is longer than ``SubmissionReader/largestRecord`` bytes.
    case tooLong
    /// The row has another number of columns than the header.
    case columnCount(expected: Int, found: Int)
    /// A quotation mark opens in the row and is never closed.
    case quoteUnterminated
    /// Text follows a closing quotation mark in this column, counted from 1.
    case quoteMisplaced(column: Int)
    /// The row breaks the grammar of RFC 8259 at this byte, counted from 1.
    case jsonMalformed(byte: Int)
    /// The row is JSON but not an object.
    case jsonNotObject
    /// Objects and arrays are nested deeper than 32.
    case jsonTooDeep
    /// An object has this key twice, so that nobody can tell which value is meant.
    case jsonKeyRepeated(String)
    /// The row has keys that hoso's own format does not know.
    case jsonKeysUnknown([String])
    /// An object or array stands where text is wanted.
    case jsonNotText(String)
    /// The column that tells dossiers apart is empty.
    case keyMissing(String)
}

extension RowFault {
    /// A stable word for reports and metrics.
    package var code: String {
        switch self {
        case .notUTF8: "not_utf8"
        case .tooLong: "too_long"
        case .columnCount: "column_count"
        case .quoteUnterminated: "quote_unterminated"
        case .quoteMisplaced: "quote_misplaced"
        case .jsonMalformed: "json_malformed"
        case .jsonNotObject: "json_not_object"
        case .jsonTooDeep: "json_too_deep"
        case .jsonKeyRepeated: "json_key_repeated"
        case .jsonKeysUnknown: "json_keys_unknown"
        case .jsonNotText: "json_not_text"
        case .keyMissing: "key_missing"
        }
    }

    /// The columns or keys at fault, or empty where the whole row is.
    package var field: String {
        switch self {
        case .jsonKeyRepeated(let name), .jsonNotText(let name), .keyMissing(let name): Self.shown(name)
        case .jsonKeysUnknown(let names): names.prefix(5).map(Self.shown).joined(separator: ", ")
        default: ""
        }
    }

    /// A full sentence for the person who sends the file.
    package func sentence(in language: Language) -> String {
        switch language {
        case .vietnamese: vietnamese
        case .english: english
        }
    }

    private var english: String {
        switch self {
        case .notUTF8: "The row is not valid UTF-8 text; save the file as UTF-8."
        case .tooLong: "The row is longer than 1 MiB."
        case .columnCount(let expected, let found): "The row has \(found) column(s), the header has \(expected)."
        case .quoteUnterminated: "A quotation mark that opens in this row is never closed."
        case .quoteMisplaced(let column): "Text follows the closing quotation mark of column \(column)."
        case .jsonMalformed(let byte): "The row is not valid JSON at byte \(byte)."
        case .jsonNotObject: "The row is not a JSON object."
        case .jsonTooDeep: "The row nests objects or arrays deeper than 32 levels."
        case .jsonKeyRepeated: "The key “\(field)” stands in the row more than once."
        case .jsonKeysUnknown: "The row has unknown keys: \(field)."
        case .jsonNotText: "The value of “\(field)” is an object or a list, not text."
        case .keyMissing: "The column “\(field)”, which tells dossiers apart, is empty."
        }
    }

    private var vietnamese: String {
        switch self {
        case .notUTF8: "Dòng này không phải văn bản UTF-8 hợp lệ; hãy lưu tệp với bảng mã UTF-8."
        case .tooLong: "Dòng này dài hơn 1 MiB."
        case .columnCount(let expected, let found): "Dòng này có \(found) cột, còn dòng tiêu đề có \(expected) cột."
        case .quoteUnterminated: "Dấu ngoặc kép mở ở dòng này không được đóng lại."
        case .quoteMisplaced(let column): "Có ký tự đứng sau dấu ngoặc kép đóng của cột \(column)."
        case .jsonMalformed(let byte): "Dòng này không phải JSON hợp lệ, sai tại byte thứ \(byte)."
        case .jsonNotObject: "Dòng này không phải là một đối tượng JSON."
        case .jsonTooDeep: "Dòng này có đối tượng hoặc danh sách lồng nhau quá 32 cấp."
        case .jsonKeyRepeated: "Khóa “\(field)” xuất hiện nhiều lần trong dòng này."
        case .jsonKeysUnknown: "Dòng này có khóa không được biết đến: \(field)."
        case .jsonNotText: "Giá trị của “\(field)” là đối tượng hoặc danh sách, không phải văn bản."
        case .keyMissing: "Cột “\(field)”, dùng để phân biệt hồ sơ, đang để trống."
        }
    }

    /// A name from the file, cut short and without control characters, so that it cannot upset a terminal or a log.
    private static func shown(_ name: String) -> String {
        String(String.UnicodeScalarView(name.unicodeScalars.prefix(60).map(printable)))
    }

    private static func printable(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
        default: scalar
        }
    }
}
