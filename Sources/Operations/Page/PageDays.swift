import Dossiers
import Store

/// The days that a page is about, and those that they are compared with.
struct PageDays: Sendable, Equatable {
    /// First day; `nil`: from the beginning.
    let from: Day?
    /// The day after the last one; `nil`: to the end.
    let to: Day?

    /// Some days.
    init(from: Day?, to: Day?) {
        self.from = from
        self.to = to
    }

    /// The days of a question.
    /// - Parameter span: first and last day that have figures.
    init(_ question: PageQuestion, today: Day, span: ClosedRange<Day>?) {
        switch question.period {
        case .latest:
            // An office may hand in what is old: the months up to the last day that there is anything of.
            let last = min(today, span?.upperBound ?? today)
            self.init(from: last.firstOfMonth(adding: -11), to: last.firstOfMonth(adding: 1))
        case .month: self.init(from: today.firstOfMonth(), to: today.firstOfMonth(adding: 1))
        case .lastMonth: self.init(from: today.firstOfMonth(adding: -1), to: today.firstOfMonth())
        case .quarter:
            let first = today.firstOfMonth(adding: -((today.components.month - 1) % 3))
            self.init(from: first, to: first.firstOfMonth(adding: 3))
        case .year, .lastYear:
            let first = today.firstOfMonth(adding: 1 - today.components.month)
            let shift = question.period == .year ? 0 : -12
            self.init(from: first.firstOfMonth(adding: shift), to: first.firstOfMonth(adding: shift + 12))
        case .all: self.init(from: nil, to: nil)
        case .days: self.init(from: question.from, to: question.through?.advanced(by: 1))
        }
    }

    /// As many days before these, by months where they are whole; `nil` for days without beginning or end.
    var before: PageDays? {
        guard let from, let to else { return nil }
        guard from.components.day == 1, to.components.day == 1 else {
            return PageDays(from: from.advanced(by: -from.distance(to: to)), to: from)
        }
        let (first, last) = (from.components, to.components)
        let months = (last.year - first.year) * 12 + last.month - first.month
        return PageDays(from: from.firstOfMonth(adding: -months), to: from)
    }

    /// The same days a year earlier.
    var yearBefore: PageDays? {
        guard let from, let to else { return nil }
        return PageDays(from: from.yearBefore, to: to.yearBefore)
    }

    /// The parts in which a trend is shown: few enough to be seen, many enough to show something.
    func step(within span: ClosedRange<Day>?) -> Dimension {
        let days = shown(within: span)
        return switch days.lowerBound.distance(to: days.upperBound) {
        case ..<46: .day
        case ..<190: .week
        case ..<1_900: .month
        default: .quarter
        }
    }

    /// The keys of all parts, also of those that have no figures.
    func keys(by step: Dimension, within span: ClosedRange<Day>?) -> [String] {
        let days = shown(within: span)
        var keys: [String] = []
        var day = days.lowerBound
        while day <= days.upperBound {
            let key =
                switch step {
                case .day: day.description
                case .week: day.week
                case .quarter: day.quarter
                default: day.month
                }
            if keys.last != key { keys.append(key) }
            day =
                switch step {
                case .day, .week: day.advanced(by: 1)
                default: day.firstOfMonth(adding: 1)
                }
        }
        return keys
    }

    /// First and last day of a trend: nothing is drawn of days to come.
    private func shown(within span: ClosedRange<Day>?) -> ClosedRange<Day> {
        let first = from ?? span?.lowerBound ?? Day(number: 0)
        let end = to?.advanced(by: -1) ?? span?.upperBound ?? first
        let last = min(end, span?.upperBound ?? end)
        return first...max(first, last)
    }
}

extension Day {
    /// The first day of this month, or of one so many months later.
    func firstOfMonth(adding months: Int = 0) -> Day {
        let (year, month, _) = components
        let index = year * 12 + month - 1 + months
        return Day(year: index / 12, month: index % 12 + 1, day: 1) ?? self
    }

    fileprivate var yearBefore: Day {
        let (year, month, day) = components
        return Day(year: year - 1, month: month, day: day) ?? advanced(by: -366)
    }
}
