package import Dossiers

extension Submission {
    /// The submission as a line of hoso's own NDJSON, line feed included: the keys of ``Field`` whose text is not
    /// empty, in the order of the cases, escaped as RFC 8259 demands.
    /// - Parameters:
    ///   - corrects: the entry that the line corrects; empty for a new dossier.
    ///   - reasons: why that entry was refused, for the person who corrects it.
    package func nativeLine(corrects: String = "", reasons: String = "") -> [UInt8] {
        var line = JSONLine()
        line.add(key: "corrects", corrects)
        line.add(key: "reasons", reasons)
        line.add(.dossierCode, dossierCode)
        line.add(.codeGrammar, codeGrammar)
        line.add(.receivedAt, receivedAt)
        line.add(.dueAt, dueAt)
        line.add(.finishedAt, finishedAt)
        line.add(.returnedAt, returnedAt)
        line.add(.unit, unit)
        line.add(.procedure, procedure)
        line.add(.sector, sector)
        line.add(.channel, channel)
        line.add(.returnChannel, returnChannel)
        line.add(.deskOperator, deskOperator)
        line.add(.onlineLevel, onlineLevel)
        line.add(.applicantKind, applicantKind)
        line.add(.applicantID, applicantID)
        line.add(.applicantName, applicantName)
        line.add(.applicantPhone, applicantPhone)
        line.add(.status, status)
        return line.finished()
    }
}

/// A flat JSON object while it is being written.
private struct JSONLine {
    private static let betweenKeyAndText = Array(#"":""#.utf8)
    private static let hexadecimal = Array("0123456789abcdef".utf8)

    private var bytes: [UInt8] = [UInt8(ascii: "{")]

    init() { bytes.reserveCapacity(512) }

    mutating func add(_ field: Field, _ text: String) { add(key: field.rawValue, text) }

    mutating func add(key: String, _ text: String) {
        guard !text.isEmpty else { return }
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: key.utf8)
        bytes.append(contentsOf: Self.betweenKeyAndText)
        append(text)
        bytes.append(UInt8(ascii: "\""))
    }

    consuming func finished() -> [UInt8] {
        bytes.append(UInt8(ascii: "}"))
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    private mutating func append(_ text: String) {
        let start = bytes.count
        bytes.append(contentsOf: text.utf8)
        guard bytes[start...].contains(where: Self.isSpecial) else { return }
        bytes.removeSubrange(start...)
        for byte in text.utf8 {
            if Self.isSpecial(byte) { escape(byte) } else { bytes.append(byte) }
        }
    }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func escape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case UInt8(ascii: "\n"): bytes.append(UInt8(ascii: "n"))
        case UInt8(ascii: "\r"): bytes.append(UInt8(ascii: "r"))
        case UInt8(ascii: "\t"): bytes.append(UInt8(ascii: "t"))
        default:
            bytes.append(contentsOf: Array("u00".utf8))
            bytes.append(Self.hexadecimal[Int(byte >> 4)])
            bytes.append(Self.hexadecimal[Int(byte & 0xF)])
        }
    }
}
