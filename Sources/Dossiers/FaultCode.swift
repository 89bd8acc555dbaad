/// Why an entry cannot be stored; the raw values are stable and stand on the wire and in reports.
public enum FaultCode: String, Sendable, Hashable, CaseIterable {
    case missing
    case tooLong = "too_long"
    case containsNUL = "contains_nul"
    case controlCharacter = "control_character"
    case notUTF8 = "not_utf8"
    case dossierCodeMalformed = "dossier_code_malformed"
    case dossierCodeDateImpossible = "dossier_code_date_impossible"
    case codeGrammarUnknown = "code_grammar_unknown"
    case unitUnknown = "unit_unknown"
    case procedureMalformed = "procedure_malformed"
    case procedureUnknown = "procedure_unknown"
    case channelUnknown = "channel_unknown"
    case timestampMalformed = "timestamp_malformed"
    case inTheFuture = "in_the_future"
    case dueBeforeReceived = "due_before_received"
    case finishedBeforeReceived = "finished_before_received"
    case returnedBeforeReceived = "returned_before_received"
    case returnedBeforeFinished = "returned_before_finished"
    case onlineLevelUnknown = "online_level_unknown"
    case applicantKindUnknown = "applicant_kind_unknown"
    case statusUnknown = "status_unknown"
    case personalIDMalformed = "personal_id_malformed"
    case taxCodeMalformed = "tax_code_malformed"
    case phoneMalformed = "phone_malformed"
    case malformedEntry = "malformed_entry"
    case valueNotAllowed = "value_not_allowed"
    case unsupportedKind = "unsupported_kind"
    case digestMismatch = "digest_mismatch"
    case conflict
    case correctionReference = "correction_reference"
    case correctionDone = "correction_done"
    case correctionTargetUnknown = "correction_target_unknown"
    case correctionChangesCode = "correction_changes_code"
    case manifestDiffers = "manifest_differs"
    case manifestMissing = "manifest_missing"
    case manifestUnchecked = "manifest_unchecked"
    case chainDiffers = "chain_differs"
    case refusedByDatabase = "refused_by_database"
    case channelNotAllowed = "channel_not_allowed"
    case unitNotAllowed = "unit_not_allowed"
    case procedureNotAllowed = "procedure_not_allowed"
    case codeGrammarNotAllowed = "code_grammar_not_allowed"
}

/// One fault of an entry: what is wrong, and where.
public struct Fault: Sendable, Hashable {
    /// What is wrong.
    public let code: FaultCode
    /// Path of the field, for example `received_at`; empty for the whole entry.
    public let field: String
    /// The offending value; `nil` for fields with personal data, and when it does not look like a code.
    public let value: String?

    /// A fault of a field.
    public init(_ code: FaultCode, _ field: Field, value: String) {
        self.code = code
        self.field = field.rawValue
        self.value = field.isPersonal ? nil : Self.shown(value)
    }

    /// A fault of the whole entry, or of a path in it.
    public init(_ code: FaultCode, path: String = "", value: String? = nil) {
        self.code = code
        field = path
        self.value = value.flatMap(Self.shown)
    }

    /// A whole sentence for the person who typed the entry.
    public func sentence(in language: Language) -> String {
        let (vietnamese, english) = code.sentences
        let name = field.isEmpty ? "" : " (\(field))"
        let shown = value.map { ": “\($0)”" } ?? ""
        return (language == .vietnamese ? vietnamese : english) + name + shown + "."
    }

    /// The value, if it looks like a code or a time: at most 60 visible ASCII characters without blanks, and nowhere as
    /// many digits as a telephone number or a personal id has.
    ///
    /// Columns get mixed up, and then a name or a number of a citizen stands where a code should.
    public static func shown(_ value: String) -> String? {
        let bytes = value.utf8
        guard (1...60).contains(bytes.count), bytes.allSatisfy({ $0 > 32 && $0 < 127 }) else { return nil }
        let digits = bytes.filter(Digits.isDigit).count
        let hasLetter = bytes.contains { (65...90).contains($0) || (97...122).contains($0) }
        let longest = bytes.split { !Digits.isDigit($0) }.map(\.count).max() ?? 0
        return (hasLetter ? longest : digits) < 9 ? value : nil
    }
}

