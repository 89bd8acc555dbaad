package import Dossiers

/// Numbers as people of a language write them.
package enum Figures {
    /// A whole number with its thousands grouped: by full stops in Vietnamese, by commas in English.
    package static func grouped(_ value: Int64, _ language: Language) -> String {
        let digits = String(value.magnitude)
        let mark = language == .vietnamese ? "." : ","
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text += mark }
            text.append(digit)
        }
        return value < 0 ? "-" + text : text
    }

    /// A percentage with one decimal, rounded half up; a dash where there is no data.
    package static func percent(_ rate: Rate, _ language: Language) -> String {
        rate.percent(decimals: 1, mark: language == .vietnamese ? "," : ".") ?? "–"
    }
}

/// A table of text with aligned columns.
package struct TextTable: Sendable {
    private let header: [String]
    private let rows: [[String]]
    private let leftColumns: Int

    /// A table.
    /// - Parameter leftColumns: columns that are aligned to the left; the others hold numbers.
    package init(header: [String], rows: [[String]], leftColumns: Int) {
        self.header = header
        self.rows = rows
        self.leftColumns = leftColumns
    }

    /// The lines of the table.
    package var lines: [String] {
        let widths = header.indices.map { column in
            ([header] + rows).map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
        return [line(header, widths), rule] + rows.map { line($0, widths) }
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        zip(cells.indices, widths).map { index, width in
            let padding = String(repeating: " ", count: max(0, width - cells[index].count))
            return index < leftColumns ? cells[index] + padding : padding + cells[index]
        }.joined(separator: "  ")
    }
}
