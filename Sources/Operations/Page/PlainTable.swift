/// A table of words and numbers in its own order.
struct PlainTable {
    /// A column, or a cell of one.
    struct Cell {
        let word: String
        let style: String

        init(_ word: String, _ style: String = "word") {
            self.word = word
            self.style = style
        }
    }

    /// A row; its name is in the first column.
    struct Row {
        let name: String
        var code: String?
        let cells: [Cell]
    }

    let name: String
    let caption: String
    let columns: [Cell]
    let rows: [Row]
    /// Where it goes on, and what the link says.
    var more: (link: String, word: String)?

    /// The fields of its template.
    var fields: Fields {
        var fields: Fields = [
            "tableName": name, "tableCaption": caption,
            "columns": columns.map { column -> Fields in ["heading": column.word, "columnClass": column.style] },
            "rows": rows.map { row -> Fields in
                var fields: Fields = [
                    "rowName": row.name,
                    "cells": zip(columns.dropFirst(), row.cells).map { column, cell -> Fields in
                        ["cellLabel": column.word, "cellWord": cell.word, "cellClass": cell.style]
                    },
                ]
                fields["rowCode"] = row.code
                return fields
            },
        ]
        fields["moreLink"] = more?.link
        fields["moreWord"] = more?.word
        return fields
    }
}
