package import CoreMetrics

extension Counter {
    /// The counter of a name of the contract.
    package convenience init(_ name: MetricName, _ labels: (String, String)...) {
        self.init(label: name.name, dimensions: labels)
    }
}

extension Meter {
    /// The gauge of a name of the contract.
    package convenience init(_ name: MetricName, _ labels: (String, String)...) {
        self.init(label: name.name, dimensions: labels)
    }

    /// Sets a gauge of whether something is so.
    package func set(_ isSo: Bool) { set(isSo ? 1 : 0) }
}

extension Recorder {
    /// The histogram of a name of the contract.
    package convenience init(_ name: MetricName) { self.init(label: name.name, dimensions: [], aggregate: true) }
}

extension CoreMetrics.Timer {
    /// The histogram of seconds of a name of the contract.
    package convenience init(_ name: MetricName) { self.init(label: name.name, dimensions: []) }

    /// Records how long something took.
    package func record(since start: ContinuousClock.Instant) {
        let time = start.duration(to: .now).components
        recordNanoseconds(time.seconds * 1_000_000_000 + time.attoseconds / 1_000_000_000)
    }
}
