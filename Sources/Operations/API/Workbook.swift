import Adoption
import Dossiers

/// A workbook with one sheet (ECMA-376, SpreadsheetML): numbers are numbers, shares percentages, days dates, and texts never
/// formulas.
struct Workbook {
    private let sheet: Sheet

    init(_ sheet: Sheet) { self.sheet = sheet }

    /// The file.
    var bytes: [UInt8] {
        var archive = StoredArchive()
        archive.add("[Content_Types].xml", Self.bytes(Self.types))
        archive.add("_rels/.rels", Self.bytes(Self.root))
        archive.add("xl/workbook.xml", Self.bytes(workbook))
        archive.add("xl/_rels/workbook.xml.rels", Self.bytes(Self.parts))
        archive.add("xl/styles.xml", Self.bytes(Self.styles))
        archive.add("xl/worksheets/sheet1.xml", Self.bytes(worksheet))
        return archive.finished
    }

    private static func bytes(_ xml: String) -> [UInt8] {
        Array("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\(xml)".utf8)
    }

    private static let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    private static let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    private static let package = "http://schemas.openxmlformats.org/package/2006"
    private static let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"

    private static let types = """
        <Types xmlns="\(package)/content-types">\
        <Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>\
        <Override PartName="/xl/workbook.xml" ContentType="\(kind).sheet.main+xml"/>\
        <Override PartName="/xl/worksheets/sheet1.xml" ContentType="\(kind).worksheet+xml"/>\
        <Override PartName="/xl/styles.xml" ContentType="\(kind).styles+xml"/></Types>
        """

    private static let root = """
        <Relationships xmlns="\(package)/relationships">\
        <Relationship Id="rId1" Type="\(office)/officeDocument" Target="xl/workbook.xml"/></Relationships>
        """

    private static let parts = """
        <Relationships xmlns="\(package)/relationships">\
        <Relationship Id="rId1" Type="\(office)/worksheet" Target="worksheets/sheet1.xml"/>\
        <Relationship Id="rId2" Type="\(office)/styles" Target="styles.xml"/></Relationships>
        """

    private var workbook: String {
        """
        <workbook xmlns="\(Self.main)" xmlns:r="\(Self.office)"><sheets>\
        <sheet name="\(Self.escaped(sheet.name))" sheetId="1" r:id="rId1"/></sheets></workbook>
        """
    }

    /// Styles of cells, by number: 0 text, 1 whole number, 2 percentage, 3 day, 4 title.
    private static let styles = """
        <styleSheet xmlns="\(main)"><numFmts count="2"><numFmt numFmtId="164" formatCode="0.0%"/>\
        <numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd"/></numFmts>\
        <fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>\
        <font><b/><sz val="11"/><name val="Calibri"/></font></fonts>\
        <fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>\
        <borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
        <cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>\
        <cellXfs count="5"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>\
        <xf numFmtId="3" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>\
        <xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>\
        <xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>\
        <xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>\
        <cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>
        """

    private var worksheet: String {
        var text = """
            <worksheet xmlns="\(Self.main)"><sheetViews><sheetView workbookViewId="0">\
            <pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>\
            <cols>\(columns)</cols><sheetData><row r="1">
            """
        for (column, title) in sheet.header.enumerated() {
            text += Self.text(title, at: Self.name(column) + "1", style: 4)
        }
        text += "</row>"
        for (number, row) in sheet.rows.enumerated() {
            text += "<row r=\"\(number + 2)\">"
            for (column, cell) in row.enumerated() { text += Self.xml(cell, at: "\(Self.name(column))\(number + 2)") }
            text += "</row>"
        }
        return text + "</sheetData></worksheet>"
    }

    private var columns: String {
        sheet.header.enumerated().map { column, title in
            let texts = sheet.rows.prefix(200).map { row -> Int in
                guard column < row.count, case .text(let text) = row[column] else { return 10 }
                return text.count
            }
            let width = min(60, max(texts.max() ?? 10, title.count) + 2)
            return "<col min=\"\(column + 1)\" max=\"\(column + 1)\" width=\"\(width)\" customWidth=\"1\"/>"
        }.joined()
    }

    private static func xml(_ cell: Sheet.Cell, at place: String) -> String {
        switch cell {
        case .empty: ""
        case .text(let text): self.text(text, at: place, style: 0)
        case .number(let value): "<c r=\"\(place)\" s=\"1\"><v>\(value)</v></c>"
        case .share(let value): "<c r=\"\(place)\" s=\"2\"><v>\(value)</v></c>"
        // Days are counted from the last but one of 1899.
        case .day(let day): "<c r=\"\(place)\" s=\"3\"><v>\(Int(day.number) + 25_569)</v></c>"
        }
    }

    private static func text(_ text: String, at place: String, style: Int) -> String {
        "<c r=\"\(place)\" s=\"\(style)\" t=\"inlineStr\"><is><t xml:space=\"preserve\">\(escaped(text))</t></is></c>"
    }

    /// The name of a column: A to Z, then AA and on.
    static func name(_ column: Int) -> String {
        var (rest, name) = (column, "")
        repeat {
            name = String(UnicodeScalar(UInt8(65 + rest % 26))) + name
            rest = rest / 26 - 1
        } while rest >= 0
        return name
    }

    /// A text without what XML 1.0 cannot have.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "\t", "\n", "\r": escaped += "&#\(scalar.value);"
            case _ where scalar.value < 32 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: escaped += "\u{FFFD}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
