import Crypto
import Foundation
import IntakeProtocol
import Synchronization

/// Seals personal data for the database, and opens it again.
///
/// What is sealed has three parts: the id of the master key (8 bytes), a salt (16 bytes), and the ciphertext with its tag
/// (AES-256-GCM, NIST SP 800-38D). Each has a key of its own, derived from master key, salt and place by the one-step
/// derivation with SHA-256 (NIST SP 800-56C, section 4.1), so a nonce is never used twice under one key, and what was sealed for one place opens in
/// no other. To overwrite the value, salt and all, is to destroy its key.
package struct Vault: Sendable {
    private let keys: [SealingKey]

    /// A vault of some keys: the first seals, all of them open; `nil` without any.
    package init?(_ keys: [SealingKey]) {
        guard !keys.isEmpty else { return nil }
        self.keys = keys
    }

    /// The ids of all keys, one after the other.
    package var keyIDs: [[UInt8]] { keys.map(\.id) }

    /// The id of the key that seals.
    package var currentKey: [UInt8] { keys[0].id }

    /// Where a sealed value belongs.
    package enum Place: Sendable {
        /// The applicant of a dossier, by its code.
        case dossier(String)
        /// A quarantined entry, by its digest in the sender's chain.
        case quarantine([UInt8])
        /// The secret of the keyed hashes.
        case hashSecret

        /// Appends it in a form that no other place has.
        fileprivate func append(to bytes: inout [UInt8]) {
            switch self {
            case .dossier(let code):
                bytes.append(1)
                bytes.append(contentsOf: code.utf8)
            case .quarantine(let digest):
                bytes.append(2)
                bytes.append(contentsOf: digest)
            case .hashSecret: bytes.append(3)
            }
        }
    }

    /// Seals a value.
    package func seal(_ value: [UInt8], for place: Place) -> [UInt8] {
        var sealed: [UInt8] = []
        sealed.reserveCapacity(Self.prefix + value.count + Self.tag)
        sealed.append(contentsOf: keys[0].id)
        Salt.append(to: &sealed)
        let key = Self.key(keys[0], sealed[Self.salt], place)
        guard let whole = try? AES.GCM.seal(value, using: key, nonce: Self.nonce).combined else {
            preconditionFailure("AES-GCM refuses a key of 256 bits")
        }
        // Behind the nonce, which is always the same, stand ciphertext and tag.
        unsafe whole.withUnsafeBytes { bytes in unsafe sealed.append(contentsOf: bytes.dropFirst(Self.nonceBytes)) }
        return sealed
    }

    /// Opens what was sealed for a place.
    package func open(_ sealed: [UInt8], for place: Place) throws(VaultError) -> [UInt8] {
        guard sealed.count >= Self.prefix + Self.tag else { throw VaultError(code: .damaged) }
        guard let master = keys.first(where: { $0.id.elementsEqual(sealed[..<8]) }) else {
            throw VaultError(code: .unknownKey(Hexadecimal.text(Array(sealed[..<8]))))
        }
        let key = Self.key(master, sealed[Self.salt], place)
        let end = sealed.count - Self.tag
        do {
            let box = try AES.GCM.SealedBox(
                nonce: Self.nonce, ciphertext: sealed[Self.prefix..<end], tag: sealed[end...])
            return Array(try AES.GCM.open(box, using: key))
        } catch {
            throw VaultError(code: .damaged)
        }
    }

    /// Whether the key that seals now has sealed a value.
    package func isCurrent(_ sealed: [UInt8]) -> Bool { keys[0].id.elementsEqual(sealed.prefix(8)) }

    private static var salt: Range<Int> { 8..<24 }
    private static var prefix: Int { 24 }
    private static var tag: Int { 16 }
    private static var nonceBytes: Int { 12 }
    /// Each key seals one value.
    private static let nonce: AES.GCM.Nonce = {
        guard let nonce = try? AES.GCM.Nonce(data: [UInt8](repeating: 0, count: nonceBytes)) else {
            preconditionFailure("a nonce has 96 bits")
        }
        return nonce
    }()

    private static func key(_ master: SealingKey, _ salt: ArraySlice<UInt8>, _ place: Place) -> SymmetricKey {
        var information: [UInt8] = []
        information.reserveCapacity(80)
        information.append(contentsOf: salt)
        place.append(to: &information)
        var hash = master.derivation
        unsafe information.withUnsafeBytes { bytes in unsafe hash.update(bufferPointer: bytes) }
        return unsafe hash.finalize().withUnsafeBytes { bytes in unsafe SymmetricKey(data: bytes) }
    }
}

/// Salts: random bytes, taken from the system many at a time.
private enum Salt {
    private static let size = 16
    private static let pool = Mutex([UInt8]())

    static func append(to bytes: inout [UInt8]) {
        pool.withLock { pool in
            if pool.isEmpty {
                let fresh = SymmetricKey(size: SymmetricKeySize(bitCount: 256 * 8 * size))
                pool = unsafe fresh.withUnsafeBytes { bytes in unsafe Array(bytes) }
            }
            bytes.append(contentsOf: pool.suffix(size))
            pool.removeLast(size)
        }
    }
}

/// Why a sealed value stays closed.
package struct VaultError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong.
    package enum Code: Sendable, Equatable {
        /// It was sealed with a key that is not at hand; its id.
        case unknownKey(String)
        /// It was not sealed for this place, or has been changed.
        case damaged
    }

    /// What is wrong.
    package let code: Code

    /// An error of a kind.
    package init(code: Code) { self.code = code }

    /// What is wrong, without content.
    package var description: String {
        switch code {
        case .unknownKey(let id): "sealed with key \(id), which is not among personal.keys"
        case .damaged: "a sealed value is damaged, or belongs elsewhere"
        }
    }
}
