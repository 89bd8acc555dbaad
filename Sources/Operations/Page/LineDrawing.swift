/// Where the lines of a chart of shares run: geometry only, in the units of its `viewBox`.
struct LineDrawing: Sendable, Equatable {
    /// A sheet to draw on.
    struct Sheet: Sendable, Equatable {
        let name: String
        let width: Double
        let height: Double
        /// How many words fit under it.
        let ticks: Int

        /// Letters keep their size on both, so the smaller one is no smaller picture of the other.
        static let wide = Sheet(name: "wide", width: 1_080, height: 280, ticks: 12)
        static let narrow = Sheet(name: "narrow", width: 360, height: 240, ticks: 3)
    }

    let sheet: Sheet
    /// Number of places along the axis of time.
    let places: Int
    /// What stands at the top, in percent.
    let ceiling: Int

    static let left = 54.0
    static let right = 34.0
    static let top = 10.0
    static let bottom = 30.0

    /// A drawing of lines; the axis begins at 0, so that what looks twice as high is twice as much.
    init(_ sheet: Sheet, places: Int, highest: Double) {
        self.sheet = sheet
        self.places = places
        ceiling = [5, 10, 20, 50].first { Double($0) >= highest * 100 } ?? 100
    }

    /// From left to right.
    func x(_ place: Int) -> Double {
        let room = sheet.width - Self.left - Self.right
        guard places > 1 else { return Self.left + room / 2 }
        return Self.left + 10 + (room - 10) * Double(place) / Double(places - 1)
    }

    /// From top to bottom.
    func y(_ share: Double) -> Double {
        let room = sheet.height - Self.top - Self.bottom
        return Self.top + room * (1 - share * 100 / Double(ceiling))
    }

    /// The line through shares; where there is none it breaks off.
    func path(_ shares: [Double?]) -> String {
        var path = ""
        var isOpen = false
        for (place, share) in shares.enumerated() {
            guard let share else {
                isOpen = false
                continue
            }
            path += (isOpen ? "L" : "M") + "\(Self.text(x(place))) \(Self.text(y(share)))"
            isOpen = true
        }
        return path
    }

    /// A mark at each share, while they are far enough apart to be told from each other.
    func marks(_ shares: [Double?], _ mark: Mark) -> String {
        let isCrowded = places > Int(sheet.width / 24)
        return shares.enumerated().compactMap { place, share -> String? in
            guard let share else { return nil }
            // One without neighbours has no line that would show it.
            let isAlone =
                (place == 0 || shares[place - 1] == nil)
                && (place == shares.count - 1 || shares[place + 1] == nil)
            return !isCrowded || isAlone ? mark.path(x(place), y(share)) : nil
        }.joined()
    }

    /// The places that are named under the axis: the last one, and as many before it as there is room for.
    var ticks: [Int] {
        let step = max(1, (places + sheet.ticks - 1) / sheet.ticks)
        return (0..<places).filter { (places - 1 - $0).isMultiple(of: step) }
    }

    /// The percentages with a line across.
    var grid: [Int] { ceiling == 5 ? [0, 1, 2, 3, 4, 5] : (0...4).map { ceiling * $0 / 4 }.filter(isWhole) }

    private func isWhole(_ percent: Int) -> Bool { (percent * 4).isMultiple(of: ceiling) }

    /// A coordinate to a tenth.
    static func text(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        let sign = tenths < 0 ? "-" : ""
        let size = abs(tenths)
        return size % 10 == 0 ? "\(sign)\(size / 10)" : "\(sign)\(size / 10).\(size % 10)"
    }

    /// What stands at the points of a line: lines are told apart by it too, not by their colour alone.
    enum Mark: Sendable, CaseIterable {
        case circle, square, triangle

        /// The mark around a point.
        func path(_ x: Double, _ y: Double) -> String {
            let text = LineDrawing.text
            return switch self {
            case .circle: "M\(text(x - 4)) \(text(y))a4 4 0 1 0 8 0a4 4 0 1 0 -8 0"
            case .square: "M\(text(x - 4)) \(text(y - 4))h8v8h-8z"
            case .triangle: "M\(text(x)) \(text(y - 5))L\(text(x + 5)) \(text(y + 4))H\(text(x - 5))z"
            }
        }
    }
}
