import Crypto
import IntakeProtocol

/// A master key under which personal data is sealed: 256 bits that never leave the centre's machines.
package struct SealingKey: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    private let key: SymmetricKey
    /// What every derivation of a key begins with: the counter 1, this key, and what the derived key is for.
    let derivation: SHA256
    /// By which what is sealed names it: the first 8 bytes of the SHA-256 of a title and the key.
    package let id: [UInt8]

    /// A new key.
    package init() { self.init(SymmetricKey(size: .bits256)) }

    /// A key as ``revealed`` writes it.
    package init?(hexadecimal text: String) {
        guard let bytes = Hexadecimal.bytes(text), bytes.count == 32 else { return nil }
        self.init(SymmetricKey(data: bytes))
    }

    private init(_ key: SymmetricKey) {
        self.key = key
        var derivation = SHA256()
        derivation.update(data: [0, 0, 0, 1])
        unsafe key.withUnsafeBytes { bytes in unsafe derivation.update(bufferPointer: bytes) }
        derivation.update(data: Array("hoso sealed 1\0".utf8))
        self.derivation = derivation
        var hash = SHA256()
        hash.update(data: Array("hoso personal key\n".utf8))
        unsafe key.withUnsafeBytes { bytes in unsafe hash.update(bufferPointer: bytes) }
        id = Array(hash.finalize().prefix(8))
    }

    package static func == (left: SealingKey, right: SealingKey) -> Bool { left.key == right.key }

    /// The secret as 64 hexadecimal digits, for the file that keeps it.
    package var revealed: String { unsafe key.withUnsafeBytes { bytes in unsafe Hexadecimal.text(Array(bytes)) } }

    /// The id as 16 hexadecimal digits, which everybody may know.
    package var name: String { Hexadecimal.text(id) }

    /// Nothing of the secret.
    package var description: String { "(secret)" }

    /// Nothing of the secret.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
