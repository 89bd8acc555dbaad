import Adoption
import Dossiers
import Store

/// By what a table of rates is sorted: a column, from the top down unless it is reversed.
struct RateSort: Sendable, Equatable {
    /// A column.
    enum Column: String, Sendable, CaseIterable {
        case name, total, online, postal, inPerson = "in_person", rate
    }

    let column: Column
    let isReversed: Bool

    /// An order.
    init(_ column: Column, isReversed: Bool = false) {
        self.column = column
        self.isReversed = isReversed
    }

    /// An order as addresses name it: a column, behind a hyphen where it is reversed.
    init?(rawValue: String) {
        let isReversed = rawValue.hasPrefix("-")
        guard let column = Column(rawValue: String(rawValue.dropFirst(isReversed ? 1 : 0))) else { return nil }
        self.init(column, isReversed: isReversed)
    }

    /// As addresses name it.
    var rawValue: String { (isReversed ? "-" : "") + column.rawValue }

    /// Whether the smallest comes first: names run from A on, numbers from the greatest down.
    var isAscending: Bool { (column == .name) != isReversed }
}

/// Rates of units or of procedures, to be compared.
struct RateTable: Sendable, Equatable {
    /// A unit or a procedure.
    struct Row: Sendable, Equatable {
        let code: String
        let name: String
        let dossiers: Int64
        /// In the order of the columns.
        let rates: [Rate]

        /// Whether so few dossiers stand behind its rates that somebody could be recognised.
        func isSmall(below minimum: Int64?) -> Bool {
            guard let minimum else { return false }
            return (1..<minimum).contains(dossiers) || rates.contains { (1..<minimum).contains($0.denominator) }
        }
    }

    /// Fewer dossiers of a procedure in a unit are shown as fewer than so many.
    static var smallest: Int64 { 5 }

    /// The columns with rates.
    let columns: [RateSort.Column]
    let rows: [Row]
    /// Rows with fewer dossiers are not shown in figures; `nil`: all are.
    let minimum: Int64?

    /// A table of groups by one dimension.
    init(_ groups: [AdoptionQuery.Group], metric: Metric, minimum: Int64? = nil, name: (String) -> String) {
        self.minimum = minimum
        columns = Self.columns(of: metric)
        rows = groups.map { group in
            let code = group.key.first ?? ""
            return Row(
                code: code, name: name(code), dossiers: group.channels.values.reduce(0) { $0 + $1.dossiers },
                rates: Self.rates(of: group.channels, metric))
        }
    }

    /// A table of rows.
    init(columns: [RateSort.Column], rows: [Row], minimum: Int64? = nil) {
        self.columns = columns
        self.rows = rows
        self.minimum = minimum
    }

    /// The columns of a metric: a share for each channel, or the one rate.
    static func columns(of metric: Metric) -> [RateSort.Column] {
        metric == .shareOfAll ? [.online, .postal, .inPerson] : [.rate]
    }

    /// The rates over tallies, in the order of the columns.
    static func rates(of tallies: [Channel: Tally], _ metric: Metric) -> [Rate] {
        guard metric == .shareOfAll else { return [metric.rate(of: tallies)] }
        let total = tallies.values.reduce(0) { $0 + $1.dossiers }
        return AdoptionReport.channels.map { Rate(tallies[$0]?.dossiers ?? 0, of: total) }
    }

    /// The rows in an order; those that are too small to be shown, and those without data, last of all.
    func sorted(by sort: RateSort) -> [Row] {
        let place = columns.firstIndex(of: sort.column)
        return rows.enumerated().sorted { left, right in
            let (one, other) = (left.element, right.element)
            // An order among small ones would tell what is not shown.
            let (isLow, isOtherLow) = (isLast(one, place), isLast(other, place))
            if isLow != isOtherLow { return isOtherLow }
            let order = isLow ? 0 : compare(one, other, sort.column, place)
            if order != 0 { return sort.isAscending ? order < 0 : order > 0 }
            // Rows come by their codes: what is equal stays so.
            return left.offset < right.offset
        }.map(\.element)
    }

    private func isLast(_ row: Row, _ place: Int?) -> Bool {
        row.isSmall(below: minimum) || place.map { row.rates[$0].denominator == 0 } ?? false
    }

    private func compare(_ one: Row, _ other: Row, _ column: RateSort.Column, _ place: Int?) -> Int {
        if let place { return one.rates[place].compare(with: other.rates[place]) }
        if column == .name { return one.name == other.name ? 0 : one.name < other.name ? -1 : 1 }
        return Int((one.dossiers - other.dossiers).signum())
    }

    /// Ranks by a column: equal rates have the same one, and the next has one less for each of them; `nil` without data.
    func ranks(by column: RateSort.Column) -> [String: Int] {
        guard let place = columns.firstIndex(of: column) else { return [:] }
        var ranks: [String: Int] = [:]
        var last: (rate: Rate, rank: Int)?
        for (index, row) in sorted(by: RateSort(column)).enumerated() {
            guard !isLast(row, place) else { break }
            let rate = row.rates[place]
            let rank = last.map { $0.rate.compare(with: rate) == 0 ? $0.rank : index + 1 } ?? index + 1
            last = (rate, rank)
            ranks[row.code] = rank
        }
        return ranks
    }
}

extension Rate {
    /// Below zero where this rate is the lower one, 0 where they are the same: in whole numbers, not as they are rounded.
    func compare(with other: Rate) -> Int {
        let left = numerator.multipliedFullWidth(by: other.denominator)
        let right = other.numerator.multipliedFullWidth(by: denominator)
        if left.high != right.high { return left.high < right.high ? -1 : 1 }
        return left.low == right.low ? 0 : left.low < right.low ? -1 : 1
    }
}
