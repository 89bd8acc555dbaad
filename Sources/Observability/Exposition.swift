/// Samples in the text format of Prometheus, version 0.0.4.
package struct Exposition: Sendable {
    /// A sample.
    enum Sample {
        case value(Double)
        /// Counts per bucket, not summed up.
        case histogram([(bound: Double, count: UInt64)], count: UInt64, sum: Double)
    }

    /// Lines of samples by their metric.
    private var lines: [MetricName: [String]] = [:]

    /// Nothing.
    package init() {}

    mutating func add(_ metric: MetricName, service: String, labels: [String], _ sample: Sample) {
        var shown = "service=\"\(Self.escaped(service))\""
        for index in stride(from: 0, to: labels.count - 1, by: 2) {
            shown += ",\(labels[index])=\"\(Self.escaped(labels[index + 1]))\""
        }
        switch sample {
        case .value(let value): lines[metric, default: []].append("\(metric.name){\(shown)} \(Self.number(value))")
        case .histogram(let buckets, let count, let sum):
            var total: UInt64 = 0
            for bucket in buckets {
                total += bucket.count
                lines[metric, default: []].append(
                    "\(metric.name)_bucket{\(shown),le=\"\(Self.number(bucket.bound))\"} \(total)")
            }
            lines[metric, default: []] += [
                "\(metric.name)_bucket{\(shown),le=\"+Inf\"} \(count)",
                "\(metric.name)_sum{\(shown)} \(Self.number(sum))", "\(metric.name)_count{\(shown)} \(count)",
            ]
        }
    }

    /// Adds the samples of another process, as it wrote them; what is no sample of a metric of ours is left out.
    package mutating func add(_ text: String) {
        let known = Dictionary(uniqueKeysWithValues: MetricName.all.map { ($0.name, $0) })
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let brace = line.firstIndex(of: "{") else { continue }
            let name = String(line[..<brace])
            let base = ["_bucket", "_sum", "_count"].first { name.hasSuffix($0) }.map {
                String(name.dropLast($0.count))
            }
            guard let metric = known[name] ?? base.flatMap({ known[$0] }) else { continue }
            lines[metric, default: []].append(String(line))
        }
    }

    /// The text.
    package var text: String {
        var text = ""
        for metric in MetricName.all {
            guard let lines = lines[metric] else { continue }
            text += "# HELP \(metric.name) \(metric.help)\n# TYPE \(metric.name) \(metric.kind.rawValue)\n"
            for line in lines { text += line + "\n" }
        }
        return text
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.append(character)
            }
        }
        return result
    }
}
