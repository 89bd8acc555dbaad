package import Dossiers
package import Store

/// Who opened or erased personal data, ready to be written.
package struct AccessReport: Sendable {
    private let rows: [(time: String, row: AccessAudit.Row)]

    /// A report in local time.
    package init(rows: [AccessAudit.Row], zone: LocalZone) {
        var zone = zone
        self.rows = rows.map { (zone.text(of: $0.at), $0) }
    }

    /// The report as lines of a table.
    package func table(in language: Language) -> [String] {
        let header =
            language == .vietnamese
            ? ["Thời gian", "Người thực hiện", "Việc", "Đối tượng", "Số lượng", "Lý do"]
            : ["Time", "By", "Action", "Of", "Count", "Because"]
        let lines = rows.map { time, row in
            [
                time, row.byWhom, Self.title(row.action, language), row.subject,
                Figures.grouped(row.entries, language), row.because ?? "–",
            ]
        }
        return TextTable(header: header, rows: lines, leftColumns: 4).lines
    }

    private static func title(_ action: String, _ language: Language) -> String {
        guard language == .vietnamese else { return action }
        return switch AccessAudit.Action(rawValue: action) {
        case .read: "xem"
        case .replay: "kiểm tra lại"
        case .survey: "khảo sát"
        case .reseal: "mã hóa lại"
        case .erase: "xóa"
        case .expire: "xóa do hết hạn"
        case nil: action
        }
    }

    /// The report as one JSON document.
    package var json: String {
        let items = rows.map { time, row -> String in
            var object = JSONLine()
            object.add("at", text: time)
            object.add("by", text: row.byWhom)
            object.add("role", text: row.role)
            object.add("action", text: row.action)
            object.add("subject", text: row.subject)
            object.add("entries", raw: String(row.entries))
            object.add("because", text: row.because)
            return object.text
        }
        return "{\"accesses\":[" + items.joined(separator: ",") + "]}"
    }

    /// The report as CSV.
    package var csv: [String] {
        ["at,by,role,action,subject,entries,because"]
            + rows.map { time, row in
                [time, row.byWhom, row.role, row.action, row.subject, "\(row.entries)", row.because ?? ""]
                    .map(AdoptionReport.quoted).joined(separator: ",")
            }
    }
}
