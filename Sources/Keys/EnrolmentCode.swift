import Crypto
package import IntakeProtocol
package import ZeroMQ

/// What an operator hands to a new sender: where the centre is, how it is known, and a secret that is good once.
///
/// Whoever holds it can enrol a key for the sender until it has been used or has ended, and do nothing else with it. The centre
/// keeps the public halves of the keys that follow from the secret.
package struct EnrolmentCode: Sendable, CustomStringConvertible, CustomReflectable {
    private let secret: [UInt8]
    /// Name of the sender.
    package let sender: String
    /// Where the centre is reached.
    package let endpoint: String
    /// The key that the centre is known by.
    package let centreKey: CurvePublicKey
    /// The key by which it signs receipts; `nil` when it does not.
    package let receiptKey: VerificationKey?

    /// A new code.
    package init(
        for sender: String, at endpoint: String, centreKey: CurvePublicKey, receiptKey: VerificationKey?
    ) {
        let key = SymmetricKey(size: .bits256)
        self.init(
            secret: unsafe key.withUnsafeBytes { bytes in unsafe Array(bytes) }, sender: sender, endpoint: endpoint,
            centreKey: centreKey, receiptKey: receiptKey)
    }

    private init(
        secret: [UInt8], sender: String, endpoint: String, centreKey: CurvePublicKey, receiptKey: VerificationKey?
    ) {
        self.secret = secret
        self.sender = sender
        self.endpoint = endpoint
        self.centreKey = centreKey
        self.receiptKey = receiptKey
    }

    /// The key with which the holder connects.
    package func curveKey() throws(ZeroMQError) -> CurveSecretKey {
        try CurveSecretKey(bytes: derived("hoso enrolment curve"))
    }

    /// The key with which the holder proves which key is to be enrolled.
    package func signingKey() throws(ProtocolError) -> SigningKey {
        guard let key = SigningKey(derived("hoso enrolment signature")) else { throw ProtocolError(.badSignature) }
        return key
    }

    private func derived(_ purpose: String) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(purpose.utf8), using: SymmetricKey(data: secret)))
    }

    /// Nothing of the secret.
    package var description: String { "(secret)" }

    /// Nothing of the secret.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

// MARK: - As text

extension EnrolmentCode {
    private static var prefix: String { "hoso1-" }

    /// The code as it is handed over: letters, digits, `-` and `_`.
    package var revealed: String {
        var bytes = secret + centreKey.bytes + (receiptKey?.bytes ?? [UInt8](repeating: 0, count: 32))
        for text in [sender, endpoint] {
            bytes.append(UInt8(truncatingIfNeeded: text.utf8.count))
            bytes.append(contentsOf: text.utf8)
        }
        let checksum = Checksum.crc32(bytes)
        bytes.append(contentsOf: (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (24 - 8 * $0)) })
        return Self.prefix + Base64URL.text(bytes)
    }

    /// Reads what ``revealed`` wrote, also with spaces and line breaks in it; `nil` when it is no code, or a letter is wrong.
    package init?(_ text: String) {
        let text = String(text.filter { !$0.isWhitespace })
        guard text.hasPrefix(Self.prefix), let bytes = Base64URL.bytes(text.dropFirst(Self.prefix.count)),
            bytes.count >= 102
        else { return nil }
        let body = Array(bytes.dropLast(4))
        let checksum = bytes.suffix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard Checksum.crc32(body) == checksum, let centreKey = CurvePublicKey(Array(body[32..<64])) else { return nil }
        var rest = body[96...]
        var texts: [String] = []
        for _ in 0..<2 {
            guard let length = rest.popFirst(), rest.count >= Int(length),
                let text = String(validating: rest.prefix(Int(length)), as: UTF8.self)
            else { return nil }
            texts.append(text)
            rest = rest.dropFirst(Int(length))
        }
        let receiptKey = Array(body[64..<96])
        let verification = VerificationKey(receiptKey)
        // Without a key there are zeros.
        let isSigned = receiptKey.contains { $0 != 0 }
        guard rest.isEmpty, Limits.isSenderName(texts[0]), texts[1].hasPrefix("tcp://"),
            !isSigned || verification != nil
        else { return nil }
        self.init(
            secret: Array(body[..<32]), sender: texts[0], endpoint: texts[1], centreKey: centreKey,
            receiptKey: isSigned ? verification : nil)
    }
}

/// Bytes as text that no shell and no mail program takes apart (RFC 4648, section 5), without padding.
private enum Base64URL {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func text(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 4 + 2) / 3)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let value = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            for place in 0...group.count { text.append(digits[Int(value >> UInt32(18 - 6 * place) & 63)]) }
        }
        return String(decoding: text, as: UTF8.self)
    }

    static func bytes(_ text: Substring) -> [UInt8]? {
        var bytes: [UInt8] = []
        var value: UInt32 = 0, bits: UInt32 = 0
        for digit in text.utf8 {
            guard let place = digits.firstIndex(of: digit) else { return nil }
            value = value << 6 | UInt32(place)
            bits += 6
            guard bits >= 8 else { continue }
            bits -= 8
            bytes.append(UInt8(truncatingIfNeeded: value >> bits))
            value &= (1 << bits) - 1
        }
        return bits < 6 && value == 0 ? bytes : nil
    }
}
