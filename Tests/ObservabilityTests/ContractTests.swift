import Foundation
import Observability
import TestSupport
import Testing

/// The documented contract is what the code has.
struct ContractTests {
    private let page = Repository.root.appending(path: "Sources/Observability/Observability.docc/Contract.md").path

    @Test func `The table of metrics is the list in the code`() throws {
        let documented = try lines("| `hoso_", "| `process_")
        let known = MetricName.all.map { metric in
            let services = metric.services.isEmpty ? "every" : metric.services.joined(separator: ", ")
            return
                "| `\(metric.name)` | \(metric.kind.rawValue) | \(services) | \(metric.labels.joined(separator: ", ")) | "
                + "\(metric.help) |"
        }
        #expect(documented == known)
        #expect(Set(MetricName.all.map(\.name)).count == MetricName.all.count)
    }

    @Test func `Names end in their unit, and counters in total, as Prometheus asks`() {
        for metric in MetricName.all {
            #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter), "\(metric.name)")
            #expect(metric.buckets.isEmpty == (metric.kind != .histogram), "\(metric.name)")
            #expect(metric.buckets == metric.buckets.sorted(), "\(metric.name)")
        }
    }

    @Test func `Every key of a log line in the code is documented`() throws {
        let text = try String(contentsOfFile: page, encoding: .utf8)
        let table = text[try #require(text.range(of: "## Log lines")).lowerBound...]
        let documented = Set(table.matches(of: /`([a-z_]+)`/).map { String($0.1) })
        var used: Set<String> = ["time", "level", "service", "event"]
        for file in try sources() {
            let code = try String(contentsOfFile: file, encoding: .utf8)
            for match in code.matches(of: /metadata: \[([^\]]*)\]/) {
                used.formUnion(match.1.matches(of: /"([a-z_]+)": ?"\\\(/).map { String($0.1) })
            }
            for match in code.matches(of: /metadata\["([a-z_]+)"\]/) { used.insert(String(match.1)) }
        }
        #expect(used.count > 20)
        #expect(used.subtracting(documented) == [])
    }

    private func sources() throws -> [String] {
        let folder = Repository.root.appending(path: "Sources").path
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder)
        return files.filter { $0.hasSuffix(".swift") }.map { "\(folder)/\($0)" }
    }

    private func lines(_ beginnings: String...) throws -> [String] {
        try String(contentsOfFile: page, encoding: .utf8).split(separator: "\n").map(String.init)
            .filter { line in beginnings.contains { line.hasPrefix($0) } }
    }
}
