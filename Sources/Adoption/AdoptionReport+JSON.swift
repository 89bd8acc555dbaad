import Dossiers
import Foundation
import Store

extension AdoptionReport {
    /// The report as one JSON document; `share` is null where there is no data.
    package func json() throws -> String {
        var document = JSONLine()
        document.add("metric", text: metric.rawValue)
        document.add("version", raw: String(metric.version))
        document.add("from", text: from?.description)
        document.add("to", text: to?.description)
        document.add("time_zone", text: timeZone)
        document.add("rows", raw: "[" + rows.map { object(for: $0, isTotal: false) }.joined(separator: ",\n  ") + "]")
        document.add("total", raw: object(for: total, isTotal: true))
        if let outstanding { document.add("outstanding", raw: object(for: outstanding)) }
        return document.text
    }

    private func object(for outstanding: Outstanding) -> String {
        var object = JSONLine()
        object.add("entries", raw: String(outstanding.entries))
        object.add("senders", raw: String(outstanding.senders))
        let silent = outstanding.silent.map { name, since in
            var sender = JSONLine()
            sender.add("sender", text: name)
            sender.add("since", text: Instant(microseconds: since).rfc3339())
            return sender.text
        }
        object.add("silent", raw: "[" + silent.joined(separator: ",") + "]")
        var bounds = JSONLine()
        for (channel, _, between) in totals {
            var bound = JSONLine()
            bound.add("lower", raw: Self.number(between.lower.share))
            bound.add("upper", raw: Self.number(between.upper.share))
            bounds.add(channel?.code ?? metric.rawValue, raw: bound.text)
        }
        object.add("bounds", raw: bounds.text)
        return object.text
    }

    private func object(for row: Row, isTotal: Bool) -> String {
        var object = JSONLine()
        for (dimension, value) in zip(dimensions, row.key) { object.add(dimension.rawValue, text: value) }
        object.add("total", raw: String(row.total))
        if showsChannels {
            let shown = Self.channels.filter { row.channels[$0] != nil || isTotal || !dimensions.contains(.channel) }
            var channels = JSONLine()
            for channel in shown {
                let count = row.channels[channel]?.dossiers ?? 0
                var share = JSONLine()
                share.add("count", raw: String(count))
                share.add("share", raw: Self.number(Rate(count, of: row.total).share))
                channels.add(channel.code, raw: share.text)
            }
            object.add("channels", raw: channels.text)
        } else {
            let rate = rate(of: row)
            object.add("numerator", raw: String(rate.numerator))
            object.add("denominator", raw: String(rate.denominator))
            object.add("share", raw: Self.number(rate.share))
        }
        return object.text
    }

    private static func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "null" }
}

/// Writes a JSON object with its members in the order in which they are added.
struct JSONLine {
    private var members: [String] = []

    mutating func add(_ name: String, raw value: String) { members.append("\"\(name)\":\(value)") }

    mutating func add(_ name: String, text value: String?) {
        add(name, raw: value.map(Self.quoted) ?? "null")
    }

    mutating func add(_ name: String, list values: [String]?) {
        add(name, raw: values.map { "[" + $0.map(Self.quoted).joined(separator: ",") + "]" } ?? "null")
    }

    private static func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }

    var text: String { "{" + members.joined(separator: ",") + "}" }
}
