import Foundation

/// Counts beside those of a baseline.
struct Comparison {
    /// Growth that is let through, as a share.
    ///
    /// Two runs differ by less than 0.1 %, also those with files and of a program built anew; the room is for what a change
    /// elsewhere moves: what the compiler inlines, how an allocator or a hash table happens to be filled.
    static let tolerance = 0.03

    /// A line of the table.
    struct Row {
        let name: String
        let instructions: Int
        /// `nil` where there is none for it.
        let baseline: Int?

        /// The growth as a share of the baseline.
        var growth: Double? {
            guard let baseline, baseline > 0 else { return nil }
            return Double(instructions) / Double(baseline) - 1
        }

        /// Whether it has grown by more than is let through.
        var isRegression: Bool { (growth ?? 0) > Comparison.tolerance }
    }

    let rows: [Row]

    /// Compares counts, in the order of the names.
    init(_ names: [String], _ counts: [String: Int], with baseline: Baseline?) {
        rows = names.compactMap { name in
            counts[name].map { Row(name: name, instructions: $0, baseline: baseline?.instructions[name]) }
        }
    }

    /// Those that have grown by more than is let through.
    var regressions: [Row] { rows.filter(\.isRegression) }

    /// The comparison for people.
    var table: String {
        let heading = "instructions per dossier"
        let width = rows.map(\.name.count).reduce(heading.count, max)
        let lines = rows.map { row in
            Self.line(
                row.name, String(row.instructions), row.baseline.map { String($0) } ?? "none",
                row.growth.map { Self.percent($0) } ?? "", width: width) + (row.isRegression ? "  more" : "")
        }
        let title = Self.line(heading, "now", "baseline", "change", width: width)
        return ([title] + lines).joined(separator: "\n")
    }

    private static func percent(_ share: Double) -> String {
        (share < 0 ? "" : "+") + String(format: "%.1f %%", share * 100)
    }

    private static func line(_ name: String, _ cells: String..., width: Int) -> String {
        let name = name + String(repeating: " ", count: max(0, width - name.count))
        return cells.reduce(name) { line, cell in line + String(repeating: " ", count: max(1, 11 - cell.count)) + cell }
    }
}
