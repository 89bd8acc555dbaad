import Dossiers
import Mapping
import Testing

@Suite struct MutationTests {
    private static let csv = """
        code,at,channel,name
        A-1,2022-03-01 09:00:00,Desk,"x, ""y""
        z"
        A-2,2022-03-01,Internet,Nguyễn\r
        A-3,,,5" pipe
        """
    private static let json = #"""
        {"dossier_code":"A-1","received_at":"2022-03-01T09:00:00+07:00","status":-1.5e3,"unit":"\ud83d\ude00\n"}
        {"dossier_code":"A-2","x":{"y":[1,true,null,{"z":"\u0111"}]},"unit":"Nguyễn"}
        """#

    @Test(arguments: 0..<8 as Range<UInt64>)
    func `Whatever bytes a file has, reading ends and no line is reported twice`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let sources = [try SourceText.csv(Self.csv), SourceText.native(Self.json)]
        for source in sources {
            for _ in 0..<150 {
                let bytes = random.mutated(source.bytes)
                try check(SourceText(bytes, source.mapping))
                try check(SourceText(random.mutated(Gzip.stored(bytes)), source.mapping))
            }
        }
    }

    private func check(_ source: SourceText) throws {
        do {
            let rows = try source.rows()
            #expect(zip(rows, rows.dropFirst()).allSatisfy { $0.line < $1.line })
            #expect((rows.last?.line ?? 0) <= source.bytes.count { $0 == UInt8(ascii: "\n") } + 1)
        } catch let error as MappingError {
            #expect(!error.description.isEmpty)
        }
    }

    @Test func `Any text survives the way through a native line`() throws {
        var random = SplitMix(seed: 42)
        var submissions: [Submission] = []
        for _ in 0..<200 {
            var submission = Submission()
            for field in Field.allCases { submission[field] = random.text() }
            submissions.append(submission)
        }
        let rows = try SourceText(submissions.flatMap { $0.nativeLine() }, .native).rows()
        #expect(rows.map(\.submission) == submissions)
    }
}

/// A generator whose numbers are the same on every run (Steele, Lea and Flood 2014).
private struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...6, using: &self) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &self)
            switch next() % 5 {
            case 0: bytes[place] = UInt8(truncatingIfNeeded: next())
            case 1: bytes[place] = Array("\"\\{}[],:\n\r;u0".utf8).randomElement(using: &self) ?? 0
            case 2: bytes.remove(at: place)
            case 3: bytes.insert(contentsOf: bytes[place...].prefix(9), at: place)
            default: bytes.removeSubrange(place...)
            }
        }
        return bytes
    }

    mutating func text() -> String {
        let characters: [Unicode.Scalar] = [
            "a", "\"", "\\", "\u{0}", "\u{1F}", "\n", "đ", "\u{301}", "\u{FFFF}", "😀",
        ]
        var text = ""
        for _ in 0..<Int.random(in: 0...12, using: &self) {
            text.unicodeScalars.append(characters.randomElement(using: &self) ?? "b")
        }
        return text
    }
}
