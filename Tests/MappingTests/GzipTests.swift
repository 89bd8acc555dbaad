import Mapping
import Testing

@Suite struct GzipTests {
    private static let line = Array("{\"dossier_code\":\"A\"}\n".utf8)

    private func codes(_ bytes: [UInt8]) throws -> Int { try SourceText(bytes, .native).rows().count }

    @Test func `A gzipped file is read whatever its name is, and progress is that of the file on disk`() throws {
        let file = try TemporaryFile(Gzip.stored(Self.line + Self.line), named: "plain.ndjson")
        var reader = try SubmissionReader(path: file.path, mapping: .native)
        var rows = 0
        while try reader.next() != nil { rows += 1 }
        #expect(rows == 2)
        #expect(Int64(reader.bytesRead) == reader.identity.size)
        #expect(reader.identity.size == Gzip.stored(Self.line + Self.line).count)
    }

    @Test func `Several members one after another are one text, and padding at the end is ignored`() throws {
        let members = Gzip.stored(Self.line) + Gzip.stored([]) + Gzip.stored(Self.line)
        #expect(try codes(members + [0, 0, 0]) == 2)
    }

    @Test func `More text than one chunk comes out whole`() throws {
        let text = Array(repeatElement(Self.line, count: 40_000).joined())
        #expect(try codes(Gzip.stored(text)) == 40_000)
    }

    @Test func `A file that was cut off is an error that names the byte, after the rows before it`() throws {
        let whole = Gzip.stored(Self.line + Self.line)
        for length in 2..<whole.count {
            let error = try #require(try SourceText(Array(whole.prefix(length)), .native).error())
            #expect(error.code == .compressionTruncated)
            #expect(error.byteOffset == length)
        }
    }

    @Test func `Damage is an error that names the byte`() throws {
        var wrongSum = Gzip.stored(Self.line)
        wrongSum[wrongSum.count - 8] ^= 1
        let error = try #require(try SourceText(wrongSum, .native).error())
        #expect(error.code == .compressionCorrupt)
        #expect((wrongSum.count - 8...wrongSum.count).contains(error.byteOffset ?? 0))
        let trailing = Gzip.stored(Self.line)
        #expect(try SourceText(trailing + [7], .native).error() != nil)
    }

    @Test(arguments: ["/nonexistent/file.csv", "/"])
    func `A file that cannot be read is an error`(path: String) {
        let error = #expect(throws: MappingError.self) {
            var reader = try SubmissionReader(path: path, mapping: .native)
            _ = try reader.next()
        }
        #expect(error?.code == (path == "/" ? .notAFile : .fileUnreadable))
        #expect(path == "/" || error?.cause?.isEmpty == false)
    }
}

/// Gzip without compression (RFC 1951, section 3.2.4), which needs no library.
enum Gzip {
    static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var member: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]
        for start in stride(from: 0, to: bytes.count, by: 0xFFFF) {
            let block = bytes[start..<min(start + 0xFFFF, bytes.count)]
            member += [0] + little(UInt16(block.count)) + little(~UInt16(block.count)) + block
        }
        return member + [1, 0, 0, 0xFF, 0xFF] + little(sum(bytes)) + little(UInt32(bytes.count))
    }

    private static func little(_ number: some FixedWidthInteger) -> [UInt8] {
        (0..<number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }

    private static func sum(_ bytes: [UInt8]) -> UInt32 {
        var sum = ~UInt32(0)
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? (sum >> 1) ^ 0xEDB8_8320 : sum >> 1 }
        }
        return ~sum
    }
}
