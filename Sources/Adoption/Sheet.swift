package import Dossiers
import Store

/// A report as a sheet of typed cells, for a spreadsheet.
package struct Sheet: Sendable, Equatable {
    /// What stands in a cell.
    package enum Cell: Sendable, Equatable {
        /// Nothing, or no data.
        case empty
        /// A text.
        case text(String)
        /// A whole number.
        case number(Int64)
        /// A share, 0 to 1.
        case share(Double)
        /// A local day.
        case day(Day)
    }

    /// Its name.
    package let name: String
    /// Titles of the columns.
    package let header: [String]
    /// The rows below the header.
    package let rows: [[Cell]]

    /// A sheet.
    package init(name: String, header: [String], rows: [[Cell]]) {
        self.name = name
        self.header = header
        self.rows = rows
    }
}

extension Sheet.Cell {
    /// A share; empty where there is no data.
    init(_ rate: Rate) { self = rate.share.map(Sheet.Cell.share) ?? .empty }

    /// The value of a dimension.
    init(_ value: String, of dimension: Dimension) {
        self = dimension == .day ? Day(iso8601: value).map(Sheet.Cell.day) ?? .text(value) : .text(value)
    }
}

extension AdoptionReport {
    /// The report as a sheet, with the columns of its CSV.
    package func sheet(in language: Language) -> Sheet {
        let rows = rows.map { row -> [Sheet.Cell] in
            var cells = zip(dimensions, row.key).map { Sheet.Cell($1, of: $0) } + [.number(row.total)]
            if showsChannels {
                for channel in Self.channels {
                    let count = row.channels[channel]?.dossiers ?? 0
                    cells += [.number(count), Sheet.Cell(Rate(count, of: row.total))]
                }
            } else {
                let rate = rate(of: row)
                cells += [.number(rate.numerator), .number(rate.denominator), Sheet.Cell(rate)]
            }
            return cells
        }
        return Sheet(
            name: metric.rawValue,
            header: (dimensions.isEmpty ? [] : dimensions.map { $0.title(in: language) })
                + sheetColumns(language), rows: rows)
    }

    private func sheetColumns(_ language: Language) -> [String] {
        let isVietnamese = language == .vietnamese
        let total = [isVietnamese ? "Tổng số" : "Total"]
        guard showsChannels else {
            return total + (isVietnamese ? ["Tử số", "Mẫu số", "Tỷ lệ"] : ["Numerator", "Denominator", "Share"])
        }
        return total
            + Self.channels.flatMap { channel in
                let title = channel.title(in: language)
                return [title, isVietnamese ? "\(title), tỷ lệ" : "\(title), share"]
            }
    }
}

extension ExplanationReport {
    /// The dossiers as a sheet, with the columns of its CSV and the rules in words.
    package func sheet(in language: Language) -> Sheet {
        let header =
            language == .vietnamese
            ? ["Hồ sơ", "Ngày", "Đơn vị", "Thủ tục", "Hình thức", "Tính vào", "Quy tắc"]
            : ["Dossier", "Day", "Unit", "Procedure", "Channel", "Counts in", "Rule"]
        return Sheet(
            name: metric.rawValue, header: header,
            rows: dossiers.map { dossier, rule in
                [
                    .text(dossier.code), .day(dossier.receivedOn), .text(dossier.unit), .text(dossier.procedure),
                    .text(dossier.facts.channel.title(in: language)), .text(rule.place.title(in: language)),
                    .text(rule.sentence(in: language)),
                ]
            })
    }
}
