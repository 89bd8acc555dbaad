import Foundation
package import Logging
import CoreMetrics

/// Log lines as JSON, an object a line: `time` (RFC 3339, UTC), `level`, `service`, `event`, and what else there is to say of it.
package struct EventLog: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level = .info
    private let service: String
    private let isJournal: Bool
    private let output: @Sendable (String) -> Void
    private let warnings = Counter(.logLines, ("level", "warning"))
    private let errors = Counter(.logLines, ("level", "error"))

    /// A log of a service.
    /// - Parameters:
    ///   - isJournal: whether systemd reads it, which takes a line's priority from its beginning.
    ///   - output: takes a line without its end.
    package init(
        service: String, isJournal: Bool = EventLog.isJournal,
        output: @escaping @Sendable (String) -> Void = EventLog.standardError
    ) {
        self.service = service
        self.isJournal = isJournal
        self.output = output
    }

    /// Whether standard error goes to the journal.
    package static var isJournal: Bool { ProcessInfo.processInfo.environment["JOURNAL_STREAM"] != nil }

    /// Writes a line to standard error.
    package static let standardError: @Sendable (String) -> Void = {
        try? FileHandle.standardError.write(contentsOf: Data(($0 + "\n").utf8))
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        switch event.level {
        case .warning: warnings.increment()
        case .error, .critical: errors.increment()
        default: break
        }
        var line = isJournal ? "<\(event.level.priority)>" : ""
        line += "{\"time\":\"\(Self.time(Date()))\",\"level\":\"\(event.level.rawValue)\""
        line += ",\"service\":\(Self.quoted(service)),\"event\":\(Self.quoted("\(event.message)"))"
        let facts = metadata.merging(event.metadata ?? [:]) { $1 }
        for (key, value) in facts.sorted(by: { $0.key < $1.key }) {
            line += ",\(Self.quoted(key)):\(Self.quoted("\(value)"))"
        }
        output(line + "}")
    }

    private static func time(_ date: Date) -> String {
        date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    private static func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        // A string of Unicode always is one of JSON.
        return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}

extension Logger.Level {
    /// As syslog counts.
    fileprivate var priority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
