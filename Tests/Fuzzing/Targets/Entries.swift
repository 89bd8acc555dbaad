import Crypto
import Dossiers
import Foundation
import IntakeProtocol
import WireMessages

extension FuzzTarget {
    /// An entry in protobuf reads the same in place and by the library, and gets the same verdict.
    func checkEntry(_ bytes: [UInt8]) throws(FuzzFinding) {
        let read = EntryContent.read(bytes, as: .protobuf)
        let told = EntryContent.readByLibrary(bytes, as: .protobuf)
        try require(
            Self.same(read.content, told.content) && read.acceptedAt == told.acceptedAt, "both ways of reading")
        if let (places, _) = IntakeScanner.read(bytes.span) {
            let submission = Submission(places, in: bytes.span)
            if let code = IntakeScanner.dossierCode(bytes.span) {
                try require(submission.dossierCode.utf8.elementsEqual(bytes[code]), "the code is found")
            }
            guard var validator = Self.validator else { throw FuzzFinding("there is no validator") }
            let inPlace = validator.validate(places, in: bytes.span, now: Self.now)
            try require(validator.validate(submission, now: Self.now) == inPlace, "both ways of judging")
            if case .rejected(let faults) = inPlace {
                try require(!faults.isEmpty, "whoever is refused is told why")
                for fault in faults {
                    for language in [Language.vietnamese, .english] {
                        try require(!fault.sentence(in: language).isEmpty, "\(fault.code) has a sentence")
                    }
                }
            }
        }
        try checkContent(bytes, .protobuf)
    }

    /// What an entry says is the same after it has been written, in either way of writing.
    func checkContent(_ bytes: [UInt8], _ type: ContentType) throws(FuzzFinding) {
        let content = EntryContent.read(bytes, as: type).content
        let entry: WireEntry
        switch content {
        case .intake(let submission): entry = WireEntry(intake: submission)
        case .correction(let reference, let submission): entry = WireEntry(correction: submission, of: reference)
        case .manifest(let manifest): entry = WireEntry(manifest: manifest)
        case .unsupportedKind: return
        case .malformed(let fields):
            return try require(fields.allSatisfy { !$0.isEmpty }, "fields that cannot be read have names")
        }
        for type in [ContentType.protobuf, .json] {
            let written = try succeed("an entry in \(type)") { try entry.encoded(as: type) }
            try require(Self.same(EntryContent(written, as: type), content), "an entry in \(type)")
        }
    }

    /// A batch writes the same bytes as it was read from, and its parts are digested and read as copies of them are.
    func checkBatch(_ bytes: [UInt8]) throws(FuzzFinding) {
        guard bytes.count >= 2 else { return }
        let count = Int(bytes[0]) << 8 | Int(bytes[1]), body = Array(bytes[2...])
        guard let batch = try? BatchBody(body, count: count) else { return }
        try require(batch.items.count == count && batch.bytes == body, "the batch is written anew")
        var previous = batch.previous
        for (index, item) in batch.items.enumerated() {
            let (copy, sequence) = (Array(item.bytes), UInt64(index) + 1)
            let digest = Chain.digest(previous: previous, epoch: 7, sequence: sequence, body: item.bytes.span)
            let whole = previous.bytes + [UInt8](bigEndian: UInt64(7)) + [UInt8](bigEndian: sequence) + copy
            try require(digest.bytes == Array(SHA256.hash(data: whole)), "the digest of a part is that of its bytes")
            try require(Self.same(item.bytes.span, copy.span), "a part reads as its copy")
            previous = item.digest
        }
    }

    private static func same(_ part: Span<UInt8>, _ copy: Span<UInt8>) -> Bool {
        switch (IntakeScanner.read(part), IntakeScanner.read(copy)) {
        case (nil, nil): true
        case (let one?, let other?):
            one.acceptedAt == other.acceptedAt
                && same(Submission(one.places, in: part), Submission(other.places, in: copy))
        default: false
        }
    }

    /// Whether both are the same byte for byte: texts that only look the same are not.
    private static func same(_ one: EntryContent, _ other: EntryContent) -> Bool {
        switch (one, other) {
        case (.intake(let one), .intake(let other)): same(one, other)
        case (.correction(let target, let one), .correction(let same, let other)):
            target == same && Self.same(one, other)
        default: one == other
        }
    }

    static func same(_ one: Submission, _ other: Submission) -> Bool {
        Field.allCases.allSatisfy { one[$0].utf8.elementsEqual(other[$0].utf8) }
    }

    private static let validator = LocalZone(identifier: "Asia/Ho_Chi_Minh").map { Validator(zone: $0) }
    /// 2023-11-14: the same in every run.
    private static let now = Instant(microseconds: 1_700_000_000_000_000)
}
