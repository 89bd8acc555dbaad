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

    /// Reads the report of a file from the spool.
    package init(path: String, source: Int64, spool: SpoolDatabase, language: Language) throws {
        self.path = path
        counts = try spool.counts(of: source)
        let rows = try spool.unreadable(source: source)
        unreadable = rows.count
        var lines: [Line] = []
        for row in rows {
            for reason in ReasonList(json: row.reasons).reasons {
                lines.append(
                    Line(
                        line: row.line, number: 0, outcome: "unreadable", code: reason.code, field: reason.field,
                        reason: reason.sentence(in: language)))
            }
        }
        for entry in try spool.rejected(source: source) {
            for reason in ReasonList(json: entry.reasons).reasons {
                lines.append(
                    Line(
                        line: entry.line ?? 0, number: entry.number,
                        outcome: entry.outcome == .conflict ? "conflict" : "rejected", code: reason.code,
                        field: reason.field, reason: reason.sentence(in: language)))
            }
        }
        self.lines = lines.sorted { ($0.line, $0.number) < ($1.line, $1.number) }
    }

    /// Rows that were not stored.
    package var refusedCount: Int { Int(counts.quarantined + counts.damaged) + unreadable }

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
        case .english:
            "\(counts.stored) stored, \(counts.duplicate) duplicate, \(counts.quarantined) quarantined, "
                + "\(unreadable) unreadable, \(counts.pending) pending"
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
