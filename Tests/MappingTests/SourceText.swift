import Dossiers
import Foundation
import Mapping

/// A file that lives as long as this object.
final class TemporaryFile {
    let path: String

    init(_ bytes: some Sequence<UInt8>, named name: String = "source") throws {
        path = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString)-\(name)").path
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A source in memory and the mapping under which it is read.
struct SourceText {
    var bytes: [UInt8]
    var mapping: MappingFile

    init(_ bytes: [UInt8], _ mapping: MappingFile) {
        self.bytes = bytes
        self.mapping = mapping
    }

    /// CSV with the columns `code`, `at`, `channel` and `name` under a mapping that reads all of them.
    static func csv(_ text: String, head: String = "") throws -> SourceText {
        try SourceText(Array(text.utf8), MappingFile(yaml: head + csvMapping, name: "test.yaml"))
    }

    /// hoso's own NDJSON.
    static func native(_ text: String) -> SourceText { SourceText(Array(text.utf8), .native) }

    static func ndjson(_ text: String, fields: String) throws -> SourceText {
        let yaml = "format: ndjson\ntime_zone: Asia/Ho_Chi_Minh\nfields: \(fields)\n"
        return try SourceText(Array(text.utf8), MappingFile(yaml: yaml, name: "test.yaml"))
    }

    func rows() throws -> [SourceRow] {
        let file = try TemporaryFile(bytes)
        var reader = try SubmissionReader(path: file.path, mapping: mapping)
        var rows: [SourceRow] = []
        while let row = try reader.next() { rows.append(row) }
        return rows
    }

    /// What is thrown before the end of the text is reached.
    func error() throws -> MappingError? {
        do {
            _ = try rows()
            return nil
        } catch let error as MappingError {
            return error
        }
    }

    private static let csvMapping = """
        format: csv
        time_zone: Asia/Ho_Chi_Minh
        fields:
          dossier_code: code
          received_at: at
          channel: { column: channel, values: { Desk: in_person, Internet: online } }
          applicant_name: name

        """
}

extension SourceRow {
    var submission: Submission? {
        if case .submission(let submission) = content { submission } else { nil }
    }

    var fault: RowFault? {
        if case .unreadable(let fault) = content { fault } else { nil }
    }
}
