import Adoption
import Dossiers
import Store

/// What a template is filled with.
typealias Fields = [String: any Sendable]

extension PageText {
    /// What a column of rates is called.
    func title(of column: RateSort.Column, _ metric: Metric) -> String {
        switch column {
        case .name: ""
        case .total: say("Tổng số", "Total")
        case .online: Channel.online.title(in: language)
        case .postal: Channel.postal.title(in: language)
        case .inPerson: Channel.inPerson.title(in: language)
        case .rate: say("Tỷ lệ", "Rate")
        }
    }

    /// What a period is called.
    func title(of period: PageQuestion.Period) -> String {
        switch period {
        case .latest: say("12 tháng gần nhất có số liệu", "Latest 12 months with figures")
        case .month: say("Tháng này", "This month")
        case .lastMonth: say("Tháng trước", "Last month")
        case .quarter: say("Quý này", "This quarter")
        case .year: say("Năm nay", "This year")
        case .lastYear: say("Năm trước", "Last year")
        case .all: say("Từ đầu đến nay", "From the beginning")
        case .days: say("Khoảng ngày…", "Days…")
        }
    }
}

extension RateSort.Column {
    /// By what style sheets know it.
    var style: String {
        switch self {
        case .inPerson: "in-person"
        default: rawValue
        }
    }
}

/// A form in which a page is asked for something else.
struct QuestionForm {
    let question: PageQuestion
    let text: PageText
    let names: PageNames
    /// Where it is sent.
    let path: String
    /// Units to choose from; none: the page is about one, or there is nothing to choose.
    var units: [String] = []
    /// Whether it matters whose share is meant.
    var asksForChannel = false

    /// The fields of its template.
    var fields: Fields {
        var fields: [Fields] = [
            choice(
                "metric", text.say("Chỉ số", "Rate"),
                Metric.allCases.map { ($0.rawValue, $0.title(in: text.language), $0 == question.metric) })
        ]
        if asksForChannel, question.metric == .shareOfAll {
            fields.append(
                choice(
                    "channel", text.say("Hình thức", "Channel"),
                    AdoptionReport.channels.map { ($0.code, $0.title(in: text.language), $0 == question.channel) }))
        }
        if !units.isEmpty {
            fields.append(
                choice(
                    "unit", text.say("Đơn vị", "Unit"),
                    [("", text.say("Tất cả đơn vị", "All units"), question.unit == nil)]
                        + units.map { (PageQuestion.written($0), names.unit($0, text), $0 == question.unit) }))
        }
        fields.append(
            choice(
                "period", text.say("Thời gian", "Period"),
                PageQuestion.Period.allCases.map { ($0.rawValue, text.title(of: $0), $0 == question.period) }))
        let isByDays = question.period == .days
        let days: [Fields] = [
            [
                "dayName": "from", "dayWord": text.say("Từ ngày", "From"),
                "dayValue": isByDays ? question.from?.description ?? "" : "",
            ],
            [
                "dayName": "through", "dayWord": text.say("Đến hết ngày", "Through"),
                "dayValue": isByDays ? question.through?.description ?? "" : "",
            ],
        ]
        var all: Fields = [
            "action": path, "questionWord": text.say("Chọn số liệu", "Choose figures"), "fields": fields, "days": days,
            "showWord": text.say("Xem", "Show"),
        ]
        all["hidden"] = hidden
        return all
    }

    /// What the form keeps of the address.
    private var hidden: [Fields] {
        var items: [(String, String)] = []
        if let language = question.language { items.append(("lang", language.rawValue)) }
        if units.isEmpty, let unit = question.unit { items.append(("unit", PageQuestion.written(unit))) }
        if let procedure = question.procedure { items.append(("procedure", PageQuestion.written(procedure))) }
        return items.map { ["hiddenName": $0.0, "hiddenValue": $0.1] }
    }

    private func choice(_ name: String, _ word: String, _ options: [(String, String, Bool)]) -> Fields {
        let list: [Fields] = options.map { ["optionValue": $0.0, "optionWord": $0.1, "isChosen": $0.2] }
        return ["fieldName": name, "fieldWord": word, "options": list]
    }
}

/// A table of rates as its template shows it.
struct RateTableView {
    let table: RateTable
    let question: PageQuestion
    let text: PageText
    /// Name of the table in its page.
    let name: String
    var caption: String
    /// What the rows are.
    let what: String
    /// The path of this page, for links that sort.
    let path: String
    let isRanked: Bool
    /// Where a row leads; `nil`: nowhere.
    let link: (RateTable.Row) -> String?
    /// Rows that are shown at most, unless all are asked for.
    var most = Int.max

    /// The order: what the reader chose, if this table has such a column.
    var sort: RateSort {
        let standard = RateSort(isRanked ? table.columns[0] : .total)
        guard let chosen = question.sort else { return standard }
        return chosen.column == .name || chosen.column == .total || table.columns.contains(chosen.column)
            ? chosen : standard
    }

    /// By what rows are ranked.
    var ranking: RateSort.Column { table.columns.contains(sort.column) ? sort.column : table.columns[0] }

