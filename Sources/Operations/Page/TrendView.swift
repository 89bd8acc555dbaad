import Adoption
import Dossiers
import Store

/// The trend of a rate as a chart and as the table behind it.
struct TrendView {
    let figures: PageFigures
    let metric: Metric
    let text: PageText

    /// Whether there is nothing to draw.
    var isEmpty: Bool { figures.trend.isEmpty }

    /// The fields of its template.
    var fields: Fields {
        let keys = figures.days.keys(by: figures.step, within: figures.span)
        let groups = Dictionary(
            figures.trend.map { ($0.key.first ?? "", $0.channels) }, uniquingKeysWith: { first, _ in first })
        let rates = keys.map { groups[$0].map { RateTable.rates(of: $0, metric) } }
        let columns = RateTable.columns(of: metric)
        let names = columns.map { column in
            column == .rate ? metric.title(in: text.language) : text.title(of: column, metric)
        }
        let words = keys.map { text.bucket($0, of: figures.step) }
        let lines = columns.indices.map { place in rates.map { $0?[place].share } }
        let legend: [Fields] = columns.indices.map { place in
            var line: Fields = [
                "lineClass": columns[place].style, "lineName": names[place], "keyMark": Self.mark(place).path(16, 7),
            ]
            line["lastValue"] = rates.last.flatMap { $0 }.map { text.percent($0[place]) }
            return line
        }
        let table: [Fields] = keys.indices.map { index in
            [
                "rowWord": words[index],
                "values": columns.indices.map { place -> String in
                    guard let rate = rates[index]?[place], rate.denominator > 0 else { return "–" }
                    return "\(text.percent(rate)) (\(text.number(rate.numerator)) / \(text.number(rate.denominator)))"
                },
            ]
        }
        let description = description(names, rates)
        let sheets: [LineDrawing.Sheet] = [.wide, .narrow]
        let drawings: [Fields] = sheets.map { drawing($0, lines, words, description) }
        let headings: [String] = [stepWord] + names
        return [
            "chartTitle": title, "legend": legend, "tableHeadings": headings, "tableRows": table, "drawings": drawings,
            "tableWord": text.say("Số liệu của biểu đồ", "The figures of the chart"),
        ]
    }

    private var title: String {
        let word = stepWord.lowercased()
        return text.say(
            "\(metric.title(in: text.language)), theo \(word)", "\(metric.title(in: text.language)), by \(word)")
    }

    private var stepWord: String { figures.step.title(in: text.language) }

    /// What the chart shows, for those who do not see it.
    private func description(_ names: [String], _ rates: [[Rate]?]) -> String {
        names.indices.compactMap { place -> String? in
            let known = rates.compactMap { $0?[place] }.filter { $0.denominator > 0 }
            guard let first = known.first, let last = known.last else { return nil }
            let (from, to) = (text.percent(first), text.percent(last))
            return text.say("\(names[place]): từ \(from) đến \(to).", "\(names[place]): from \(from) to \(to).")
        }.joined(separator: " ")
    }

    private static func mark(_ place: Int) -> LineDrawing.Mark {
        LineDrawing.Mark.allCases[place % LineDrawing.Mark.allCases.count]
    }

    private func drawing(
        _ sheet: LineDrawing.Sheet, _ lines: [[Double?]], _ words: [String], _ description: String
    ) -> Fields {
        let highest = lines.joined().compactMap(\.self).max() ?? 1
        let drawing = LineDrawing(sheet, places: words.count, highest: highest)
        let number = LineDrawing.text
        let grid: [Fields] = drawing.grid.map { percent in
            let y = drawing.y(Double(percent) / 100)
            return [
                "y": number(y), "left": number(LineDrawing.left), "right": number(sheet.width - 10),
                "labelX": number(LineDrawing.left - 8), "labelY": number(y + 4), "gridWord": text.percent(percent),
            ]
        }
        let ticks: [Fields] = drawing.ticks.map { place in
            // The last word ends where the sheet ends.
            let isLast = place == words.count - 1 && words.count > 1
            return [
                "tickX": number(isLast ? sheet.width - 2 : drawing.x(place)), "tickY": number(sheet.height - 8),
                "anchor": isLast ? "end" : "middle", "tickWord": words[place],
            ]
        }
        let columns = RateTable.columns(of: metric)
        let drawn: [Fields] = lines.indices.map { place in
            [
                "lineClass": columns[place].style, "path": drawing.path(lines[place]),
                "marks": drawing.marks(lines[place], Self.mark(place)),
            ]
        }
        return [
            "form": sheet.name, "width": number(sheet.width), "height": number(sheet.height), "chartTitle": title,
            "chartDescription": description, "gridLines": grid, "ticks": ticks, "lines": drawn,
        ]
    }
}
