import Dossiers
import Foundation
@testable import Operations
import Store
import Testing

/// Templates, filled.
struct PageTemplatesTests {
    @Test func `Every template can be read`() {
        for (name, _) in PageTemplates.sources { #expect(!PageTemplates.render(name, [:]).isEmpty, "\(name)") }
    }

    @Test func `What somebody wrote is text on the page, never markup`() {
        let hostile = "<script>alert('x')</script>\"&"
        let table = PlainTable(
            name: "t", caption: hostile, columns: [.init(hostile), .init(hostile, "number")],
            rows: [.init(name: hostile, code: hostile, cells: [.init(hostile)])])
        let text = PageTemplates.render("rates", table.fields)
        #expect(
            !text.contains("<script") && !text.contains("\"&\"") && text.contains("&lt;script&gt;alert(&#39;x&#39;)"))
    }

    @Test func `Rates that few dossiers stand behind are not shown`() {
        let table = RateTable(
            columns: [.rate],
            rows: [
                RateTable.Row(code: "1.1", name: "one", dossiers: 4, rates: [Rate(3, of: 4)]),
                RateTable.Row(code: "1.2", name: "two", dossiers: 8, rates: [Rate(2, of: 8)]),
            ], minimum: 5)
        let view = RateTableView(
            table: table, question: PageQuestion().with { $0.metric = .onTime }, text: PageText(language: .english),
            name: "procedures", caption: "", what: "Procedure", path: "/units/u", isRanked: false, link: { _ in nil })
        let text = PageTemplates.render("rates", view.fields)
        #expect(text.contains("&lt;5") && !text.contains("75.0%") && !text.contains("3 / 4"))
        #expect(text.contains("25.0%") && text.contains("2 / 8") && text.contains("fewer than 5 dossiers"))
    }

    @Test func `A table has a caption, headings with a scope, and says how it is sorted`() {
        let rows = (1...30).map {
            RateTable.Row(code: "\($0)", name: "name \($0)", dossiers: Int64($0), rates: [Rate(1, of: Int64($0))])
        }
        let view = RateTableView(
            table: RateTable(columns: [.rate], rows: rows), question: PageQuestion(),
            text: PageText(language: .vietnamese),
            name: "units", caption: "caption", what: "Đơn vị", path: "/", isRanked: true, link: { "/units/\($0.code)" },
            most: 20)
        let text = PageTemplates.render("rates", view.fields)
        #expect(text.contains("<caption id=\"units-caption\">caption</caption>"))
        #expect(text.contains("aria-sort=\"descending\"") && text.contains("?sort=-rate#units"))
        #expect(text.components(separatedBy: "<tr>").count == 1 + 1 + 20 + 1)
        #expect(text.contains("?all=1#units") && text.contains("Xem tất cả 30 dòng"))
        #expect(text.contains("<a href=\"/units/1\">name 1</a>"))
    }

    @Test func `Files have the hash of their content in their names`() {
        for asset in PageAsset.all {
            #expect(asset.name.contains("-") && asset.path.hasPrefix("/assets/") && !asset.bytes.isEmpty)
        }
        #expect(Set(PageAsset.all.map(\.name)).count == 3)
    }

    @Test func `Neither styles nor scripts stand in a page, nor an address of another host`() {
        for (name, bytes) in PageTemplates.sources {
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(!text.contains("style=") && !text.contains("onclick") && !text.contains("<style"), "\(name)")
            #expect(!text.contains("http:") && !text.contains("https:") && !text.contains("src=\"//"), "\(name)")
        }
        for asset in [PageAsset.style, .script] {
            let text = String(decoding: asset.bytes, as: UTF8.self)
            #expect(!text.contains("http:") && !text.contains("https:") && !text.contains("url("), "\(asset.name)")
        }
    }
}
