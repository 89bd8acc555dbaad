/// Passes the tokens of one JSON text (RFC 8259) whose bytes are known to be UTF-8.
struct JSONCursor {
    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    private let bytes: [UInt8]
    private let start: Int
    private let end: Int
    private var position: Int

    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        start = range.lowerBound
        end = range.upperBound
        position = range.lowerBound
    }

    /// The byte at the cursor.
    ///
    /// NUL stands for the end, which is safe because no token starts with one.
    var current: UInt8 { position < end ? bytes[position] : 0 }

    var isAtEnd: Bool { position == end }

    /// The fault that says where the cursor stands.
    var malformed: RowFault { .jsonMalformed(byte: position - start + 1) }

    mutating func skipWhitespace() {
        while position < end {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    /// Passes `byte` if it stands here.
    mutating func pass(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        position += 1
        return true
    }

    mutating func require(_ byte: UInt8) throws(RowFault) {
        guard pass(byte) else { throw malformed }
    }

    /// Passes a string and decodes it.
    mutating func string() throws(RowFault) -> String { String(decoding: try stringBytes(), as: UTF8.self) }

    /// Passes a string and yields what it stands for as UTF-8, without a copy where it has no escapes.
    mutating func stringBytes() throws(RowFault) -> ArraySlice<UInt8> {
        let first = position + 1
        let hasEscapes = try skipString()
        let range = first..<position - 1
        return hasEscapes ? try unescaped(range) : bytes[range]
    }

    /// Passes a string and says whether it has escapes.
    @discardableResult
    mutating func skipString() throws(RowFault) -> Bool {
        try require(Self.quote)
        var hasEscapes = false
        while position < end {
            let byte = bytes[position]
            if byte == Self.quote {
                position += 1
                return hasEscapes
            }
            guard byte >= 0x20 else { throw malformed }
            if byte == Self.backslash {
                hasEscapes = true
                _ = try escape()
            } else {
                position += 1
            }
        }
        throw malformed
    }

    /// Passes a number and yields it as it is written.
    mutating func number() throws(RowFault) -> String {
        let first = position
        _ = pass(UInt8(ascii: "-"))
        if !pass(UInt8(ascii: "0")) { try digits() }
        if pass(UInt8(ascii: ".")) { try digits() }
        if pass(UInt8(ascii: "e")) || pass(UInt8(ascii: "E")) {
            if !pass(UInt8(ascii: "+")) { _ = pass(UInt8(ascii: "-")) }
            try digits()
        }
        return String(decoding: bytes[first..<position], as: UTF8.self)
    }

    /// Passes `word` and yields it.
    mutating func word(_ word: String) throws(RowFault) -> String {
        for byte in word.utf8 { try require(byte) }
        return word
    }

    private mutating func digits() throws(RowFault) {
        guard (0x30...0x39).contains(current) else { throw malformed }
        while (0x30...0x39).contains(current) { position += 1 }
    }
}

extension JSONCursor {
    /// The text between two quotation marks, its escapes replaced by what they mean.
    private mutating func unescaped(_ range: Range<Int>) throws(RowFault) -> ArraySlice<UInt8> {
        let after = position
        defer { position = after }
        position = range.lowerBound
        var text: [UInt8] = []
        text.reserveCapacity(range.count)
        while position < range.upperBound {
            if bytes[position] == Self.backslash {
                text.append(contentsOf: UTF8.encode(try escape()) ?? UTF8.encodedReplacementCharacter)
            } else {
                text.append(bytes[position])
                position += 1
            }
        }
        return text[...]
    }

    /// Passes one escape, or the two that make a surrogate pair.
    private mutating func escape() throws(RowFault) -> Unicode.Scalar {
        try require(Self.backslash)
        let letter = current
        if letter == UInt8(ascii: "u") {
            position += 1
            return try codePoint()
        }
        guard let scalar = Self.meaning(of: letter) else { throw malformed }
        position += 1
        return scalar
    }

    private static func meaning(of letter: UInt8) -> Unicode.Scalar? {
        switch letter {
        case quote, backslash, UInt8(ascii: "/"): Unicode.Scalar(letter)
        case UInt8(ascii: "b"): "\u{8}"
        case UInt8(ascii: "f"): "\u{C}"
        case UInt8(ascii: "n"): "\n"
        case UInt8(ascii: "r"): "\r"
        case UInt8(ascii: "t"): "\t"
        default: nil
        }
    }

    /// Half a surrogate pair stands for no character, so that a text with one cannot be carried on as UTF-8.
    private mutating func codePoint() throws(RowFault) -> Unicode.Scalar {
        let unit = try hexadecimal()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard unit < 0xDC00 else { throw malformed }
        try require(Self.backslash)
        try require(UInt8(ascii: "u"))
        let low = try hexadecimal()
        guard (0xDC00...0xDFFF).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
        else { throw malformed }
        return scalar
    }

    private mutating func hexadecimal() throws(RowFault) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(current)).hexDigitValue else { throw malformed }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
