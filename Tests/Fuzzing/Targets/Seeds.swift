import Demonstration
import Dossiers
package import Foundation
import IntakeProtocol
import Mapping
import WireMessages

extension FuzzTarget {
    /// Inputs to begin with, made of the golden vectors (`Schemas/wire/vectors.json`) and of made-up dossiers.
    package func seeds(vectors: Data) throws -> [[UInt8]] {
        let vectors = try SeedVectors(vectors)
        let samples = SampleSubmissions(count: 3, seed: 5)
        switch self {
        case .header: return vectors.messages.map { $0.frames.flatMap(\.self) } + vectors.refused + [vectors.tag]
        case .entry:
            return vectors.entries(.protobuf) + (try Self.entries(samples).map { try $0.encoded(as: .protobuf) })
        case .json:
            let entries = try Self.entries(samples).map { try $0.encoded(as: .json) }
            return vectors.entries(.json) + entries + Self.wrongJSON.map { Array($0.utf8) }
        case .batch:
            return vectors.messages.compactMap { message in
                guard let header = try? Header(message.frames[0]), header.command == .batch else { return nil }
                return [UInt8](bigEndian: UInt16(header.count)) + message.frames[1]
            }
        case .message:
            let messages = vectors.messages.compactMap { message -> [UInt8]? in
                guard let form = Self.forms.firstIndex(of: message.kind ?? ""), message.frames.count == 2 else {
                    return nil
                }
                let isJSON = message.frames[1].first == UInt8(ascii: "{")
                return [UInt8(form), isJSON ? 1 : 0] + message.frames[1]
            }
            let rosters = [
                try [6, 0] + Self.roster.encoded(as: .protobuf), try [6, 1] + Self.roster.encoded(as: .json),
            ]
            return messages + rosters
        case .mapping: return Self.mappings.map { Array($0.utf8) }
        case .source: return [samples.flatMap { $0.nativeLine() }] + Self.lines.map { Array($0.utf8) } + [Self.gzipped]
        case .spoolRow: return Self.spoolRows
        case .receipt:
            let receipts = vectors.messages.filter { $0.kind == "Receipt" && $0.frames.count == 2 }
            var seeds: [[UInt8]] = vectors.receipts.map { [0] + $0 }
            seeds += vectors.texts.map { [1] + Array($0.utf8) }
            for body in receipts.map({ $0.frames[1] }) {
                seeds.append([body.first == UInt8(ascii: "{") ? 3 : 2] + body)
            }
            return seeds + Self.verdicts.map { [3] + Array($0.utf8) }
        }
    }

    private static let forms = [
        "Hello", "Welcome", "Receipt", "Credit", "Beat", "Refusal", "Roster", "SurveyTasks", "SurveyTasksDone",
    ]

    private static func entries(_ samples: SampleSubmissions) -> [WireEntry] {
        var entries = samples.map { WireEntry(intake: $0) } + [WireEntry(intake: Submission())]
        // The same letters in another form: composed before they are compared.
        var decomposed = Submission()
        decomposed.dossierCode = "H36.26-220301-0001"
        decomposed.applicantName = "Nguye\u{302}\u{303}n \u{110}u\u{31B}\u{301}c"
        entries.append(WireEntry(intake: decomposed))
        entries.append(WireEntry(correction: decomposed, of: EntryReference(epoch: 7, sequence: 3)))
        if let day = Day(iso8601: "2022-03-01") {
            let cells = [
                TallyCell(channel: "online", procedure: "1.004194"): UInt64(6),
                TallyCell(channel: TallyCell.unknown, procedure: ""): 1,
            ]
            let digest = [UInt8](repeating: 5, count: 32)
            entries.append(WireEntry(manifest: DayManifest(day: day, numbers: 3...9, lastDigest: digest, cells: cells)))
        }
        for index in entries.indices where index % 2 == 1 { entries[index].acceptedAt = 1_646_100_000_000_000 }
        return entries
    }

    private static let wrongJSON = [
        #"{"intake":{"dossier_code":17,"channel":["online"]}}"#, #"{"petition":{"x":[[[[1e400,null,true]]]]}}"#,
        #"{"correction":{"sequence":"18446744073709551615","dossier":{"unit":5}}}"#,
        #"{"intake":{"applicant_name":"\ud83d\ude00\u0000\n"},"accepted_at":-1}"#,
    ]

    private static let roster: WireRoster = {
        var roster = WireRoster()
        roster.version = 9
        var member = WireRoster.Member()
        member.number = 1
        member.name = "dinh-van"
        member.key = Data(repeating: 3, count: 32)
        member.validTo = .max
        roster.members = [member]
        return roster
    }()

