/// The code of a dossier (mã hồ sơ).
public enum DossierCode {
    /// Longest code in bytes of UTF-8.
    public static let longest = 50

    /// What is wrong with a code; `nil` when nothing is.
    public static func fault(in code: String, grammar: CodeGrammar) -> FaultCode? {
        fault(in: code.utf8.span, grammar: grammar)
    }

    static func fault(in bytes: Span<UInt8>, grammar: CodeGrammar) -> FaultCode? {
        guard bytes.count <= longest else { return .tooLong }
        return grammar == .vn ? nationalFault(bytes) : opaqueFault(bytes)
    }

    private static func opaqueFault(_ bytes: Span<UInt8>) -> FaultCode? {
        let isBare = bytes.isEmpty || bytes[0] == 32 || bytes[bytes.count - 1] == 32
        return isBare ? .dossierCodeMalformed : nil
    }

    /// `agency-YYMMDD-number`: the agency in the new or the reversed form, a real date, and 4 to 12 characters that
    /// are digits, or (since 2026) two letters and digits.
    private static func nationalFault(_ bytes: Span<UInt8>) -> FaultCode? {
        guard let first = bytes.indices.first(where: { bytes[$0] == 45 }), bytes.count > first + 7,
            bytes[first + 7] == 45, AgencyIdentifier.isWellFormed(bytes.extracting(..<first)),
            let date = Digits.value(bytes.extracting((first + 1)..<(first + 7))),
            isNumber(bytes.extracting((first + 8)...))
        else { return .dossierCodeMalformed }
        let day = Day(year: 2000 + date / 10_000, month: date / 100 % 100, day: date % 100)
        return day == nil ? .dossierCodeDateImpossible : nil
    }

    private static func isNumber(_ part: Span<UInt8>) -> Bool {
        guard part.count >= 4, part.count <= 12 else { return false }
        let letters = part.indices.first { !(65...90).contains(part[$0]) } ?? part.count
        guard letters == 0 || letters == 2 else { return false }
        let digits = letters..<part.count
        return digits.allSatisfy { Digits.isDigit(part[$0]) } && digits.contains { part[$0] != 48 }
    }
}

/// The identifier of an agency (QĐ 20/2020), at most 35 characters of `A-Z 0-9 .`.
public enum AgencyIdentifier {
    /// Whether the text has the new form, whose first group is a letter A to Y and two digits, or the reversed one,
    /// whose last group is.
    static func isWellFormed(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count >= 3, bytes.count <= 35 else { return false }
        var groupStart = 0
        for index in bytes.indices {
            if bytes[index] == 46 {
                guard index > groupStart else { return false }
                groupStart = index + 1
            } else if !Digits.isDigit(bytes[index]), !(65...90).contains(bytes[index]) {
                return false
            }
        }
        guard groupStart < bytes.count else { return false }
        let hasLeading = isProvince(bytes, at: 0) && (bytes.count == 3 || bytes[3] == 46)
        return hasLeading || groupStart == bytes.count - 3 && isProvince(bytes, at: groupStart)
    }

    private static func isProvince(_ bytes: Span<UInt8>, at start: Int) -> Bool {
        (65...89).contains(bytes[start]) && Digits.isDigit(bytes[start + 1]) && Digits.isDigit(bytes[start + 2])
    }
}

/// The code of an administrative procedure: `d.dddddd` with an optional tail.
public enum ProcedureCode {
    /// The first two parts, by which procedures are joined; `nil` when the code is malformed.
    public static func key(of code: String) -> Substring? {
        guard isWellFormed(code.utf8.span) else { return nil }
        return code[..<code.utf8.index(code.startIndex, offsetBy: keyLength)]
    }

    /// Bytes of the first two parts.
    static let keyLength = 8

    static func isWellFormed(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count >= keyLength, bytes.count <= 64, bytes[1] == 46, Digits.isDigit(bytes[0]),
            bytes.count == keyLength || bytes[keyLength] == 46
        else { return false }
        for index in 2..<keyLength where !Digits.isDigit(bytes[index]) { return false }
        for index in keyLength..<bytes.count {
            let byte = bytes[index]
            guard Digits.isDigit(byte) || (65...90).contains(byte) || byte == 46 else { return false }
        }
        return true
    }
}

/// A personal id: 12 digits, or 9 of the older kind.
public enum PersonalIdentifier {
    /// The digits; `nil` when their number is not 9 or 12.
    ///
    /// Blanks and dots are passed over.
    public static func normalised(_ text: String) -> String? { normalised(text.utf8.span) }

