/// SplitMix64: the same numbers in every run, so that every random test can be repeated.
package struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    /// A generator.
    package init(seed: UInt64) { state = seed }

    /// The next number.
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

extension [UInt8] {
    /// Flips, removes, doubles or inserts a few bytes.
    package mutating func mutate(using generator: inout some RandomNumberGenerator) {
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            guard !isEmpty else { return append(UInt8.random(in: 0...255, using: &generator)) }
            let index = Int.random(in: 0..<count, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: self[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 1: self[index] = UInt8.random(in: 0...255, using: &generator)
            case 2: remove(at: index)
            case 3: insert(UInt8.random(in: 0...255, using: &generator), at: index)
            default: removeSubrange(index...)
            }
        }
    }

    /// Bytes written as hexadecimal digits.
    package init?(hexadecimal text: String) {
        let digits = Array<UInt8>(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        self = []
        reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index...(index + 1)], as: UTF8.self), radix: 16) else {
                return nil
            }
            append(byte)
        }
    }
}
