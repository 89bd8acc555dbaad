import Dossiers
import Foundation
import IntakeProtocol
import TestSupport
import Testing
import WireMessages

/// The part `evidence` of the vectors, made by Python's hashlib and OpenSSL.
private struct EvidenceVectors: Decodable {
    struct Key: Decodable { let seed, `public`, id: String }
    struct Batch: Decodable {
        let name, sender, statement, signature: String
        let frames: [String]
    }
    struct Tree: Decodable {
        struct Path: Decodable {
            let index: Int
            let path: [String]
        }
        let first: String
        let entries: Int
        let root, leafOfFirst: String
        let paths: [Path]
    }
    struct Receipt: Decodable {
        let sender, epoch, sequence, committedAt, statement, bytes, text: String
        let entries: Int
    }
    let keys: [Key]
    let batches: [Batch]
    let trees: [Tree]
    let receipts: [Receipt]

    static func read() throws -> EvidenceVectors {
        struct File: Decodable { let evidence: EvidenceVectors }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let file = Repository.root.appending(path: "Schemas/wire/vectors.json")
        return try decoder.decode(File.self, from: Data(contentsOf: file)).evidence
    }
}

/// Entries of a batch and what became of them, as the vectors have them.
private struct Outcomes {
    let first: UInt64
    let outcomes: [UInt8]
    let digests: [Digest]

    init(first: UInt64, count: Int) {
        self.first = first
        outcomes = (0..<count).map { [1, 1, 1, 2, 3, 4][$0 % 6] }
        digests = (0..<count).map { Chain.digest(of: Array("entry \(first + UInt64($0))".utf8)) }
    }

    var root: Digest { MerkleTree.root(first: first, outcomes: outcomes, digests: digests) }

    func path(to index: Int) -> [Digest] {
        MerkleTree.path(to: index, first: first, outcomes: outcomes, digests: digests)
    }

    func leaf(_ index: Int) -> MerkleTree.Leaf {
        MerkleTree.Leaf(sequence: first + UInt64(index), outcome: outcomes[index], digest: digests[index])
    }

    func receipt(of index: Int, by key: SigningKey, sender: String = "post-office") throws -> DossierReceipt {
        let head = ReceiptHead(
            key: key.publicKey.id, sender: sender, epoch: 7, first: first, count: digests.count, committedAt: 5,
            root: root)
        return try #require(
            DossierReceipt(
                of: first + UInt64(index), sender: sender, epoch: 7, first: first, outcomes: outcomes,
                digests: digests, committedAt: 5, key: key.publicKey.id, signature: key.signature(of: head.statement)))
    }
}

@Suite struct EvidenceTests {
    private let vectors: EvidenceVectors
    /// A sender's key and a centre's.
    private let keys: [SigningKey]

