/// Bytes in the characters of a QR code's alphanumeric mode (RFC 9285).
public enum Base45 {
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".utf8)

    private static let values: [UInt8: Int] = Dictionary(
        uniqueKeysWithValues: alphabet.enumerated().map { ($1, $0) })

    /// The text of some bytes: three characters for two of them, two for a last one.
    public static func text(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 3 + 1) / 2)
        for start in stride(from: 0, to: bytes.count, by: 2) {
            let isPair = start + 1 < bytes.count
            let value = isPair ? Int(bytes[start]) << 8 | Int(bytes[start + 1]) : Int(bytes[start])
            text.append(alphabet[value % 45])
            text.append(alphabet[value / 45 % 45])
            if isPair { text.append(alphabet[value / 2_025]) }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of a text; `nil` when it is not what ``text(_:)`` writes.
    public static func bytes(_ text: some Collection<UInt8>) -> [UInt8]? {
        let digits = text.map { values[$0] }
        guard digits.count % 3 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count * 2 / 3 + 1)
        for start in stride(from: 0, to: digits.count, by: 3) {
            guard let low = digits[start], let middle = digits[start + 1] else { return nil }
            guard start + 2 < digits.count else {
                guard let byte = UInt8(exactly: low + 45 * middle) else { return nil }
                bytes.append(byte)
                break
            }
            guard let high = digits[start + 2], let pair = UInt16(exactly: low + 45 * middle + 2_025 * high) else {
                return nil
            }
            bytes.append(UInt8(pair >> 8))
            bytes.append(UInt8(truncatingIfNeeded: pair))
        }
        return bytes
    }
}
