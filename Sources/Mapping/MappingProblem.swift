package import Dossiers

/// One thing that is wrong with a mapping file, or with a header that it is applied to.
package struct MappingProblem: Sendable, Hashable {
    /// What is wrong.
    ///
    /// Keys are paths such as `fields.channel.values`.
    package enum Reason: Sendable, Hashable {
        /// The text is not YAML; the parser's own words.
        case notYAML(String)
        /// A table of keys and values was expected.
        case expectedTable(key: String)
        /// A single value was expected.
        case expectedText(key: String)
        /// No such key, or no field of that name.
        case unknownKey(String)
        /// The key stands twice in one table.
        case repeatedKey(String)
        /// The key must be there.
        case missingKey(String)
        /// The value is none of those allowed.
        case unknownValue(key: String, value: String, allowed: String)
        /// The system knows no time zone of this name.
        case unknownTimeZone(String)
        /// A field takes exactly one of `column` and `constant`, and `values` only beside `column`.
        case unclearSource(key: String)
        /// `code_grammar` is set for the file and mapped as a field too.
        case grammarSetTwice
        /// The header row has no such column.
        case missingColumn(String)
        /// The header row has the column more than once, so that nobody can tell which one is meant.
        case repeatedColumn(String)
    }

    /// The line of the mapping file, from 1, where it is known.
    package let line: Int?
    /// What is wrong.
    package let reason: Reason

    /// A full sentence for the person who wrote the mapping file.
    package func sentence(in language: Language) -> String {
        switch language {
        case .vietnamese: (line.map { "Dòng \($0): " } ?? "") + vietnamese
        case .english: (line.map { "Line \($0): " } ?? "") + english
        }
    }

    private var english: String {
        switch reason {
        case .notYAML(let detail): "this is not YAML (\(detail))."
        case .expectedTable(let key): "\(place(key, "the file")) must be a table of keys and values."
        case .expectedText(let key): "\(place(key, "the file")) must be a single value."
        case .unknownKey(let key): "“\(key)” is not a known key."
        case .repeatedKey(let key): "“\(key)” stands there more than once."
        case .missingKey(let key): "“\(key)” is missing."
        case .unknownValue(let key, let value, let allowed): "“\(key)” cannot be “\(value)”; allowed: \(allowed)."
        case .unknownTimeZone(let name): "there is no time zone “\(name)”."
        case .unclearSource(let key): "“\(key)” needs either a column (with or without values) or a constant."
        case .grammarSetTwice: "“code_grammar” is set for the whole file and mapped as a field as well."
        case .missingColumn(let name): "the header row has no column “\(name)”."
        case .repeatedColumn(let name): "the header row has the column “\(name)” more than once."
        }
    }

    private var vietnamese: String {
        switch reason {
        case .notYAML(let detail): "nội dung không phải YAML (\(detail))."
        case .expectedTable(let key): "\(place(key, "tệp")) phải là một bảng gồm khóa và giá trị."
        case .expectedText(let key): "\(place(key, "tệp")) phải là một giá trị đơn."
        case .unknownKey(let key): "không có khóa nào tên là “\(key)”."
        case .repeatedKey(let key): "khóa “\(key)” xuất hiện nhiều lần."
        case .missingKey(let key): "thiếu khóa “\(key)”."
        case .unknownValue(let key, let value, let allowed):
            "“\(key)” không thể là “\(value)”; các giá trị được phép: \(allowed)."
        case .unknownTimeZone(let name): "không có múi giờ nào tên là “\(name)”."
        case .unclearSource(let key): "“\(key)” cần một cột (có hoặc không có bảng giá trị) hoặc một hằng số."
        case .grammarSetTwice: "“code_grammar” vừa được đặt cho cả tệp vừa được ánh xạ như một trường."
        case .missingColumn(let name): "dòng tiêu đề không có cột “\(name)”."
        case .repeatedColumn(let name): "dòng tiêu đề có nhiều cột cùng tên “\(name)”."
        }
    }

    private func place(_ key: String, _ whole: String) -> String { key.isEmpty ? whole : "“\(key)”" }
}