    init() throws {
        vectors = try EvidenceVectors.read()
        keys = try vectors.keys.map { try #require(SigningKey(hexadecimal: $0.seed)) }
    }

    @Test func `Keys are those of other implementations, and say nothing of their secrets`() throws {
        for (key, vector) in zip(keys, vectors.keys) {
            #expect("\(key.publicKey)" == vector.public && key.publicKey.id == [UInt8](hexadecimal: vector.id))
            #expect(VerificationKey(hexadecimal: vector.public) == key.publicKey)
            #expect(key.revealed == vector.seed)
            var dumped = ""
            dump(key, to: &dumped)
            for text in ["\(key)", String(reflecting: key), dumped, "\([key])"] {
                #expect(!text.contains(vector.seed.prefix(12)), "\(text)")
            }
        }
        #expect(SigningKey(hexadecimal: "00") == nil && VerificationKey(hexadecimal: "zz") == nil)
        #expect(SigningKey().publicKey != SigningKey().publicKey)
    }

    @Test func `Batches are signed as other implementations sign them`() throws {
        #expect(vectors.batches.count == 4)
        for vector in vectors.batches {
            let parcel = try Parcel(frames: vector.frames.map { try #require([UInt8](hexadecimal: $0)) })
            let body = try BatchBody(parcel.body, count: Int(parcel.header.count))
            let signature = try #require(body.signature)
            let last = try #require(body.items.last?.digest)
            let statement = BatchSignature.statement(
                sender: vector.sender, header: parcel.header, previous: body.previous, last: last)
            #expect(statement == [UInt8](hexadecimal: vector.statement), "\(vector.name)")
            #expect(signature == [UInt8](hexadecimal: vector.signature), "\(vector.name)")
            #expect(try keys[0].signature(of: statement) == signature)
            #expect(keys[0].publicKey.verifies(signature, of: statement))
            #expect(!keys[1].publicKey.verifies(signature, of: statement))
            #expect(body.bytes == parcel.body)
            #expect(BatchBody(previous: body.previous, items: body.items).bytes + signature == parcel.body)
        }
    }

    @Test func `The tree is that of other implementations`() throws {
        for vector in vectors.trees {
            let batch = Outcomes(first: try #require(UInt64(vector.first)), count: vector.entries)
            #expect(batch.root.bytes == [UInt8](hexadecimal: vector.root), "\(vector.entries)")
            for path in vector.paths {
                #expect(batch.path(to: path.index).map(\.bytes) == path.path.map { [UInt8](hexadecimal: $0) ?? [] })
            }
        }
        let lone = Outcomes(first: 1, count: 1)
        #expect(lone.root.bytes == [UInt8](hexadecimal: vectors.trees[0].leafOfFirst) && lone.path(to: 0).isEmpty)
    }

    @Test(arguments: Array(1...17) + [255, 256, 257, 511, 512])
    func `Every path leads to the root, and to none but from its own leaf and place`(count: Int) {
        let batch = Outcomes(first: 9, count: count)
        let root = batch.root
        for index in 0..<count {
            let (leaf, path) = (batch.leaf(index), batch.path(to: index))
            #expect(path.count == MerkleTree.pathLength(to: index, count: count) && path.count <= 9)
            #expect(MerkleTree.root(of: leaf, at: index, count: count, path: path) == root)
            #expect(MerkleTree.root(of: leaf, at: index, count: count, path: path + [root]) == nil)
            guard count <= 17 else { continue }
            for other in 0..<count where other != index {
                #expect(MerkleTree.root(of: leaf, at: other, count: count, path: path) != root)
                #expect(MerkleTree.root(of: batch.leaf(other), at: index, count: count, path: path) != root)
            }
            // A node of the tree passes for no leaf of a smaller one.
            let swapped = MerkleTree.Leaf(
                sequence: leaf.sequence, outcome: leaf.outcome == 1 ? 3 : 1, digest: leaf.digest)
            #expect(MerkleTree.root(of: swapped, at: index, count: count, path: path) != root)
        }
        #expect(MerkleTree.root(of: batch.leaf(0), at: count, count: count, path: []) == nil)
        #expect(MerkleTree.root(of: batch.leaf(0), at: -1, count: count, path: []) == nil)
    }

    @Test func `Receipts are read and checked as other implementations write them`() throws {
        for vector in vectors.receipts {
            let bytes = try #require([UInt8](hexadecimal: vector.bytes))
            let receipt = try #require(DossierReceipt(bytes))
            #expect(receipt.bytes == bytes && receipt.text == vector.text)
            #expect(DossierReceipt(text: vector.text.utf8) == receipt)
            #expect(DossierReceipt(text: (vector.text + "\r\n").utf8) == receipt)
            #expect(receipt.sender == vector.sender && String(receipt.epoch) == vector.epoch)
            #expect(String(receipt.leaf.sequence) == vector.sequence && receipt.count == vector.entries)
            #expect(String(receipt.committedAt) == vector.committedAt)
            #expect(receipt.head?.statement == [UInt8](hexadecimal: vector.statement))
            #expect(receipt.verdict([keys[1].publicKey]) == .genuine(keys[1].publicKey))
            #expect(receipt.verdict(keys.map(\.publicKey)) == .genuine(keys[1].publicKey))
            #expect(receipt.verdict([keys[0].publicKey]) == .unknownKey && receipt.verdict([]) == .unknownKey)
            let batch = Outcomes(first: receipt.first, count: receipt.count)
            let index = Int(receipt.leaf.sequence - receipt.first)
            #expect(receipt.leaf == batch.leaf(index) && receipt.path == batch.path(to: index))
        }
    }

    @Test(arguments: [1, 2, 3, 17, 512]) func `No bit of a receipt can be flipped`(count: Int) throws {
        let batch = Outcomes(first: 300, count: count)
        let receipt = try batch.receipt(of: count / 2, by: keys[1])
        let (bytes, known) = (receipt.bytes, keys.map(\.publicKey))
        #expect(DossierReceipt(bytes)?.verdict(known) == .genuine(keys[1].publicKey))
        for bit in 0..<(bytes.count * 8) {
            var changed = bytes
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            let verdict = DossierReceipt(changed)?.verdict(known)
            #expect(verdict == nil || verdict == .forged || verdict == .unknownKey, "bit \(bit)")
        }
        let text = Array(receipt.text.utf8)
        for bit in 0..<(text.count * 8) {
            var changed = text
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            let verdict = DossierReceipt(text: changed)?.verdict(known)
            #expect(verdict == nil || verdict == .forged || verdict == .unknownKey, "bit \(bit) of the text")
        }
        for length in 0..<bytes.count { #expect(DossierReceipt(Array(bytes[..<length])) == nil) }
        #expect(DossierReceipt(bytes + [0]) == nil)
    }

    /// What a QR code holds in its alphanumeric mode at the error correction level L (ISO/IEC 18004, table 7).
    private static let capacities = [1: 25, 6: 195, 7: 224, 8: 279, 9: 335, 10: 395, 14: 667, 15: 758]

    @Test func `A receipt fits a QR code, also of the longest name in the fullest batch`() throws {
        let alphabet = Set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
        for (count, sender, version) in [
            (1, "post-office", 8), (20, "post-office", 14), (512, "post-office", 14),
            (512, String(repeating: "a", count: 64), 15),
        ] {
            let text = try Outcomes(first: 1, count: count).receipt(of: 0, by: keys[1], sender: sender).text
            print("\(count) entries, a name of \(sender.count): \(text.count) characters")
            #expect(text.count <= Self.capacities[version] ?? 0 && text.allSatisfy(alphabet.contains))
        }
    }

    @Test func `Base45 is that of RFC 9285`() {
        for (plain, coded) in [("AB", "BB8"), ("Hello!!", "%69 VD92EX0"), ("base-45", "UJCLQE7W581"), ("", "")] {
            #expect(Base45.text(Array(plain.utf8)) == coded)
            #expect(Base45.bytes(coded.utf8) == Array(plain.utf8))
        }
        for wrong in ["GGW", ":::", "A", "::", "bb8", "B\n8", "BB8A"] { #expect(Base45.bytes(wrong.utf8) == nil) }
    }

    @Test func `Mutated receipts are refused or forged, and never stop the reader`() throws {
        var generator = SeededNumbers(seed: 31)
        let seeds = try [1, 2, 17, 512].map { try Outcomes(first: 1, count: $0).receipt(of: 0, by: keys[1]).bytes }
        var read = 0
        for _ in 0..<20_000 {
            let seed = seeds[Int.random(in: 0..<seeds.count, using: &generator)]
            var bytes = seed
            bytes.mutate(using: &generator)
            guard bytes != seed, let receipt = DossierReceipt(bytes) else { continue }
            read += 1
            #expect(receipt.bytes == bytes)
            #expect(receipt.verdict([keys[1].publicKey]) != .genuine(keys[1].publicKey))
        }
        #expect(read > 1_000)
    }
}
