/// A figure that is aimed at.
struct Target: Sendable {
    /// Which side of the limit is the good one.
    enum Side: String, Sendable, Codable {
        case atLeast = "at_least"
        case atMost = "at_most"
    }

    let name: String
    let english: String
    let vietnamese: String
    let side: Side
    let limit: Double
    let stretch: Double
    let unit: FigureUnit
    let figure: @Sendable (BenchmarkReport) -> Double?

    /// All of them.
    static let all: [Target] = [
        Target(
            name: "pipeline_share_of_ceiling", english: "pipeline ÷ COPY on 2 connections",
            vietnamese: "pipeline ÷ COPY trên 2 kết nối", side: .atLeast, limit: 0.50, stretch: 0.65, unit: .ratio,
            figure: { $0.pipeline?.receiptShareOfCeiling }),
        Target(
            name: "latency_p99_at_1000", english: "p99 to the receipt at 1,000/s",
            vietnamese: "p99 đến biên nhận ở 1.000/giây", side: .atMost, limit: 25, stretch: 10, unit: .milliseconds,
            figure: { $0.latency?.first { $0.rate == 1_000 }?.p99Milliseconds }),
        Target(
            name: "held_transaction", english: "rate beside an open transaction ÷ without",
            vietnamese: "tốc độ khi có giao dịch treo ÷ bình thường", side: .atLeast, limit: 0.90, stretch: 0.97,
            unit: .ratio, figure: { $0.heldTransaction?.ratio }),
        Target(
            name: "growth", english: "rate at most stored dossiers ÷ at fewest",
            vietnamese: "tốc độ khi nhiều hồ sơ nhất ÷ ít nhất", side: .atLeast, limit: 0.85, stretch: 0.95,
            unit: .ratio, figure: { $0.growth?.ratio }),
        Target(
            name: "memory", english: "most resident memory of a process of hoso",
            vietnamese: "bộ nhớ lớn nhất của một tiến trình hoso", side: .atMost, limit: 96, stretch: 48,
            unit: .mebibytes, figure: { $0.cost.map { Double($0.largestOwnPeak) / 1_048_576 } }),
        Target(
            name: "adoption_one_unit", english: "p99 of ten years of one unit",
            vietnamese: "p99 mười năm của một đơn vị", side: .atMost, limit: 20, stretch: 5, unit: .milliseconds,
            figure: { $0.adoption?.oneUnit.p99Milliseconds }),
        Target(
            name: "fold_lag", english: "greatest lag of the figures at full load",
            vietnamese: "độ trễ tổng hợp lớn nhất khi tải đầy", side: .atMost, limit: 1_000, stretch: 200,
            unit: .milliseconds, figure: { $0.foldLag?.greatestMilliseconds }),
    ]

    func verdict(_ report: BenchmarkReport) -> TargetVerdict {
        TargetVerdict(self, measured: figure(report).map { Statistics.rounded($0) })
    }
}

/// What a figure is counted in.
package enum FigureUnit: String, Sendable, Codable {
    /// A share of another figure.
    case ratio
    /// Milliseconds.
    case milliseconds
    /// Mebibytes.
    case mebibytes
}

/// What was measured of a target.
package struct TargetVerdict: Codable, Sendable, Equatable {
    /// How it came out.
    package enum Verdict: String, Codable, Sendable {
        /// It was not measured.
        case notMeasured = "not_measured"
        /// The limit is not met.
        case notMet = "not_met"
        /// The limit is met.
        case met
        /// The better one is met as well.
        case stretchMet = "stretch_met"
    }

    /// Its name.
    package let name: String
    /// Whether the figure should be at least or at most the limit.
    let side: Target.Side
    /// What is aimed at.
    package let limit: Double
    /// What would be better still.
    package let stretch: Double
    /// What it is counted in.
    package let unit: FigureUnit
    /// The figure; `nil` when it was not measured.
    package let measured: Double?
    /// How it came out.
    package let verdict: Verdict

    init(_ target: Target, measured: Double?) {
        name = target.name
        side = target.side
        limit = target.limit
        stretch = target.stretch
        unit = target.unit
        self.measured = measured
        verdict = measured.map { target.side.verdict($0, limit: target.limit, stretch: target.stretch) } ?? .notMeasured
    }
}

extension Target.Side {
    fileprivate func verdict(_ figure: Double, limit: Double, stretch: Double) -> TargetVerdict.Verdict {
        func meets(_ goal: Double) -> Bool { self == .atLeast ? figure >= goal : figure <= goal }
        return meets(stretch) ? .stretchMet : meets(limit) ? .met : .notMet
    }
}
