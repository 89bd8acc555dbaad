import Dossiers
import IntakeProtocol
import Keys
import PersonalData
import TestSupport
import Testing

@Suite struct VaultTests {
    private let key = SealingKey()
    private let secret = Array("Cil Múp Hai, 0998703870".utf8)

    private func vault(_ keys: SealingKey...) throws -> Vault { try #require(Vault(keys)) }

    @Test func `What is sealed for a place opens there, and nowhere else`() throws {
        let vault = try vault(key)
        let sealed = vault.seal(secret, for: .dossier("H36.26-220301-0001"))
        #expect(try vault.open(sealed, for: .dossier("H36.26-220301-0001")) == secret)
        let others: [Vault.Place] = [
            .dossier("H36.26-220301-0002"), .dossier(""), .hashSecret, .quarantine(Array("H36.26-220301-0001".utf8)),
        ]
        for place in others {
            #expect(throws: VaultError(code: .damaged)) { try vault.open(sealed, for: place) }
        }
    }

    @Test func `Nothing of it can be read, every change is noticed, and the same is never sealed twice alike`() throws {
        let vault = try vault(key)
        let sealed = (0..<200).map { _ in vault.seal(secret, for: .hashSecret) }
        #expect(Set(sealed).count == 200)
        #expect(Set(sealed.map { Array($0[8..<24]) }).count == 200)
        #expect(sealed.allSatisfy { $0.count == secret.count + 40 && Array($0[..<8]) == key.id })
        let text = Array("Cil".utf8)
        #expect(!sealed[0].indices.dropLast(2).contains { Array(sealed[0][$0..<($0 + 3)]) == text })
        for index in sealed[0].indices.dropFirst(8) {
            var changed = sealed[0]
            changed[index] ^= 1
            #expect(throws: VaultError(code: .damaged)) { try vault.open(changed, for: .hashSecret) }
        }
        for length in [0, 8, 24, 39, sealed[0].count - 1] {
            #expect(throws: VaultError(code: .damaged)) {
                try vault.open(Array(sealed[0][..<length]), for: .hashSecret)
            }
        }
    }

    @Test func `The first key seals, the others open, and one that is missing is named`() throws {
        let next = SealingKey()
        let sealed = try vault(key).seal(secret, for: .hashSecret)
        let both = try vault(next, key)
        #expect(try both.open(sealed, for: .hashSecret) == secret)
        #expect(!both.isCurrent(sealed) && both.isCurrent(both.seal(secret, for: .hashSecret)))
        #expect(throws: VaultError(code: .unknownKey(key.name))) {
            try vault(next).open(sealed, for: .hashSecret)
        }
        #expect(Vault([]) == nil)
    }

    @Test func `Empty values are sealed too`() throws {
        let vault = try vault(key)
        #expect(try vault.open(vault.seal([], for: .hashSecret), for: .hashSecret) == [])
    }

    @Test func `A key file is read as it was written, and shows nothing of itself`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/personal"
        let made = try KeyFile.makeSealing(path)
        #expect(try KeyFile.sealingKey(path) == made)
        #expect("\(made)" == "(secret)" && String(reflecting: made) == "(secret)")
        #expect(throws: KeyError.self) { try KeyFile.makeSealing(path) }
        #expect(throws: KeyError.self) { try KeyFile.signingKey(path) }
        let other = folder.path + "/receipts"
        _ = try KeyFile.makeSigning(other)
        #expect(throws: KeyError.self) { try KeyFile.sealingKey(other) }
    }

    @Test(arguments: [
        ApplicantDetails(id: nil, name: nil, phone: nil), ApplicantDetails(id: "068045060533", name: nil, phone: ""),
        ApplicantDetails(id: "0100047516", name: "Ka Ví Tám", phone: "+84998703870"),
        ApplicantDetails(id: nil, name: String(repeating: "ệ", count: 256), phone: nil),
    ])
    func `Details are read as they were written`(_ details: ApplicantDetails) throws {
        let bytes = details.bytes
        #expect(ApplicantDetails(bytes) == details)
        for length in bytes.indices { #expect(ApplicantDetails(Array(bytes[..<length])) == nil) }
        #expect(ApplicantDetails(bytes + [0]) == nil)
    }

    @Test func `Hashes are the same under one secret, and say nothing under another`() throws {
        let digest = Chain.digest(of: Array("068045060533".utf8))
        let secret = KeyedHash.makeSecret()
        let hash = try #require(KeyedHash(secret: secret)), same = try #require(KeyedHash(secret: secret))
        let other = try #require(KeyedHash(secret: KeyedHash.makeSecret()))
        #expect(hash(digest) == same(digest) && hash(digest) != other(digest) && hash(digest) != digest)
        #expect(KeyedHash(secret: [1, 2, 3]) == nil)
        // SHA-256 of 64 zeros.
        let zeros = try #require(KeyedHash(secret: [UInt8](repeating: 0, count: 32)))
        #expect(
            Hexadecimal.text(zeros(.zero).bytes) == "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b")
    }

    @Test func `A secret that was sealed with a key that is lost is not replaced`() throws {
        let sealed = Protection.sealedSecret(by: try vault(key))
        _ = try Protection(vault(SealingKey(), key), sealedSecret: sealed)
        #expect(throws: VaultError(code: .unknownKey(key.name))) {
            try Protection(vault(SealingKey()), sealedSecret: sealed)
        }
        #expect(throws: VaultError(code: .damaged)) { try Protection(vault(key), sealedSecret: []) }
    }
}
