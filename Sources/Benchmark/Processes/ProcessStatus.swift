import Foundation

/// What /proc says of a process.
struct ProcessStatus: Sendable, Equatable {
    let parent: Int32
    /// Microseconds of processor time.
    let microseconds: Int64
    /// The same of children that have ended.
    let childMicroseconds: Int64
    /// Resident memory, in bytes.
    let residentBytes: Int
    /// The most of it that there was.
    let peakBytes: Int

    /// Reads /proc; `nil` when there is no such process any more.
    init?(process: Int32) {
        guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        else { return nil }
        self.init(stat: stat, status: status, ticksPerSecond: Int64(sysconf(Int32(_SC_CLK_TCK))))
    }

    /// Reads the texts of /proc/PID/stat and /proc/PID/status.
    init?(stat: String, status: String, ticksPerSecond: Int64) {
        // The name stands in parentheses, and may contain anything.
        guard let end = stat.lastIndex(of: ")"), ticksPerSecond > 0 else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ").map { Int64($0) ?? 0 }
        guard fields.count > 14 else { return nil }
        func time(_ place: Int) -> Int64 { (fields[place] + fields[place + 1]) * 1_000_000 / ticksPerSecond }
        parent = Int32(truncatingIfNeeded: fields[1])
        microseconds = time(11)
        childMicroseconds = time(13)
        residentBytes = Self.kibibytes("VmRSS:", in: status) * 1_024
        peakBytes = Self.kibibytes("VmHWM:", in: status) * 1_024
    }

    private static func kibibytes(_ key: String, in status: String) -> Int {
        let line = status.split(separator: "\n").first { $0.hasPrefix(key) }
        return line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) } ?? 0
    }
}
