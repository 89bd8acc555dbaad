/// The code of a dossier (mã hồ sơ).
public enum DossierCode {
    /// Longest code in characters.
    public static let longest = 50

    /// What is wrong with a code; `nil` when nothing is.
    public static func fault(in code: String, grammar: CodeGrammar) -> FaultCode? {
        let bytes = code.utf8.span
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
        let bytes = code.utf8
        guard bytes.count >= 8, bytes.count <= 64 else { return nil }
        var index = bytes.startIndex
        for position in 0..<8 {
            let byte = bytes[index]
            guard position == 1 ? byte == 46 : Digits.isDigit(byte) else { return nil }
            index = bytes.index(after: index)
        }
        guard index == bytes.endIndex || bytes[index] == 46 else { return nil }
        let isTail: (UInt8) -> Bool = { Digits.isDigit($0) || (65...90).contains($0) || $0 == 46 }
        return bytes[index...].allSatisfy(isTail) ? code[..<index] : nil
    }
}

/// A personal id: 12 digits, or 9 of the older kind.
public enum PersonalIdentifier {
    /// The digits; `nil` when their number is not 9 or 12.
    ///
    /// Blanks and dots are passed over.
    public static func normalised(_ text: String) -> String? {
        if text.utf8.count == 12, text.utf8.allSatisfy(Digits.isDigit) { return text }
        let digits = text.utf8.filter { $0 != 32 && $0 != 46 }
        guard digits.count == 12 || digits.count == 9, digits.allSatisfy(Digits.isDigit) else { return nil }
        return String(decoding: digits, as: UTF8.self)
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
    public static func normalised(_ text: String) -> String? {
        let digits = text.utf8.filter { $0 != 32 && $0 != 46 && $0 != 45 }
        guard [10, 12, 13].contains(digits.count), digits.allSatisfy(Digits.isDigit) else { return nil }
        guard digits.count == 12 || hasValidCheckDigit(digits) else { return nil }
        return String(decoding: digits, as: UTF8.self)
    }

    private static func hasValidCheckDigit(_ digits: [UInt8]) -> Bool {
        let weights = [31, 29, 23, 19, 17, 13, 7, 5, 3]
        let sum = zip(weights, digits).reduce(0) { $0 + $1.0 * Int($1.1 - 48) }
        return 10 - sum % 11 == Int(digits[9] - 48)
    }
}

/// A Vietnamese telephone number.
public enum PhoneNumber {
    /// The number as E.164 writes it; `nil` when it is neither a mobile nor a fixed line.
    ///
    /// Mobile numbers have ten digits and begin with 03, 05, 07, 08 or 09; fixed lines have eleven and begin with 02.
    public static func normalised(_ text: String) -> String? {
        var digits = Array(text.utf8.filter { $0 != 32 && $0 != 46 && $0 != 45 })
        if digits.starts(with: "+84".utf8) {
            digits.replaceSubrange(0..<3, with: "0".utf8)
        } else if digits.starts(with: "84".utf8), digits.count >= 11 {
            digits.replaceSubrange(0..<2, with: "0".utf8)
        }
        guard digits.allSatisfy(Digits.isDigit), digits.count >= 10, digits[0] == 48 else { return nil }
        switch digits[1] {
        case 51, 53, 55, 56, 57: guard digits.count == 10 else { return nil }
        case 50: guard digits.count == 11 else { return nil }
        default: return nil
        }
        return "+84" + String(decoding: digits[1...], as: UTF8.self)
    }
}