    /// The fields of its template.
    var fields: Fields {
        let rows = table.sorted(by: sort)
        let shown = question.showsAll ? rows[...] : rows.prefix(most)
        let ranks = isRanked ? table.ranks(by: ranking) : [:]
        let filled: [Fields] = shown.map { self.fields(of: $0, ranks) }
        var fields: Fields = [
            "tableName": name, "tableCaption": caption, "columns": columns, "rows": filled, "hasTotal": rows.count > 1,
            "totalRank": isRanked,
            "totalWord": text.say("Tất cả", "All"), "totalCells": cells(total, isSmall: false),
        ]
        if rows.contains(where: { $0.isSmall(below: table.minimum) }) {
            let notes: [String] = [
                text.say(
                    "“<\(RateTable.smallest)”: dưới \(RateTable.smallest) hồ sơ, không hiện tỷ lệ để không ai bị nhận ra.",
                    "“<\(RateTable.smallest)”: fewer than \(RateTable.smallest) dossiers; no rate is shown, so that nobody "
                        + "is recognised.")
            ]
            fields["tableNotes"] = notes
        }
        if shown.count < rows.count {
            fields["moreLink"] = question.with { $0.showsAll = true }.link(path) + "#" + name
            fields["moreWord"] = text.say("Xem tất cả \(rows.count) dòng", "All \(rows.count) rows")
        }
        return fields
    }

    private var columns: [Fields] {
        var columns: [Fields] = []
        if isRanked { columns.append(["heading": text.say("Hạng", "Rank"), "columnClass": "rank"]) }
        columns.append(column(.name, what, "word"))
        columns.append(column(.total, text.title(of: .total, question.metric), "number"))
        for rate in table.columns { columns.append(column(rate, text.title(of: rate, question.metric), "number")) }
        return columns
    }

    private func column(_ column: RateSort.Column, _ heading: String, _ style: String) -> Fields {
        let isChosen = sort.column == column
        // What sorts already sorts the other way round next time.
        let next = RateSort(column, isReversed: isChosen && !sort.isReversed)
        var fields: Fields = [
            "heading": heading, "columnClass": style,
            "sortLink": question.with { $0.sort = next }.link(path) + "#" + name,
            "sortWord": next.isAscending
                ? text.say("Sắp xếp tăng dần", "Sort ascending") : text.say("Sắp xếp giảm dần", "Sort descending"),
        ]
        if isChosen {
            fields["sorted"] = sort.isAscending ? "ascending" : "descending"
            fields["arrow"] = sort.isAscending ? "▲" : "▼"
        }
        return fields
    }

    private func fields(of row: RateTable.Row, _ ranks: [String: Int]) -> Fields {
        let isSmall = row.isSmall(below: table.minimum)
        var fields: Fields = ["rowName": row.name, "hasBar": !isSmall, "cells": cells(row, isSmall: isSmall)]
        if row.name != row.code, !row.code.isEmpty { fields["rowCode"] = row.code }
        if isRanked { fields["rank"] = ranks[row.code].map(String.init) ?? "–" }
        fields["rowLink"] = link(row)
        if !isSmall { fields["segments"] = segments(row) }
        return fields
    }

    /// Shares side by side, or the one rate, in thousandths.
    private func segments(_ row: RateTable.Row) -> [Fields] {
        var edge: Int64 = 0
        return zip(table.columns, row.rates).compactMap { column, rate -> Fields? in
            guard let share = rate.share else { return nil }
            let width = min(Int64((share * 1_000).rounded()), 1_000 - edge)
            defer { edge += width }
            return ["segmentClass": column.style, "segmentX": String(edge), "segmentWidth": String(width)]
        }
    }

    private var total: RateTable.Row {
        let places = table.columns.indices
        return RateTable.Row(
            code: "", name: "", dossiers: table.rows.reduce(0) { $0 + $1.dossiers },
            rates: places.map { place in
                Rate(
                    table.rows.reduce(0) { $0 + $1.rates[place].numerator },
                    of: table.rows.reduce(0) { $0 + $1.rates[place].denominator })
            })
    }

    private func cells(_ row: RateTable.Row, isSmall: Bool) -> [Fields] {
        let few = "<\(RateTable.smallest)"
        var cells: [Fields] = [
            [
                "cellWord": isSmall ? few : text.number(row.dossiers), "cellClass": "number",
                "cellLabel": text.title(of: .total, question.metric),
            ]
        ]
        for (column, rate) in zip(table.columns, row.rates) {
            var cell: Fields = [
                "cellWord": isSmall ? few : text.percent(rate), "cellClass": "number",
                "cellLabel": text.title(of: column, question.metric),
            ]
            if !isSmall, rate.denominator > 0 {
                // Of what a share is of stands in the column before; of another rate it does not.
                cell["cellNote"] =
                    column == .rate
                    ? "\(text.number(rate.numerator)) / \(text.number(rate.denominator))" : text.number(rate.numerator)
            }
            cells.append(cell)
        }
        return cells
    }
}