    static func normalised(_ text: Span<UInt8>) -> String? {
        guard let digits = FewDigits(text, passingOver: { $0 == 32 || $0 == 46 }),
            digits.count == 12 || digits.count == 9
        else { return nil }
        return digits.text(from: 0)
    }

    /// Whether the digits were typed to fill a field: they must never make two citizens one.
    public static func isPlaceholder(_ digits: String) -> Bool {
        let bytes = digits.utf8.span
        guard bytes.count > 1 else { return true }
        if (0..<(bytes.count - 1)).allSatisfy({ bytes[$0] == 48 }) { return true }
        if (1..<bytes.count).allSatisfy({ bytes[$0] == bytes[0] }) { return true }
        // Counted up or down.
        let step = (Int(bytes[1]) - Int(bytes[0]) + 10) % 10
        guard step == 1 || step == 9 else { return false }
        return (1..<bytes.count).allSatisfy { (Int(bytes[$0]) - Int(bytes[$0 - 1]) + 10) % 10 == step }
    }
}

/// A tax code: 10 digits with a check digit, 13 with a branch, or the 12 of a personal id.
public enum TaxCode {
    /// The digits; `nil` when their number or the check digit is wrong.
    ///
    /// Blanks, dots and hyphens are passed over.
    public static func normalised(_ text: String) -> String? { normalised(text.utf8.span) }

    static func normalised(_ text: Span<UInt8>) -> String? {
        guard let digits = FewDigits(text, passingOver: { $0 == 32 || $0 == 46 || $0 == 45 }) else { return nil }
        guard digits.count == 12 || (digits.count == 10 || digits.count == 13) && hasValidCheckDigit(digits) else {
            return nil
        }
        return digits.text(from: 0)
    }

    private static func hasValidCheckDigit(_ digits: FewDigits) -> Bool {
        let weights = [31, 29, 23, 19, 17, 13, 7, 5, 3]
        let sum = weights.indices.reduce(0) { $0 + weights[$1] * digits.value(at: $1) }
        return 10 - sum % 11 == digits.value(at: 9)
    }
}

/// A Vietnamese telephone number.
public enum PhoneNumber {
    /// The number as E.164 writes it; `nil` when it is neither a mobile nor a fixed line.
    ///
    /// Mobile numbers have ten digits and begin with 03, 05, 07, 08 or 09; fixed lines have eleven and begin with 02.
    public static func normalised(_ text: String) -> String? { normalised(text.utf8.span) }

    static func normalised(_ text: Span<UInt8>) -> String? {
        let isSeparator: (UInt8) -> Bool = { $0 == 32 || $0 == 46 || $0 == 45 }
        let first = text.indices.first { !isSeparator(text[$0]) } ?? text.count
        let hasPlus = first < text.count && text[first] == 43
        guard let digits = FewDigits(text.extracting((hasPlus ? first + 1 : first)...), passingOver: isSeparator) else {
            return nil
        }
        let isInternational = digits.count >= (hasPlus ? 2 : 11) && digits.value(at: 0) == 8 && digits.value(at: 1) == 4
        guard isInternational || !hasPlus else { return nil }
        // Without the trunk's 0 or the country's 84.
        let start = isInternational ? 2 : 1
        guard digits.count > start, isInternational || digits.value(at: 0) == 0 else { return nil }
        switch digits.value(at: start) {
        case 3, 5, 7, 8, 9: guard digits.count - start == 9 else { return nil }
        case 2: guard digits.count - start == 10 else { return nil }
        default: return nil
        }
        return "+84" + digits.text(from: start)
    }
}

/// At most 15 decimal digits that stood in a text.
private struct FewDigits {
    private(set) var count = 0
    private var bytes = InlineArray<15, UInt8>(repeating: 0)

    /// The digits; `nil` when there are more, or something else among them.
    init?(_ text: Span<UInt8>, passingOver isSeparator: (UInt8) -> Bool) {
        for index in text.indices where !isSeparator(text[index]) {
            guard count < bytes.count, Digits.isDigit(text[index]) else { return nil }
            bytes[count] = text[index]
            count += 1
        }
    }

    func value(at index: Int) -> Int { Int(bytes[index] - 48) }

    func text(from start: Int) -> String { bytes.span.extracting(start..<count).text }
}
