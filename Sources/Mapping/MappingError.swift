package import Dossiers

/// Why a mapping file or a source file cannot be used at all.
///
/// A row that cannot be read is not an error but a ``RowFault``: the rows after it are still read.
package struct MappingError: Error, Sendable, Hashable {
    /// What kind of trouble it is.
    package enum Code: String, Sendable {
        /// The file cannot be opened or read; ``MappingError/cause`` says why.
        case fileUnreadable = "file_unreadable"
        /// It is a pipe, a folder or a device.
        case notAFile = "not_a_file"
        /// The mapping file breaks its own rules; ``MappingError/problems`` lists every breach.
        case mappingInvalid = "mapping_invalid"
        /// The CSV file has no header row.
        case headerMissing = "header_missing"
        /// The header row cannot be read; ``MappingError/fault`` says why.
        case headerUnreadable = "header_unreadable"
        /// The header of the CSV file lacks columns that the mapping reads, or has them twice.
        case headerMismatch = "header_mismatch"
        /// The file is not UTF-8 text.
        case encodingUnsupported = "encoding_unsupported"
        /// The gzip data is damaged at ``MappingError/byteOffset``.
        case compressionCorrupt = "compression_corrupt"
        /// The gzip data stops at ``MappingError/byteOffset`` in the middle of a member.
        case compressionTruncated = "compression_truncated"
    }

    /// What kind of trouble it is.
    package let code: Code
    /// The file as its user named it.
    package let file: String
    /// Every problem found, in the order of the mapping file; empty unless the mapping is at fault.
    package let problems: [MappingProblem]
    /// Where in the file as it lies on disk, in bytes from its start.
    package let byteOffset: Int?
    /// What the system said, in its own words.
    package let cause: String?
    /// What is wrong with the header row.
    package let fault: RowFault?

    init(
        _ code: Code, file: String, problems: [MappingProblem] = [], byteOffset: Int? = nil, cause: String? = nil,
        fault: RowFault? = nil
    ) {
        self.code = code
        self.file = file
        self.problems = problems
        self.byteOffset = byteOffset
        self.cause = cause
        self.fault = fault
    }
}

extension MappingError: CustomStringConvertible {
    /// The English sentences on one line, for logs.
    package var description: String { sentences(in: .english).joined(separator: " ") }

    /// One sentence that says what is wrong, then one for each problem.
    package func sentences(in language: Language) -> [String] {
        ["\(file): \(sentence(in: language))"] + problems.map { $0.sentence(in: language) }
    }

    /// What is wrong, without the name of the file.
    package func sentence(in language: Language) -> String {
        switch language {
        case .vietnamese: vietnamese
        case .english: english
        }
    }

    private var english: String {
        switch code {
        case .fileUnreadable: "the file cannot be read (\(cause ?? "unknown reason"))."
        case .notAFile: "this is not a regular file; write the rows to a file first."
        case .mappingInvalid: "the mapping file has \(problems.count) problem(s)."
        case .headerMissing: "the file is empty; its first row must name the columns."
        case .headerUnreadable:
            "the header row cannot be read: \(fault?.sentence(in: .english) ?? "unknown reason.")"
        case .headerMismatch: "the header row does not fit the mapping file."
        case .encodingUnsupported: "the text is not UTF-8; save the file as UTF-8 and try again."
        case .compressionCorrupt: "the gzip data is damaged at byte \(byteOffset ?? 0)."
        case .compressionTruncated: "the gzip data is cut off after byte \(byteOffset ?? 0)."
        }
    }

    private var vietnamese: String {
        switch code {
        case .fileUnreadable: "không đọc được tệp (\(cause ?? "không rõ lý do"))."
        case .notAFile: "đây không phải tệp thông thường; hãy ghi dữ liệu vào một tệp trước."
        case .mappingInvalid: "tệp ánh xạ có \(problems.count) lỗi."
        case .headerMissing: "tệp trống; dòng đầu tiên phải ghi tên các cột."
        case .headerUnreadable:
            "không đọc được dòng tiêu đề: \(fault?.sentence(in: .vietnamese) ?? "không rõ lý do.")"
        case .headerMismatch: "dòng tiêu đề không khớp với tệp ánh xạ."
        case .encodingUnsupported: "văn bản không phải UTF-8; hãy lưu tệp với bảng mã UTF-8 rồi thử lại."
        case .compressionCorrupt: "dữ liệu nén gzip bị hỏng tại byte \(byteOffset ?? 0)."
        case .compressionTruncated: "dữ liệu nén gzip bị cắt cụt sau byte \(byteOffset ?? 0)."
        }
    }
}
