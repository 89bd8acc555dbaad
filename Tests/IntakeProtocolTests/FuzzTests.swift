import Dossiers
import IntakeProtocol
import Testing
import TestSupport
import WireMessages

@Suite struct FuzzTests {
    @Test func `Mutated messages are refused or read, and never stop the reader`() throws {
        let seeds = try Vectors.read().messages.map { vector in
            try vector.frames.map { try #require([UInt8](hexadecimal: $0)) }
        }
        var generator = SeededNumbers(seed: 21)
        var read = 0
        for _ in 0..<60_000 {
            var frames = seeds[Int.random(in: 0..<seeds.count, using: &generator)]
            let index = Int.random(in: 0..<frames.count, using: &generator)
            frames[index].mutate(using: &generator)
            // Half of them get a valid checksum, so that the mutation reaches what lies behind it.
            if Bool.random(using: &generator), let header = try? Header(frames[0].resealed()) {
                frames = Parcel(header, body: frames[1]).frames
            }
            guard let parcel = try? Parcel(frames: frames) else { continue }
            read += 1
            guard let body = try? BatchBody(parcel.body, count: Int(parcel.header.count)) else { continue }
            for item in body.items { _ = EntryContent(Array(item.bytes), as: parcel.header.contentType) }
        }
        #expect(read > 5_000)
    }

    @Test func `Mutated entries become an entry, an unknown kind or a malformed entry`() throws {
        var submission = Submission()
        submission.dossierCode = "H36.26-220301-0001"
        submission.applicantName = "Ka Ví"
        let manifest = try #require(Self.manifest)
        let entries = [
            WireEntry(intake: submission), WireEntry(correction: submission, of: EntryReference(sequence: 7)),
            WireEntry(manifest: manifest),
        ]
        var generator = SeededNumbers(seed: 22)
        var kinds: Set<String> = []
        for type in [ContentType.protobuf, .json] {
            for entry in entries {
                let seed = try entry.encoded(as: type)
                for _ in 0..<15_000 {
                    var bytes = seed
                    bytes.mutate(using: &generator)
                    switch EntryContent(bytes, as: type) {
                    case .intake: kinds.insert("intake")
                    case .correction: kinds.insert("correction")
                    case .manifest: kinds.insert("manifest")
                    case .unsupportedKind: kinds.insert("unsupported")
                    case .malformed: kinds.insert("malformed")
                    }
                }
            }
        }
        #expect(kinds == ["intake", "correction", "manifest", "unsupported", "malformed"])
    }

    @Test func `What is read in one pass is what the library reads`() throws {
        var submission = Submission()
        for (place, field) in Field.allCases.enumerated() where place != 4 { submission[field] = "Lâm Hà \(place)" }
        var generator = SeededNumbers(seed: 23)
        var kinds: Set<String> = []
        for acceptedAt in [0, 1_646_100_000_000_000, -5] as [Int64] {
            var entry = WireEntry(intake: submission)
            entry.acceptedAt = acceptedAt
            let seed = try entry.encoded(as: .protobuf)
            for round in 0..<40_000 {
                var bytes = seed
                if round > 0 { bytes.mutate(using: &generator) }
                let (read, told) = (
                    EntryContent.read(bytes, as: .protobuf), EntryContent.readByLibrary(bytes, as: .protobuf)
                )
                #expect(read.content == told.content && read.acceptedAt == told.acceptedAt, "\(bytes)")
                if case .intake = read.content { kinds.insert("intake") } else { kinds.insert("other") }
            }
        }
        #expect(kinds == ["intake", "other"])
    }

    private static let manifest = Day(iso8601: "2022-03-01").map { day in
        DayManifest(
            day: day, numbers: 3...9, lastDigest: Array(repeating: 5, count: 32),
            cells: [
                TallyCell(channel: "online", procedure: "1.004194"): 6, TallyCell(channel: "unknown", procedure: ""): 1,
            ])
    }

    @Test(arguments: [ContentType.protobuf, .json]) func `Corrections and manifests read as they were written`(
        type: ContentType
    ) throws {
        var submission = Submission()
        submission.dossierCode = "H36.26-220301-0001"
        let reference = EntryReference(epoch: 12, sequence: 7)
        var correction = WireEntry(correction: submission, of: reference)
        correction.acceptedAt = 1_700_000_000_000_000
        let read = EntryContent.read(try correction.encoded(as: type), as: type)
        #expect(read.content == .correction(reference, submission) && read.acceptedAt == 1_700_000_000_000_000)
        let manifest = try #require(Self.manifest)
        let entry = EntryContent.read(try WireEntry(manifest: manifest).encoded(as: type), as: type)
        #expect(entry.content == .manifest(manifest) && entry.acceptedAt == nil)
    }

    @Test func `Corrections and manifests that make no sense are malformed, with the field`() {
        let digest = "\"last_digest\":\"\(String(repeating: "A", count: 43))=\""
        for (text, field) in [
            (#"{"correction":{"dossier":{}}}"#, "correction.sequence"),
            (#"{"manifest":{"day":"2022-02-30","first":1,"last":2,\#(digest)}}"#, "manifest.day"),
            (#"{"manifest":{"day":"2022-02-28","first":3,"last":2,\#(digest)}}"#, "manifest.last"),
            (#"{"manifest":{"day":"2022-02-28","first":1,"last":2}}"#, "manifest.last_digest"),
            (
                #"{"manifest":{"day":"2022-02-28","first":1,"last":2,\#(digest),"cells":[{"channel":"pigeon","dossiers":1}]}}"#,
                "manifest.cells"
            ),
        ] { #expect(EntryContent(Array(text.utf8), as: .json) == .malformed(fields: [field]), "\(text)") }
        let wrong = #"{"correction":{"sequence":1,"dossier":{"unit":5}}}"#
        #expect(EntryContent(Array(wrong.utf8), as: .json) == .malformed(fields: ["unit"]))
    }

    @Test func `A field that is not text is named`() {
        let entry = #"{"intake":{"dossier_code":17,"channel":["online"],"unit":"H36"}}"#
        #expect(EntryContent(Array(entry.utf8), as: .json) == .malformed(fields: ["dossier_code", "channel"]))
        #expect(EntryContent(Array("{".utf8), as: .json) == .malformed(fields: []))
        #expect(EntryContent(Array(#"{"petition":{}}"#.utf8), as: .json) == .unsupportedKind)
        #expect(EntryContent([], as: .protobuf) == .malformed(fields: []))
    }

    @Test func `Text that is not UTF 8 makes an entry malformed`() throws {
        var bytes = try WireEntry(intake: Submission()).encoded(as: .protobuf)
        // Field 1 of the intake: two bytes that are no UTF-8.
        bytes = [0x0A, 0x04, 0x0A, 0x02, 0xC3, 0x28]
        #expect(EntryContent(bytes, as: .protobuf) == .malformed(fields: []))
    }

    @Test func `Deep nesting is passed over or refused, never followed`() {
        let depth = 30_000
        let nested = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        let unknown = Array("{\"intake\":{\"x\":\(nested)}}".utf8)
        #expect(EntryContent(unknown, as: .json) == .intake(Submission()))
        let wrong = Array("{\"intake\":{\"unit\":\(nested)}}".utf8)
        #expect(EntryContent(wrong, as: .json) == .malformed(fields: []))
    }
}

extension [UInt8] {
    /// The same bytes with a valid checksum over the first 52.
    fileprivate func resealed() -> [UInt8] {
        guard count == Header.length else { return self }
        let sum = Checksum.crc32(self[..<52])
        return Array(self[..<52]) + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: sum >> UInt32($0)) }
    }
}