extension FaultCode {
    /// The beginning of the sentence, to which field and value are added.
    var sentences: (vietnamese: String, english: String) {
        switch self {
        case .missing: ("Thiếu thông tin bắt buộc", "A required field is missing")
        case .tooLong: ("Nội dung dài quá mức cho phép", "The text is longer than allowed")
        case .containsNUL: ("Nội dung chứa ký tự U+0000", "The text contains the character U+0000")
        case .controlCharacter: ("Nội dung chứa ký tự điều khiển", "The text contains a control character")
        case .notUTF8: ("Nội dung không phải UTF-8 hợp lệ", "The text is not valid UTF-8")
        case .dossierCodeMalformed:
            ("Mã hồ sơ không đúng cấu trúc", "The dossier code does not have the required form")
        case .dossierCodeDateImpossible:
            ("Ngày trong mã hồ sơ không có thật", "The date in the dossier code does not exist")
        case .codeGrammarUnknown: ("Kiểu mã hồ sơ không xác định", "The grammar of the dossier code is unknown")
        case .unitUnknown: ("Đơn vị không có trong danh mục", "The unit is not in the catalogue")
        case .procedureMalformed:
            ("Mã thủ tục không đúng cấu trúc", "The procedure code does not have the required form")
        case .procedureUnknown: ("Thủ tục không có trong danh mục", "The procedure is not in the catalogue")
        case .channelUnknown:
            ("Hình thức nộp hoặc trả không có trong danh mục", "The channel is not one of in person, online and postal")
        case .timestampMalformed: ("Không đọc được thời gian", "The time cannot be read")
        case .inTheFuture: ("Thời gian nằm ở tương lai", "The time lies in the future")
        case .dueBeforeReceived: ("Ngày hẹn trả trước ngày tiếp nhận", "The due date lies before the day of reception")
        case .finishedBeforeReceived:
            ("Ngày xử lý xong trước ngày tiếp nhận", "The dossier was finished before the day it was received")
        case .returnedBeforeReceived:
            ("Ngày trả kết quả trước ngày tiếp nhận", "The result was returned before the day of reception")
        case .returnedBeforeFinished:
            ("Ngày trả kết quả trước ngày xử lý xong", "The result was returned before the day of finishing")
        default: otherSentences
        }
    }

    private var otherSentences: (vietnamese: String, english: String) {
        switch self {
        case .onlineLevelUnknown: ("Mức độ dịch vụ công không xác định", "The online level is unknown")
        case .applicantKindUnknown: ("Loại đối tượng không xác định", "The kind of applicant is unknown")
        case .statusUnknown: ("Trạng thái hồ sơ không xác định", "The status is not a national code from 1 to 10")
        case .personalIDMalformed: ("Số định danh phải có 12 hoặc 9 chữ số", "A personal id has 12 or 9 digits")
        case .taxCodeMalformed: ("Mã số thuế không hợp lệ", "The tax code is not valid")
        case .phoneMalformed: ("Số điện thoại không hợp lệ", "The telephone number is not valid")
        case .malformedEntry: ("Không đọc được bản ghi", "The entry cannot be read")
        case .valueNotAllowed: ("Giá trị không được phép", "The value is not allowed")
        case .unsupportedKind:
            ("Phiên bản này chưa xử lý loại bản ghi này", "This version does not know this kind of entry")
        case .digestMismatch:
            ("Nội dung đã thay đổi trên đường truyền hoặc trong bộ nhớ", "The entry does not match its digest")
        case .conflict:
            ("Mã hồ sơ hoặc số thứ tự đã có với nội dung khác", "The code or number is taken by other content")
        case .correctionReference:
            (
                "Không phải số của một bản ghi đã được trung tâm trả lời",
                "This is not the number of an entry that the centre has answered"
            )
        case .correctionDone:
            (
                "Bản ghi đó đã được sửa; hãy sửa bản sửa mới nhất",
                "That entry has been corrected already; correct the newest correction"
            )
        case .correctionTargetUnknown:
            ("Trung tâm không có bản ghi cần sửa", "The centre has no entry with the number that is corrected")
        case .correctionChangesCode:
            (
                "Không thể đổi mã của hồ sơ đã lưu", "The code of a dossier that is stored cannot be changed"
            )
        case .manifestDiffers:
            ("Số lượng ở trung tâm khác với bảng kê", "The centre has another number of dossiers than the manifest")
        case .manifestMissing:
            ("Trung tâm chưa có các số thứ tự trong bảng kê", "The centre lacks numbers that the manifest covers")
        case .manifestUnchecked:
            ("Trung tâm chưa đối chiếu được bảng kê", "The centre could not compare the manifest")
        case .chainDiffers:
            ("Chuỗi băm ở trung tâm khác với bảng kê", "The centre's chain is not the one of the manifest")
        case .channelNotAllowed:
            ("Điểm gửi không được phép nộp theo hình thức này", "The sender may not hand in by this channel")
        case .unitNotAllowed:
            ("Điểm gửi không được phép nộp cho đơn vị này", "The sender may not hand in for this unit")
        case .procedureNotAllowed:
            ("Điểm gửi không được phép nộp thủ tục này", "The sender may not hand in this procedure")
        case .codeGrammarNotAllowed:
            ("Điểm gửi không được dùng kiểu mã hồ sơ này", "The sender may not use this grammar of dossier codes")
        default: ("Cơ sở dữ liệu từ chối bản ghi", "The database refused the entry")
        }
    }
}
