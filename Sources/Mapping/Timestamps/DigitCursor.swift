/// Reads fixed groups of ASCII digits and the signs between them.
struct DigitCursor {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    var isAtEnd: Bool { position == bytes.count }

    /// Passes one of `choices` and says which, or stays.
    mutating func pass(_ choices: Unicode.Scalar...) -> UInt8? {
        guard position < bytes.count, choices.contains(Unicode.Scalar(bytes[position])) else { return nil }
        position += 1
        return bytes[position - 1]
    }

    /// The number that as many digits as `lengths` allows make, or nil where there are fewer.
    mutating func number(_ lengths: ClosedRange<Int>) -> Int? {
        var number = 0
        var length = 0
        while length < lengths.upperBound, let digit = digit() {
            number = number * 10 + digit
            length += 1
        }
        return length >= lengths.lowerBound ? number : nil
    }

    mutating func number(_ length: Int) -> Int? { number(length...length) }

    /// Up to nine digits after a decimal sign as billionths; nil where there is none.
    mutating func billionths() -> Int? {
        let first = position
        guard let number = number(1...9) else { return nil }
        return (position - first..<9).reduce(number) { value, _ in value * 10 }
    }

    private mutating func digit() -> Int? {
        guard position < bytes.count, (0x30...0x39).contains(bytes[position]) else { return nil }
        position += 1
        return Int(bytes[position - 1]) - 0x30
    }
}
