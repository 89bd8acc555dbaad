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
            let detail = event.detail(in: language)
            let parts =
                [time, event.title(in: language), origin] + (detail.isEmpty ? [] : [detail])
                + StoredReasons(json: event.reasons).sentences(in: language)
            return parts.joined(separator: "  ")
        }
    }

    /// The report as one JSON document.
    package var json: String { document(codesOnly: false) }

    /// The report as one JSON document.
    /// - Parameter codesOnly: whether of reasons only codes and fields are told, no values.
    package func document(codesOnly: Bool) -> String {
        let items = events.map { time, event in
            var object = JSONLine()
            object.add("at", text: time)
            object.add("event", text: event.kind.rawValue)
            if !event.sender.isEmpty { object.add("sender", text: event.sender) }
            object.add(event.sender.isEmpty ? "task" : "sequence", raw: String(event.number))
            if event.kind == .sent {
                object.add("tries", raw: event.detail.isEmpty ? "null" : event.detail)
            } else if !event.detail.isEmpty {
                object.add("detail", text: event.detail)
            }
            if !event.reasons.isEmpty {
                object.add("reasons", raw: codesOnly ? StoredReasons(json: event.reasons).codes : event.reasons)
            }
            return object.text
        }
        var document = JSONLine()
        document.add("dossier_code", text: code)
        document.add("events", raw: "[" + items.joined(separator: ",") + "]")
        return document.text
    }

    /// The report as CSV.
    package var csv: [String] {
        ["at,event,sender,number,detail"]
            + events.map { time, event in
                let detail = AdoptionReport.quoted(event.detail)
                return "\(time),\(event.kind.rawValue),\(event.sender),\(event.number),\(detail)"
            }
    }
}

extension Trace.Event {
    /// What happened, in the words for people.
    fileprivate func title(in language: Language) -> String {
        let (vietnamese, english) =
            switch kind {
            case .accepted: ("đã vào hàng đợi của điểm gửi", "accepted into the sender's spool")
            case .sent: ("đã gửi", "sent")
            case .received: ("trung tâm đã nhận", "received")
            case .validated: ("đã kiểm tra", "validated")
            case .stored: ("đã lưu", "stored")
            case .duplicate: ("trùng", "duplicate")
            case .rejected: ("bị giữ lại", "quarantined")
            case .conflict: ("mâu thuẫn, bị giữ lại", "conflict, quarantined")
            case .withdrawn: ("rút nội dung cũ", "earlier content withdrawn")
            case .closed: ("đã xử lý bản ghi bị giữ lại", "quarantine entry closed")
            case .receipted: ("điểm gửi đã có biên nhận", "receipt delivered")
            case .surveyTask: ("nhiệm vụ khảo sát", "survey task")
            case .surveyAcknowledged: ("khảo sát đã giao", "survey delivered")
            case .counted: ("đã tính vào số liệu", "counted")
            }
        return language == .vietnamese ? vietnamese : english
    }

    /// What more there is to say.
    fileprivate func detail(in language: Language) -> String {
        switch (kind, language) {
        case (.sent, .vietnamese): detail.isEmpty ? "" : "lần thứ \(detail)"
        case (.sent, .english): detail.isEmpty ? "" : "try \(detail)"
        case (_, .vietnamese):
            switch detail {
            case "intake": "tiếp nhận"
            case "correction": "bản sửa"
            case "replay", "replayed": "chạy lại"
            case let text where text.hasPrefix("corrected"): text.replacing("corrected", with: "đã sửa")
            case let text where text.hasPrefix("dismissed"): text.replacing("dismissed", with: "đã bỏ qua")
            case let text where text.hasPrefix("erased"): text.replacing("erased", with: "đã xóa")
            default: detail
            }
        case (_, .english): detail
        }
    }
}
