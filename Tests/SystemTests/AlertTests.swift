import Foundation
import Observability
import TestSupport
import Testing

/// What Prometheus and Grafana are given.
@Suite struct AlertTests {
    private let folder = Repository.root.appending(path: "Deploy")

    @Test func `Each alert fires on what deserves it, and stays silent on what does not`() async throws {
        for arguments in [
            ["check", "config", "prometheus/prometheus.yml"],
            ["check", "rules", "--lint-fatal", "prometheus/alerts.yml"],
            ["test", "rules", "prometheus/alerts.test.yml"],
        ] {
            let command = "cd '\(folder.path)' && promtool " + arguments.joined(separator: " ")
            let outcome = try await Program.run(["-c", command], program: "/bin/sh")
            #expect(outcome.status == 0, "\(arguments)\n\(outcome.output.suffix(4_000))\(outcome.error.suffix(4_000))")
        }
    }

    @Test func `Alerts and charts ask for metrics that there are`() throws {
        var known = Set(MetricName.all.map(\.name))
        for metric in MetricName.all where metric.kind == .histogram {
            known.formUnion(["_bucket", "_sum", "_count"].map { metric.name + $0 })
        }
        for file in ["prometheus/alerts.yml", "grafana/hoso.json"] {
            let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
            let used = Set(text.matches(of: /\b(?:hoso|process)_[a-z_]+\b/).map { String($0.0) })
            #expect(used.count > 30, "\(file)")
            // Names of roles and the like stand in descriptions.
            let unknown = used.subtracting(known).filter {
                !["hoso_read", "hoso_fold", "hoso_operations"].contains($0)
            }
            #expect(unknown == [], "\(file)")
        }
    }

    @Test func `Each alert has its paragraph in both languages`() throws {
        let rules = try String(contentsOf: folder.appending(path: "prometheus/alerts.yml"), encoding: .utf8)
        let names = rules.matches(of: /- alert: (\w+)/).map { String($0.1) }
        #expect(names.count > 20 && Set(names).count == names.count)
        for page in ["README.md", "HUONG-DAN.md"] {
            let text = try String(contentsOf: folder.appending(path: page), encoding: .utf8)
            for name in names { #expect(text.contains(name), "\(page): \(name)") }
        }
        for name in names { #expect(rules.contains("README.md#\(name.lowercased())"), "\(name)") }
    }
}
