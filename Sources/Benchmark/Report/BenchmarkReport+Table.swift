import Adoption
package import Dossiers

extension BenchmarkReport {
    /// The report as people read it.
    package func table(in language: Language) -> [String] {
        let words = ReportWords(language: language)
        let figures = TextTable(
            header: [words("phép đo", "measurement"), words("đại lượng", "figure"), words("giá trị", "value")],
            rows: words.rows(self), leftColumns: 2)
        let goals = TextTable(
            header: [
                words("mục tiêu", "target"), words("giới hạn", "limit"), words("tốt hơn", "stretch"),
                words("đo được", "measured"), "",
            ], rows: zip(Target.all, targets).map { words.row($0, $1) }, leftColumns: 1)
        return words.heading(self) + [""] + figures.lines + [""] + goals.lines
    }
}

/// Writes figures in a language.
struct ReportWords {
    let language: Language

    func callAsFunction(_ vietnamese: String, _ english: String) -> String {
        language == .vietnamese ? vietnamese : english
    }

    /// Where and how it was measured.
    func heading(_ report: BenchmarkReport) -> [String] {
        let environment = report.environment
        let memory = Double(environment.memoryBytes) / 1_073_741_824
        let settings = environment.durability.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return [
            "hoso \(environment.hoso) (\(environment.commit), \(environment.build)) · \(environment.swift)",
            "\(environment.processor) · \(environment.cores) \(self("lõi", "cores")) · "
                + "\(number(memory)) GiB · Linux \(environment.kernel) · "
                + "\(self("tải trước khi đo", "load before")) \(number(environment.loadAtStart))",
            "PostgreSQL \(environment.postgresql) (\(settings.joined(separator: " "))) · "
                + "libzmq \(environment.libzmq) · \(report.plan.workers) worker",
        ]
    }

    /// A verdict as a row.
    func row(_ target: Target, _ verdict: TargetVerdict) -> [String] {
        let sign = verdict.side == .atLeast ? "≥ " : "≤ "
        return [
            language == .vietnamese ? target.vietnamese : target.english, sign + value(verdict.limit, verdict.unit),
            sign + value(verdict.stretch, verdict.unit), verdict.measured.map { value($0, verdict.unit) } ?? "–",
            mark(verdict),
        ]
    }

    private func mark(_ verdict: TargetVerdict) -> String {
        switch verdict.verdict {
        case .notMeasured: self("chưa đo", "not measured")
        case .notMet: self("✗ chưa đạt", "✗ not met")
        case .met: self("✓ đạt", "✓ met")
        case .stretchMet: self("✓✓ vượt", "✓✓ met, and the stretch")
        }
    }

    /// A number with as many decimals as it has sense in.
    func number(_ value: Double) -> String {
        let decimals = value.magnitude >= 100 ? 0 : value.magnitude >= 10 ? 1 : 2
        let scale = [1.0, 10, 100][decimals]
        let whole = Int64((value.magnitude * scale).rounded())
        let text = Figures.grouped(whole / Int64(scale), language)
        guard decimals > 0 else { return (value < 0 ? "-" : "") + text }
        let digits = String(whole % Int64(scale))
        let fraction = String(repeating: "0", count: decimals - digits.count) + digits
        return (value < 0 ? "-" : "") + text + (language == .vietnamese ? "," : ".") + fraction
    }

    /// A figure with its unit.
    func value(_ value: Double, _ unit: FigureUnit) -> String {
        switch unit {
        case .ratio: number(value)
        case .milliseconds: number(value) + " ms"
        case .mebibytes: number(value) + " MiB"
        }
    }
}