    private static let mappings = [
        """
        format: csv
        delimiter: ";"
        time_zone: Asia/Ho_Chi_Minh
        timestamps: "dd/MM/yyyy HH:mm"
        key: code
        fields:
          dossier_code: code
          received_at: at
          channel: { column: channel, values: { Desk: in_person, Internet: online } }
          unit: { constant: H36.26 }

        \u{0}code;at;channel
        A-1;01/03/2022 09:00;Desk
        "A""2"" ";32/13/2022 24:61;Internet
        A-3;;
        """,
        """
        format: ndjson
        code_grammar: opaque
        timestamps: iso8601
        time_zone: Europe/Amsterdam
        corrects: mends
        fields: { dossier_code: case.id, received_at: case.at }
        \u{0}{"case":{"id":"A-1","at":"2022-03-27T02:30:00"},"mends":7}
        {"case":{"id":"A-2","at":"2022-10-30T02:30:00"}}
        """,
        "format: csv\nfields: &a\n  dossier_code: *a\n", "a: [&x [1,2], *x, *x]\n? {b: c}\n: d\n",
        String(repeating: "[", count: 2_000), "\u{FEFF}%YAML 1.2\n--- !!binary |\n  R0lG\n...\n",
    ]

    private static let lines = [
        #"{"dossier_code":"A-1","status":-1.5e3,"unit":"\ud83d\ude00\n"}"# + "\n\n"
            + #"{"dossier_code":"A-2","x":{"y":[1,true,null,{"z":"\u0111"}]}}"# + "\r\n{",
        "\u{FEFF}[1]\n" + #"{"corrects":"12","reasons":"x","dossier_code":"A","dossier_code":"B"}"#,
    ]

    /// A line of NDJSON as gzip writes it without compressing, and the beginning of another member.
    private static let gzipped: [UInt8] = {
        let line = Array(#"{"dossier_code":"A-1"}"#.utf8) + [0x0A]
        let length = UInt16(line.count)
        let sizes = [length, ~length].flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        let end = [Checksum.crc32(line), UInt32(line.count)].flatMap { [UInt8](bigEndian: $0.byteSwapped) }
        return [[0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1], sizes, line, end, [0x1F, 0x8B, 8]].flatMap(\.self)
    }()

    /// Rows as they should be, with other types, damaged, with numbers that no sender has.
    private static let spoolRows: [[UInt8]] = [
        [1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0, 5, 2, 0x7B, 0x7D, 0],
        [1, 0, 0, 0, 0, 2, 0, 0, 0, 6, 3, 0, 6, 0, 0, 5, 0, 0, 0, 0],
        [1, 4, 1, 0x31, 0, 0, 0, 2, 7, 7, 7, 7, 3, 3, 64, 9, 33, 251, 84, 68, 45, 24, 0, 0, 0],
        [1, 0, 5, 0, 0, 0, 2, 0, 5, 3, 1, 2, 3, 0, 5, 1, 9, 4, 2, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0],
        [255, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 127] + [UInt8](repeating: 255, count: 7) + [
            0, 0, 0, 0, 0, 0, 0,
        ],
    ]

    private static let verdicts = [
        #"{"verdicts":[{"first":1,"last":5,"outcome":"STORED"}]}"#,
        #"{"verdicts":[{"first":2,"last":3,"outcome":"REJECTED","reasons":[{"code":"missing","field":"unit"}]},{"first":1,"last":"18446744073709551615","outcome":"CONFLICT"}]}"#,
        #"{"verdicts":[{"first":5,"last":1,"outcome":1},{"first":"9223372036854775808","last":"9223372036854775810","outcome":2},{"first":3,"last":3,"outcome":16}],"retry_after_milliseconds":4294967295}"#,
    ]
}

/// What the seeds take of the golden vectors.
private struct SeedVectors {
    struct Message {
        let kind: String?
        let frames: [[UInt8]]
    }

    let messages: [Message]
    let refused: [[UInt8]]
    let tag: [UInt8]
    let receipts: [[UInt8]]
    let texts: [String]

    private struct Unreadable: Error {}
    private struct File: Decodable {
        struct Parts: Decodable {
            let message: String?
            let frames: [String]
        }
        struct Tag: Decodable { let frame: String }
        struct Receipt: Decodable { let bytes, text: String }
        struct Evidence: Decodable {
            let batches: [Parts]
            let receipts: [Receipt]
        }
        let messages, refusedMessages: [Parts]
        let deliveryTag: Tag
        let evidence: Evidence
    }

    init(_ json: Data) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let file = try decoder.decode(File.self, from: json)
        messages = try (file.messages + file.evidence.batches).map { parts in
            Message(kind: parts.message, frames: try parts.frames.map(Self.bytes))
        }
        refused = try file.refusedMessages.map { try $0.frames.flatMap(Self.bytes) }
        tag = try Self.bytes(file.deliveryTag.frame)
        receipts = try file.evidence.receipts.map { try Self.bytes($0.bytes) }
        texts = file.evidence.receipts.map(\.text)
    }

    /// The entries of all batches that are written in a way.
    func entries(_ type: ContentType) -> [[UInt8]] {
        messages.flatMap { message -> [[UInt8]] in
            guard let header = try? Header(message.frames[0]), header.command == .batch, header.contentType == type,
                let batch = try? BatchBody(message.frames[1], count: Int(header.count))
            else { return [] }
            return batch.items.map { Array($0.bytes) }
        }
    }

    private static func bytes(_ hexadecimal: String) throws -> [UInt8] {
        let digits = Array(hexadecimal.utf8)
        return try stride(from: 0, to: digits.count, by: 2).map { index in
            let pair = String(decoding: digits[index..<min(index + 2, digits.count)], as: UTF8.self)
            guard let byte = UInt8(pair, radix: 16) else { throw Unreadable() }
            return byte
        }
    }
}
