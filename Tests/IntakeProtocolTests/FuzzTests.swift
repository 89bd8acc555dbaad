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
            for item in body.items { _ = EntryContent(item.bytes, as: parcel.header.contentType) }
        }
        #expect(read > 5_000)
    }

    @Test func `Mutated entries become a submission, an unknown kind or a malformed entry`() throws {
        var submission = Submission()
        submission.dossierCode = "H36.26-220301-0001"
        submission.applicantName = "Ka Ví"
        let entry = WireEntry(intake: submission)
        var generator = SeededNumbers(seed: 22)
        var kinds: Set<String> = []
        for type in [ContentType.protobuf, .json] {
            let seed = try entry.encoded(as: type)
            for _ in 0..<30_000 {
                var bytes = seed
                bytes.mutate(using: &generator)
                switch EntryContent(bytes, as: type) {
                case .intake: kinds.insert("intake")
                case .unsupportedKind: kinds.insert("unsupported")
                case .malformed: kinds.insert("malformed")
                }
            }
        }
        #expect(kinds == ["intake", "unsupported", "malformed"])
    }

    @Test func `A field that is not text is named`() {
        let entry = #"{"intake":{"dossier_code":17,"channel":["online"],"unit":"H36"}}"#
        #expect(EntryContent(Array(entry.utf8), as: .json) == .malformed(fields: ["dossier_code", "channel"]))
        #expect(EntryContent(Array("{".utf8), as: .json) == .malformed(fields: []))
        #expect(EntryContent(Array(#"{"correction":{}}"#.utf8), as: .json) == .unsupportedKind)
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
