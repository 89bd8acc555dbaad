package import Dossiers
package import Store

/// The tokens of the HTTP API, ready to be written.
package struct TokensReport: Sendable {
    private let records: [AccessTokens.Record]
    private let time: @Sendable (Int64?) -> String?

    /// A report in local time.
    package init(_ records: [AccessTokens.Record], zone: LocalZone) {
        self.records = records
        time = { moment in
            var zone = zone
            return moment.map { zone.text(of: $0) }
        }
    }

    private static func state(_ record: AccessTokens.Record) -> String {
        if record.revokedAt != nil { return "revoked" }
        return record.isValid ? "valid" : "expired"
    }

    /// The report as lines of a table.
    package func table(in language: Language) -> [String] {
        let isVietnamese = language == .vietnamese
        let header =
            isVietnamese
            ? ["Tên", "Vai trò", "Đơn vị", "Tạo lúc", "Người tạo", "Đến", "Trạng thái"]
            : ["Name", "Role", "Units", "Made", "By", "To", "State"]
        let words = ["revoked": "đã thu hồi", "expired": "hết hạn", "valid": "đang dùng"]
        let rows = records.map { record in
            let state = Self.state(record)
            return [
                record.token.name, record.token.role.rawValue,
                record.token.units?.joined(separator: ", ") ?? (isVietnamese ? "tất cả" : "all"),
                time(record.madeAt) ?? "", record.madeBy, time(record.validTo) ?? "–",
                isVietnamese ? words[state] ?? state : state,
            ]
        }
        return TextTable(header: header, rows: rows, leftColumns: 7).lines
    }

    /// The report as one JSON document.
    package var json: String {
        let items = records.map { record -> String in
            var object = JSONLine()
            object.add("name", text: record.token.name)
            object.add("role", text: record.token.role.rawValue)
            object.add("units", list: record.token.units)
            object.add("made_at", text: time(record.madeAt))
            object.add("made_by", text: record.madeBy)
            object.add("valid_to", text: time(record.validTo))
            object.add("revoked_at", text: time(record.revokedAt))
            object.add("revoked_by", text: record.revokedBy)
            object.add("state", text: Self.state(record))
            return object.text
        }
        return "{\"tokens\":[" + items.joined(separator: ",") + "]}"
    }

    /// The report as CSV.
    package var csv: [String] {
        ["name,role,units,made_at,made_by,valid_to,revoked_at,state"]
            + records.map { record in
                [
                    record.token.name, record.token.role.rawValue, record.token.units?.joined(separator: " ") ?? "",
                    time(record.madeAt) ?? "", record.madeBy, time(record.validTo) ?? "", time(record.revokedAt) ?? "",
                    Self.state(record),
                ].map(AdoptionReport.quoted).joined(separator: ",")
            }
    }
}
