package import Dossiers
package import Foundation
package import Spool

/// What became of the rows of a file, for the person who handed it in.
package struct FileReport: Sendable {
    /// A row that was not stored.
    package struct Line: Sendable, Codable, Equatable {
        /// Line in the file; 0 when it is not known.
        package let line: Int
        /// Number in the spool; 0 for rows that are no records.
        package let number: UInt64
        /// `rejected`, `conflict`, `unreadable` or `damaged`.
        package let outcome: String
        /// Stable code of the reason.
        package let code: String
        /// Path of the field, or empty.
        package let field: String
        /// A sentence for people.
        package let reason: String
    }

    /// Path of the file.
    package let path: String
    /// Counts of its entries.
    package let counts: SpoolCounts
    /// Rows that are no records.
    package let unreadable: Int
    /// What was not stored, row by row.
    package let lines: [Line]

    /// Whether every row has been stored.
    package var isClean: Bool { lines.isEmpty && counts.quarantined == 0 && unreadable == 0 && counts.damaged == 0 }

    /// Rows of which a report speaks at most; the counts are of all.
    private static let mostRows = 100_000

    /// Reads the report of a file from the spool.
    package init(path: String, source: Int64, spool: SpoolDatabase, language: Language) throws {
        self.path = path
        counts = try spool.counts(of: source)
        let rows = try spool.unreadable(source: source)
        unreadable = rows.count
        var lines = rows.prefix(Self.mostRows).flatMap { row in
            Self.lines(row.line, 0, "unreadable", ReasonList(json: row.reasons), language)
        }
        for entry in try spool.rejected(source: source, limit: Self.mostRows) {
            let outcome = entry.outcome == .conflict ? "conflict" : "rejected"
            lines += Self.lines(entry.line ?? 0, entry.number, outcome, ReasonList(json: entry.reasons), language)
        }
        for entry in try spool.damaged(source: source) {
            let reasons = ReasonList(Fault(.digestMismatch))
            lines += Self.lines(entry.line ?? 0, entry.number, "damaged", reasons, language)
        }
        self.lines = lines.sorted { ($0.line, $0.number) < ($1.line, $1.number) }
    }

    private static func lines(
        _ line: Int, _ number: UInt64, _ outcome: String, _ list: ReasonList, _ language: Language
    ) -> [Line] {
        list.reasons.map { reason in
            Line(
                line: line, number: number, outcome: outcome, code: reason.code, field: reason.field,
                reason: reason.sentence(in: language))
        }
    }

    /// Rows that were not stored.
    package var refusedCount: Int { Int(counts.quarantined + counts.damaged) + unreadable }

    /// The dossiers that the centre refused, as a file that can be mended and sent; `nil` when there are none.
    package static func corrections(source: Int64, spool: SpoolDatabase, language: Language) throws -> Data? {
        let entries = try spool.rejected(source: source, isOpen: true, limit: Self.mostRows)
        var data = Data()
        for entry in entries {
            if let line = RejectedDossier(entry).correctionLine(in: spool.epoch, language) {
                data.append(contentsOf: line)
            }
        }
        return data.isEmpty ? nil : data
    }

    /// A sentence about rows that are not listed, where there are such.
    package func remark(listed: some Sequence<Line>, in language: Language) -> String? {
        let hidden = refusedCount - rows(in: listed)
        guard hidden > 0 else { return nil }
        return language == .vietnamese
            ? "… và \(hidden) dòng khác không liệt kê ở đây" : "… and \(hidden) rows that are not listed here"
    }

    /// Of how many rows some lines speak.
    package func rows(in lines: some Sequence<Line>) -> Int {
        Set(lines.map { [UInt64($0.line), $0.number] }).count
    }

    /// A sentence per line, as `FILE:LINE: FIELD: REASON`.
    package var sentences: [String] {
        lines.map { line in
            let place = line.line > 0 ? "\(path):\(line.line)" : path
            return "\(place): \(line.field.isEmpty ? line.code : line.field): \(line.reason)"
        }
    }

    /// The counts in a sentence.
    package func summary(in language: Language) -> String {
        switch language {
        case .vietnamese:
            "đã lưu \(counts.stored), trùng \(counts.duplicate), bị giữ lại \(counts.quarantined), "
                + "không đọc được \(unreadable), đang chờ \(counts.pending)"
                + (counts.damaged > 0 ? ", hỏng trên thiết bị \(counts.damaged)" : "")
        case .english:
            "\(counts.stored) stored, \(counts.duplicate) duplicate, \(counts.quarantined) quarantined, "
                + "\(unreadable) unreadable, \(counts.pending) pending"
                + (counts.damaged > 0 ? ", \(counts.damaged) damaged on this device" : "")
        }
    }

    /// The report for programs.
    package func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(
            Document(
                file: path, accepted: counts.accepted, stored: counts.stored, duplicate: counts.duplicate,
                quarantined: counts.quarantined, damaged: counts.damaged, unreadable: unreadable, lines: lines))
    }

    private struct Document: Encodable {
        let file: String
        let accepted: Int64
        let stored: Int64
        let duplicate: Int64
        let quarantined: Int64
        let damaged: Int64
        let unreadable: Int
        let lines: [Line]
    }
}
