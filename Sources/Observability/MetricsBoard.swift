package import CoreMetrics
import Synchronization

/// The metrics of this process, as Prometheus reads them.
///
/// The backend of swift-metrics: handlers add to cells of their own and take no lock of others.
package final class MetricsBoard: MetricsFactory {
    struct Key: Hashable {
        let name: String
        let labels: [String]
    }

    private let known: [String: MetricName]
    private let cells = Mutex<[Key: MetricCell]>([:])
    private let service: String

    /// A board.
    /// - Parameter service: the label of all samples.
    package init(service: String) {
        self.service = service
        known = Dictionary(uniqueKeysWithValues: MetricName.all.map { ($0.name, $0) })
    }

    private func cell(_ label: String, _ dimensions: [(String, String)]) -> MetricCell {
        let key = Key(name: label, labels: dimensions.flatMap { [$0.0, $0.1] })
        return cells.withLock { cells in
            if let cell = cells[key] { return cell }
            let cell = MetricCell(buckets: known[label]?.buckets ?? [])
            cells[key] = cell
            return cell
        }
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        cell(label, dimensions)
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler { cell(label, dimensions) }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler { cell(label, dimensions) }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        cell(label, dimensions)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        cell(label, dimensions)
    }

    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    /// A sample of a gauge.
    package struct Gauge: Sendable {
        let key: Key
        let value: Double

        /// A sample.
        package init(_ name: MetricName, _ labels: [(String, String)], _ value: Double) {
            key = Key(name: name.name, labels: labels.flatMap { [$0.0, $0.1] })
            self.value = value
        }
    }

    /// Puts all samples of some gauges in the place of those that there were, whose labels may be others now: a sender that is
    /// gone has no sample.
    package func replace(_ names: [MetricName], by gauges: [Gauge]) {
        let names = Set(names.map(\.name))
        cells.withLock { cells in
            cells = cells.filter { !names.contains($0.key.name) }
            for gauge in gauges {
                let cell = MetricCell(buckets: [])
                cell.set(gauge.value)
                cells[gauge.key] = cell
            }
        }
    }

    /// The samples, with those that are only read when somebody asks.
    package func exposition(_ more: [MetricName: Double] = [:], version: String) -> Exposition {
        var exposition = Exposition()
        let cells = cells.withLock { $0 }
        for metric in MetricName.all {
            let own = cells.filter { $0.key.name == metric.name }
                .sorted { $0.key.labels.lexicographicallyPrecedes($1.key.labels) }
            for (key, cell) in own { exposition.add(metric, service: service, labels: key.labels, cell.sample) }
            if let value = more[metric] {
                let labels = metric == .buildInfo ? ["version", version] : []
                exposition.add(metric, service: service, labels: labels, .value(value))
            }
        }
        return exposition
    }
}

/// One number, or one histogram.
final class MetricCell: CounterHandler, FloatingPointCounterHandler, RecorderHandler, MeterHandler, TimerHandler {
    struct State {
        var value = 0.0
        var count: UInt64 = 0
        var inBuckets: [UInt64]
    }

    private let buckets: [Double]
    private let state: Mutex<State>

    init(buckets: [Double]) {
        self.buckets = buckets
        state = Mutex(State(inBuckets: Array(repeating: 0, count: buckets.count)))
    }

    var sample: Exposition.Sample {
        let state = state.withLock { $0 }
        guard !buckets.isEmpty else { return .value(state.value) }
        return .histogram(Array(zip(buckets, state.inBuckets)), count: state.count, sum: state.value)
    }

    func increment(by amount: Int64) { increment(by: Double(amount)) }
    func increment(by amount: Double) { state.withLock { $0.value += amount } }
    func decrement(by amount: Double) { increment(by: -amount) }
    func reset() { set(0.0) }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { state.withLock { $0.value = value } }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let bucket = buckets.firstIndex { value <= $0 }
        state.withLock { state in
            state.value += value
            state.count += 1
            if let bucket { state.inBuckets[bucket] += 1 }
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
}
