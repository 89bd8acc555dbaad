extension ReportWords {
    /// All figures, a row each.
    func rows(_ report: BenchmarkReport) -> [[String]] {
        let groups: [(String, [(String, String)])] = [
            ("ceiling", report.ceiling.map(rows) ?? []), ("pipeline", report.pipeline.map(rows) ?? []),
            ("cost", report.cost.map(rows) ?? []), ("lag", report.foldLag.map(rows) ?? []),
            ("latency", report.latency.map { $0.map(row) } ?? []), ("growth", report.growth.map(rows) ?? []),
            ("held", report.heldTransaction.map(rows) ?? []), ("drain", report.drain.map(rows) ?? []),
            ("adoption", report.adoption.map(rows) ?? []),
        ]
        return groups.flatMap { name, rows in
            rows.enumerated().map { [$0 == 0 ? name : "", $1.0, $1.1] }
        }
    }

    private func rate(_ value: Double) -> String { number(value) + self("/giây", "/s") }

    private func rows(_ figures: CeilingFigures) -> [(String, String)] {
        [
            (self("COPY, 1 kết nối", "COPY, 1 connection"), rate(figures.oneConnection)),
            (self("COPY, 2 kết nối", "COPY, 2 connections"), rate(figures.twoConnections)),
        ]
    }

    private func rows(_ figures: PipelineFigures) -> [(String, String)] {
        let share = figures.receiptShareOfCeiling.map { " · \(number($0)) ×" } ?? ""
        let foldShare = figures.foldShareOfCeiling.map { " · \(number($0)) ×" } ?? ""
        return [
            (self("đến biên nhận cuối", "to the last receipt"), rate(figures.receiptRate) + share),
            (self("đến khi tổng hợp xong", "and with the fold"), rate(figures.foldRate) + foldShare),
        ]
    }

    private func rows(_ figures: CostFigures) -> [(String, String)] {
        func memory(_ bytes: Int) -> String { number(Double(bytes) / 1_048_576) + " MiB" }
        func time(_ microseconds: Double) -> String { number(microseconds) + " µs" }
        // A process that took less than a tenth of a microsecond is not worth a line.
        let shown = figures.processes.filter { $0.isOwn || $0.microsecondsPerDossier >= 0.1 }
        return shown.map { process in
            let peak = process.peakBytes > 0 ? " · \(memory(process.residentBytes)) (\(memory(process.peakBytes)))" : ""
            return (process.name, time(process.microsecondsPerDossier) + peak)
        } + [
            (self("tổng của hoso", "all of hoso"), time(figures.ownMicroseconds)),
            (self("tổng của PostgreSQL", "all of PostgreSQL"), time(figures.databaseMicroseconds)),
            (self("WAL mỗi hồ sơ", "log (WAL) per dossier"), number(figures.logBytesPerDossier) + " B"),
        ]
    }

    private func rows(_ figures: LagFigures) -> [(String, String)] {
        [
            (self("độ trễ tổng hợp, trung vị", "lag of the fold, median"), number(figures.medianMilliseconds) + " ms"),
            (self("lớn nhất", "greatest"), number(figures.greatestMilliseconds) + " ms"),
        ]
    }

    private func row(_ figures: LatencyFigures) -> (String, String) {
        let values = [
            figures.p50Milliseconds, figures.p99Milliseconds, figures.p999Milliseconds, figures.greatestMilliseconds,
        ].map(number).joined(separator: " · ")
        return ("\(rate(Double(figures.rate))): p50 · p99 · p99.9 · max", values + " ms")
    }

    private func rows(_ figures: GrowthFigures) -> [(String, String)] {
        figures.steps.map { step in
            (
                self("với \(number(Double(step.stored))) hồ sơ", "at \(number(Double(step.stored))) stored"),
                rate(step.receiptRate)
            )
        } + [(self("lớn nhất ÷ nhỏ nhất", "largest ÷ smallest"), number(figures.ratio))]
    }

    private func rows(_ figures: HeldFigures) -> [(String, String)] {
        [
            (self("bình thường", "without a held transaction"), rate(figures.freeRate)),
            (self("có giao dịch treo", "with one"), rate(figures.heldRate)),
            (self("tỷ số", "ratio"), number(figures.ratio)),
        ]
    }

    private func rows(_ figures: DrainFigures) -> [(String, String)] {
        let backlog = number(Double(figures.backlog))
        return [
            (
                self("\(backlog) tồn đọng, đến khi hết", "backlog of \(backlog), drained in"),
                number(figures.seconds) + " s"
            ),
            (self("tốc độ", "rate"), rate(figures.rate)),
        ]
    }

    private func rows(_ figures: AdoptionFigures) -> [(String, String)] {
        let size = "\(number(Double(figures.rowsOfUnit))) / \(number(Double(figures.rows)))"
        return [(self("dòng của đơn vị / tất cả", "rows of the unit / all"), size)]
            + [figures.oneUnit, figures.allUnits].map { question in
                let values = [question.p50Milliseconds, question.p99Milliseconds, question.commandMilliseconds]
                    .map(number).joined(separator: " · ")
                return ("\(question.question): p50 · p99 · \(self("cả lệnh", "command"))", values + " ms")
            }
    }
}
