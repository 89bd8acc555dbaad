package import Dossiers
package import Store

/// The keys of senders, ready to be written.
package struct SenderKeysReport: Sendable {
    /// A key, and how people write it.
    package struct Line: Sendable {
        let key: SenderKeys.Key
        let publicKey: String
        let signingKey: String?

        /// A line.
        /// - Parameters:
        ///   - publicKey: in Z85.
        ///   - signingKey: in hexadecimal digits; `nil` for a sender that does not sign.
        package init(_ key: SenderKeys.Key, publicKey: String, signingKey: String?) {
            self.key = key
            self.publicKey = publicKey
            self.signingKey = signingKey
        }
    }

    private let keys: [Line]
    private let codes: [Enrolments.Code]
    private let grants: [String: Authority]
    private let now: Int64
    private let time: @Sendable (Int64?) -> String?

    /// A report in local time.
    /// - Parameters:
    ///   - codes: enrolment codes that can still be redeemed.
    ///   - grants: what senders may hand in, by name; who is not in it may hand in everything.
    ///   - now: the moment at which a key counts or not, in microseconds since 1970.
    package init(
        keys: [Line], codes: [Enrolments.Code], grants: [String: Authority], now: Int64, zone: LocalZone
    ) {
        self.codes = codes
        self.grants = grants
        self.keys = keys
        self.now = now
        time = { moment in
            var zone = zone
            return moment.map { zone.text(of: $0) }
        }
    }

    /// The state of a key, as it is called in JSON and CSV.
    private func state(_ key: SenderKeys.Key) -> String {
        if key.revokedAt != nil { return "revoked" }
        if key.validFrom > now { return "future" }
        return key.validTo.map { $0 <= now } == true ? "expired" : "valid"
    }

    private func title(_ key: SenderKeys.Key, _ language: Language) -> String {
        switch (state(key), language) {
        case ("revoked", .vietnamese): "đã thu hồi: \(key.because ?? "")"
        case ("revoked", .english): "revoked: \(key.because ?? "")"
        case ("future", .vietnamese): "chưa hiệu lực"
        case ("future", .english): "not yet valid"
        case ("expired", .vietnamese): "hết hạn"
        case ("expired", .english): "expired"
        case (_, .vietnamese): "đang dùng"
        case (_, .english): "valid"
        }
    }

    /// The report as lines of a table.
    package func table(in language: Language) -> [String] {
        let header =
            language == .vietnamese
            ? ["Điểm gửi", "Số", "Khóa công khai", "Khóa ký", "Từ", "Đến", "Trạng thái", "Được nộp"]
            : ["Sender", "Key", "Public key", "Signing key", "From", "To", "State", "May hand in"]
        // The whole signing key would make the table twice as wide; JSON and CSV have it.
        let rows = keys.map { line in
            let key = line.key
            return [
                key.sender, String(key.number), line.publicKey, line.signingKey.map { $0.prefix(12) + "…" } ?? "–",
                time(key.validFrom) ?? "",
                time(key.validTo) ?? "–", title(key, language), (grants[key.sender] ?? Authority()).title(in: language),
            ]
        }
        let waiting = codes.map { code in
            [
                code.sender, "–", "–", "–", "–", time(code.validTo) ?? "–",
                language == .vietnamese ? "mã ghi danh chưa dùng" : "code not used yet",
                (grants[code.sender] ?? Authority()).title(in: language),
            ]
        }
        return TextTable(header: header, rows: rows + waiting, leftColumns: 8).lines
    }

    /// The report as one JSON document.
    package var json: String {
        let objects = keys.map { line in
            let key = line.key
            var object = JSONLine()
            object.add("sender", text: key.sender)
            object.add("key", raw: String(key.number))
            object.add("public_key", text: line.publicKey)
            object.add("signing_key", text: line.signingKey)
            object.add("valid_from", text: time(key.validFrom))
            object.add("valid_to", text: time(key.validTo))
            object.add("state", text: state(key))
            object.add("enrolled_by", text: key.enrolledBy)
            object.add("revoked_at", text: time(key.revokedAt))
            object.add("revoked_by", text: key.revokedBy)
            object.add("because", text: key.because)
            let grant = grants[key.sender] ?? Authority()
            object.add("channels", list: grant.channels?.sorted().map(\.code))
            object.add("units", list: grant.units)
            object.add("procedures", list: grant.procedures?.sorted())
            object.add("code_grammar", text: grant.grammar?.code)
            return object.text
        }
        let waiting = codes.map { code -> String in
            var object = JSONLine()
            object.add("sender", text: code.sender)
            object.add("code", raw: String(code.number))
            object.add("valid_to", text: time(code.validTo))
            object.add("made_by", text: code.madeBy)
            return object.text
        }
        return "{\"keys\":[" + objects.joined(separator: ",") + "],\"codes\":[" + waiting.joined(separator: ",") + "]}"
    }

    /// The report as CSV.
    package var csv: [String] {
        ["sender,key,public_key,valid_from,valid_to,state,signing_key"]
            + keys.map { line in
                let key = line.key
                return
                    "\(key.sender),\(key.number),\"\(line.publicKey)\",\(time(key.validFrom) ?? ""),\(time(key.validTo) ?? ""),"
                    + "\(state(key)),\(line.signingKey ?? "")"
            }
    }
}

extension Authority {
    /// What a sender may hand in, for people.
    package func title(in language: Language) -> String {
        let parts = [
            channels.map { channels in channels.sorted().map { $0.title(in: language) }.joined(separator: ", ") },
            units.map { $0.joined(separator: ", ") }, procedures.map { $0.sorted().joined(separator: ", ") },
            grammar.map(\.code),
        ].compactMap(\.self)
        guard !parts.isEmpty else { return language == .vietnamese ? "tất cả" : "everything" }
        return parts.joined(separator: " · ")
    }
}
