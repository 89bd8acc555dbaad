package import Dossiers
import Foundation
package import Store

/// The way of a dossier, ready to be written.
package struct TraceReport: Sendable {
    private let code: String
    private let events: [(time: String, event: Trace.Event)]

    /// A report in local time.
    package init(code: String, events: [Trace.Event], zone: LocalZone) {
        self.code = code
        var zone = zone
        self.events = events.map { event in
            let instant = Instant(microseconds: event.at)
            return (instant.rfc3339(offsetSeconds: zone.offsetSeconds(at: instant)), event)
        }
    }

    /// One line per event, for people.
    package func lines(in language: Language) -> [String] {
        events.map { time, event in
            let origin = event.sender.isEmpty ? "#\(event.number)" : "\(event.sender) #\(event.number)"
            let parts = [time, event.title(in: language), origin] + event.sentences(in: language)
            return parts.joined(separator: "  ")
        }
    }

    /// The report as one JSON document.
    package var json: String {
        let items = events.map { time, event in
            var object = JSONLine()
            object.add("at", text: time)
            object.add("event", text: event.kind)
            if !event.sender.isEmpty { object.add("sender", text: event.sender) }
            object.add(event.sender.isEmpty ? "task" : "sequence", raw: String(event.number))
            if !event.reasons.isEmpty { object.add("reasons", raw: event.reasons) }
            return object.text
        }
        var document = JSONLine()
        document.add("dossier_code", text: code)
        document.add("events", raw: "[" + items.joined(separator: ",") + "]")
        return document.text
    }

    /// The report as CSV.
    package var csv: [String] {
        ["at,event,sender,number"] + events.map { "\($0.time),\($0.event.kind),\($0.event.sender),\($0.event.number)" }
    }
}

extension Trace.Event {
    /// What happened, in the words for people.
    fileprivate func title(in language: Language) -> String {
        switch (kind, language) {
        case ("stored", .vietnamese): "đã lưu"
        case ("duplicate", .vietnamese): "trùng"
        case ("rejected", .vietnamese): "bị giữ lại"
        case ("conflict", .vietnamese): "mâu thuẫn, bị giữ lại"
        case ("survey_task", .vietnamese): "nhiệm vụ khảo sát"
        case ("survey_acknowledged", .vietnamese): "khảo sát đã giao"
        case ("rejected", .english): "quarantined"
        case ("conflict", .english): "conflict, quarantined"
        case ("survey_task", .english): "survey task"
        case ("survey_acknowledged", .english): "survey delivered"
        default: kind
        }
    }

    /// A sentence per reason.
    fileprivate func sentences(in language: Language) -> [String] {
        guard !reasons.isEmpty else { return [] }
        let list = try? JSONDecoder().decode([Reason].self, from: Data(reasons.utf8))
        return list?.map { $0.sentence(in: language) } ?? [reasons]
    }

    /// A reason as the quarantine keeps it.
    private struct Reason: Decodable {
        let code: String
        let field: String?
        let vietnamese: String?
        let english: String?

        func sentence(in language: Language) -> String {
            let kept = language == .vietnamese ? vietnamese : english
            let known = FaultCode(rawValue: code).map { Fault($0, path: field ?? "").sentence(in: language) }
            return kept ?? known ?? code
        }
    }
}
