import enum Crypto.Curve25519
import struct Crypto.SHA256
import Foundation

/// A secret Ed25519 key (RFC 8032), by which a sender signs its batches, or a centre its receipts.
public struct SigningKey: Sendable, CustomStringConvertible, CustomReflectable {
    private let key: Curve25519.Signing.PrivateKey

    /// A new key.
    public init() { key = Curve25519.Signing.PrivateKey() }

    /// A key by its seed; `nil` unless there are 32 bytes.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == 32, let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes) else {
            return nil
        }
        self.key = key
    }

    /// A key as ``revealed`` writes it.
    public init?(hexadecimal text: String) {
        guard let bytes = Hexadecimal.bytes(text) else { return nil }
        self.init(bytes)
    }

    /// The key that everybody may know.
    public var publicKey: VerificationKey { VerificationKey(key.publicKey) }

    /// The secret as 64 hexadecimal digits, for the file that keeps it.
    public var revealed: String { Hexadecimal.text([UInt8](key.rawRepresentation)) }

    /// The signature of a statement: 64 bytes.
    /// - Throws: ``ProtocolError`` when the library does not sign; it never did.
    public func signature(of statement: [UInt8]) throws(ProtocolError) -> [UInt8] {
        do { return [UInt8](try key.signature(for: statement)) } catch { throw ProtocolError(.badSignature) }
    }

    /// Nothing of the secret.
    public var description: String { "(secret)" }

    /// Nothing of the secret.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// A public Ed25519 key.
public struct VerificationKey: Sendable, Hashable, CustomStringConvertible {
    /// The first 8 bytes of the key's SHA-256, by which messages name it.
    public let id: [UInt8]
    /// The key: 32 bytes.
    public let bytes: [UInt8]
    private let key: Curve25519.Signing.PublicKey

    fileprivate init(_ key: Curve25519.Signing.PublicKey) {
        self.key = key
        bytes = [UInt8](key.rawRepresentation)
        id = Array(SHA256.hash(data: bytes).prefix(Self.idSize))
    }

    /// A key by its bytes; `nil` unless there are 32.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == 32, let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else {
            return nil
        }
        self.init(key)
    }

    /// A key as ``description`` writes it.
    public init?(hexadecimal text: String) {
        guard let bytes = Hexadecimal.bytes(text) else { return nil }
        self.init(bytes)
    }

    /// Bytes of ``id``.
    public static var idSize: Int { 8 }

    /// Whether a signature of a statement was made by this key's secret half.
    public func verifies(_ signature: [UInt8], of statement: [UInt8]) -> Bool {
        key.isValidSignature(signature, for: statement)
    }

    /// The key as 64 hexadecimal digits, as no CURVE key is written.
    public var description: String { Hexadecimal.text(bytes) }

    /// Whether both are the same key.
    public static func == (left: VerificationKey, right: VerificationKey) -> Bool { left.bytes == right.bytes }

    /// Hashes the key.
    public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}

/// Bytes as lower-case hexadecimal digits.
package enum Hexadecimal {
    /// The digits of some bytes.
    package static func text(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// `nil` unless there is an even number of digits, and nothing else.
    package static func bytes(_ text: String) -> [UInt8]? {
        let digits = text.utf8.map { UInt8(hexadecimalDigit: $0) }
        guard digits.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).reduce(into: [UInt8]?([])) { bytes, index in
            guard let high = digits[index], let low = digits[index + 1] else { return bytes = nil }
            bytes?.append(high << 4 | low)
        }
    }
}

extension UInt8 {
    fileprivate init?(hexadecimalDigit digit: UInt8) {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self = digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self = digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self = digit - UInt8(ascii: "A") + 10
        default: return nil
        }
    }
}
