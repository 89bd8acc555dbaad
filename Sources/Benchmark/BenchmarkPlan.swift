/// What is measured, and at which sizes.
package struct BenchmarkPlan: Sendable, Codable, Equatable {
    /// Whether the sizes are those of a run of some minutes.
    package let isQuick: Bool
    /// What all sizes were multiplied by.
    package let scale: Double
    /// Worker processes.
    package let workers: Int
    /// The measurements, in the order in which they are taken.
    package let measurements: [MeasurementName]
    /// Dossiers that are copied, per number of connections.
    package let ceilingDossiers: Int
    /// Dossiers of the pipeline run.
    package let pipelineDossiers: Int
    /// Seconds for which each rate of arrival is kept up.
    package let latencySeconds: Int
    /// Entries per second.
    package let latencyRates: [Int]
    /// Stored dossiers at which a burst is measured.
    package let growthSizes: [Int]
    /// Dossiers of a burst.
    package let burst: Int
    /// Bursts of each kind, of which the median counts.
    package let bursts: Int
    /// Dossiers of the backlog that is drained.
    package let backlog: Int
    /// Entries per second that come in meanwhile.
    package let arrivalRate: Int
    /// The roll-up that is asked.
    package let rollUp: RollUpShape
    /// Times that each question is asked.
    package let questions: Int

    /// A plan.
    /// - Parameters:
    ///   - chosen: the measurements; none stands for all.
    ///   - scale: multiplies every size, for tests of the benchmark itself.
    package init(isQuick: Bool, workers: Int, chosen: Set<MeasurementName> = [], scale: Double = 1) {
        func size(_ quick: Int, _ full: Int) -> Int { max(100, Int(Double(isQuick ? quick : full) * scale)) }
        self.isQuick = isQuick
        self.scale = scale
        self.workers = workers
        measurements = MeasurementName.allCases.filter { chosen.isEmpty || chosen.contains($0) }
        // As many rows as the pipeline writes: a table that has outgrown the server's buffers costs both the same.
        ceilingDossiers = size(100_000, 300_000)
        pipelineDossiers = size(100_000, 300_000)
        latencySeconds = max(1, Int((Double(isQuick ? 10 : 30) * scale).rounded()))
        latencyRates = [100, 1_000]
        growthSizes = [size(10_000, 10_000), size(100_000, 100_000), size(300_000, 1_000_000)]
        burst = size(20_000, 30_000)
        bursts = 3
        backlog = size(100_000, 500_000)
        arrivalRate = 100
        rollUp = RollUpShape(
            units: 150, years: max(1, Int(10 * min(scale * 10, 1))), rowsPerDay: isQuick ? 1 : 17, rowsOfFirstUnit: 17)
        questions = max(5, Int(Double(isQuick ? 60 : 200) * min(scale, 1)))
    }

    /// Whether a measurement is to be taken.
    package func has(_ name: MeasurementName) -> Bool { measurements.contains(name) }

    /// Whether the pipeline runs: several measurements come from one run of it.
    package var runsPipeline: Bool { has(.pipeline) || has(.cost) || has(.lag) }
}

/// The size of a made-up roll-up.
package struct RollUpShape: Sendable, Codable, Equatable {
    /// Units.
    package let units: Int
    /// Years of working days.
    package let years: Int
    /// Rows of a unit and day.
    package let rowsPerDay: Int
    /// The same of the one unit that is asked for.
    package let rowsOfFirstUnit: Int
}
