import CZeroMQ

/// A public key of CurveZMQ (RFC 26): 32 bytes of Curve25519.
public struct CurvePublicKey: Sendable, Hashable, CustomStringConvertible {
    /// The 32 bytes.
    public let bytes: [UInt8]

    /// A key by its bytes; `nil` unless there are 32.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == Z85.keyBytes else { return nil }
        self.bytes = bytes
    }

    /// A key as people pass it on: 40 characters of Z85 (RFC 32).
    public init?(z85 text: String) {
        guard let bytes = Z85.decoded(text) else { return nil }
        self.bytes = bytes
    }

    /// The key in Z85.
    public var z85: String { Z85.encoded(bytes) }

    /// The key in Z85.
    public var description: String { z85 }
}

/// A secret key of CurveZMQ: it stays in the process, and no description shows it.
public struct CurveSecretKey: Sendable, CustomStringConvertible, CustomReflectable {
    private let bytes: [UInt8]
    /// The key that others know its owner by.
    public let publicKey: CurvePublicKey

    /// A new key, from the system's random numbers.
    /// - Throws: ``ZeroMQError`` when libzmq was built without CURVE.
    public init() throws(ZeroMQError) {
        var publicText = [CChar](repeating: 0, count: Z85.textBytes), secretText = publicText
        guard unsafe zmq_curve_keypair(&publicText, &secretText) == 0 else { throw .last("zmq_curve_keypair") }
        guard let key = CurveSecretKey(z85: Z85.text(secretText)) else {
            throw ZeroMQError(code: EINVALCode, operation: "zmq_curve_keypair", subject: nil)
        }
        self = key
    }

    /// A key in Z85; `nil` when it is none.
    public init?(z85 text: String) {
        guard let bytes = Z85.decoded(text) else { return nil }
        var publicText = [CChar](repeating: 0, count: Z85.textBytes)
        guard unsafe zmq_curve_public(&publicText, text) == 0, let key = CurvePublicKey(z85: Z85.text(publicText))
        else {
            return nil
        }
        self.bytes = bytes
        publicKey = key
    }

    /// The key that 32 bytes make.
    /// - Throws: ``ZeroMQError`` unless there are so many.
    public init(bytes: [UInt8]) throws(ZeroMQError) {
        guard bytes.count == Z85.keyBytes, let key = CurveSecretKey(z85: Z85.encoded(bytes)) else {
            throw ZeroMQError(code: EINVALCode, operation: "zmq_curve_public", subject: nil)
        }
        self = key
    }

    /// The key in Z85, for the file that only its owner can read.
    public var revealed: String { Z85.encoded(bytes) }

    /// Nothing of the key.
    public var description: String { "(secret)" }

    /// Nothing of the key.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// The encoding of keys as text (RFC 32).
private enum Z85 {
    static var keyBytes: Int { 32 }
    /// Characters of a key, and the zero behind them.
    static var textBytes: Int { 41 }

    static func encoded(_ bytes: [UInt8]) -> String {
        var text = [CChar](repeating: 0, count: textBytes)
        _ = unsafe zmq_z85_encode(&text, bytes, bytes.count)
        return Self.text(text)
    }

    static func decoded(_ text: String) -> [UInt8]? {
        guard text.utf8.count == textBytes - 1, text.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else { return nil }
        var bytes = [UInt8](repeating: 0, count: keyBytes)
        guard unsafe zmq_z85_decode(&bytes, text) != nil else { return nil }
        // libzmq lets characters outside the alphabet, and groups beyond 32 bits, pass as something else.
        return encoded(bytes) == text ? bytes : nil
    }

    static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

private let EINVALCode: Int32 = 22
