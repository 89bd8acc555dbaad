import Foundation

/// What the kernel says of this process.
struct ProcessFacts {
    /// Samples of the metrics that every exporter for Prometheus has.
    static var samples: [MetricName: Double] {
        var samples: [MetricName: Double] = [:]
        if let memory = words("/proc/self/statm"), memory.count > 1, let pages = Double(memory[1]) {
            samples[.residentMemory] = pages * Double(sysconf(Int32(_SC_PAGESIZE)))
        }
        // Behind the name, which may hold blanks: state, parent, …; times from the 12th on, in ticks.
        if let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8), let end = text.lastIndex(of: ")")
        {
            let fields = text[text.index(after: end)...].split(separator: " ")
            let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
            if fields.count > 19, let user = Double(fields[11]), let system = Double(fields[12]),
                let start = Double(fields[19])
            {
                samples[.processorTime] = (user + system) / ticks
                if let booted { samples[.startTime] = booted + start / ticks }
            }
        }
        if let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            samples[.openDescriptors] = Double(open.count)
        }
        if let limits = try? String(contentsOfFile: "/proc/self/limits", encoding: .utf8) {
            let line = limits.split(separator: "\n").first { $0.hasPrefix("Max open files") }
            let most = line?.split(separator: " ").dropFirst(3).first
            samples[.mostDescriptors] = most.flatMap { Double($0) }
        }
        return samples
    }

    /// When the machine was started, in seconds since 1970.
    private static let booted: Double? = {
        // Not from /proc/stat, which a service that sees only its own processes does not have.
        var now = timespec()
        guard unsafe clock_gettime(CLOCK_BOOTTIME, &now) == 0 else { return nil }
        return Date().timeIntervalSince1970 - Double(now.tv_sec) - Double(now.tv_nsec) / 1e9
    }()

    private static func words(_ path: String) -> [Substring]? {
        (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: " ")
    }
}
