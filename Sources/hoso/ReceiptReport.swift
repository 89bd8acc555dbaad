import ArgumentParser
import Dossiers
import Foundation
import IntakeProtocol
import Settings

/// How a receipt is written.
enum ReceiptFormat: String, ExpressibleByArgument, CaseIterable {
    /// Lines for people, and the receipt itself.
    case text
    /// Nothing but the receipt, for whatever prints QR codes: the characters are those of the alphanumeric mode.
    case qr
    /// One JSON document.
    case json
}

/// Where a receipt goes.
struct ReceiptOutput: ParsableArguments {
    @Option(help: "File for the receipt, for hoso verify-receipt · Ghi biên nhận vào tệp.", completion: .file())
    var out: String?
    @Option(help: "text, json, or qr: the characters for a QR code · Dạng kết quả.")
    var format = ReceiptFormat.text

    /// Writes a receipt.
    func write(_ report: ReceiptReport, in language: Language) throws {
        if let out {
            do { try Data((report.receipt.text + "\n").utf8).write(to: URL(fileURLWithPath: out)) } catch {
                let sentence = language.choose("không ghi được tệp", "the file cannot be written")
                Console.error("hoso: \(out): \(sentence): \(error.localizedDescription)")
                throw ExitCode(64)
            }
        }
        switch format {
        case .text:
            report.lines(in: language).forEach(Console.line)
            if out == nil { Console.line(report.receipt.text) }
        case .qr: Console.line(report.receipt.text)
        case .json: Console.line(try report.json)
        }
    }
}

/// What a receipt says, ready to be written.
struct ReceiptReport {
    let receipt: DossierReceipt
    private let committedAt: String

    /// A report in local time.
    init(_ receipt: DossierReceipt, zone: LocalZone) {
        var zone = zone
        self.receipt = receipt
        let instant = Instant(microseconds: receipt.committedAt)
        committedAt = instant.rfc3339(offsetSeconds: zone.offsetSeconds(at: instant))
    }

    /// What people want to know of it.
    func lines(in language: Language) -> [String] {
        let number = "\(receipt.sender) #\(receipt.leaf.sequence)"
        switch language {
        case .vietnamese:
            return [
                "Bản ghi:    \(number)", "Kết quả:    \(outcome(in: language))", "Thời điểm:  \(committedAt)",
                "Mã băm:     \(receipt.digestText)", "Khóa:       \(receipt.keyText)",
            ]
        case .english:
            return [
                "Entry:      \(number)", "Outcome:    \(outcome(in: language))", "Committed:  \(committedAt)",
                "Digest:     \(receipt.digestText)", "Key:        \(receipt.keyText)",
            ]
        }
    }

    /// The same for programs; numbers of 64 bits as text.
    var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let members = [
                "id": "\(receipt.sender)#\(receipt.epoch)#\(receipt.leaf.sequence)", "sender": receipt.sender,
                "epoch": "\(receipt.epoch)", "sequence": "\(receipt.leaf.sequence)", "outcome": word,
                "committed_at": committedAt, "digest": receipt.digestText, "key": receipt.keyText,
                "receipt": receipt.text,
            ]
            return String(decoding: try encoder.encode(members), as: UTF8.self)
        }
    }

    /// Whether the centre has the dossier.
    var isTaken: Bool { receipt.leaf.outcome <= 2 }

    private var word: String { ["stored", "duplicate", "rejected", "conflict"][Int(receipt.leaf.outcome) - 1] }

    private func outcome(in language: Language) -> String {
        switch receipt.leaf.outcome {
        case 1: language.choose("đã lưu", "stored")
        case 2: language.choose("trùng: hồ sơ đã được lưu theo số khác", "duplicate: stored under another number")
        case 3: language.choose("bị giữ lại vì có lỗi", "quarantined for its faults")
        default: language.choose("mâu thuẫn, bị giữ lại", "conflict, quarantined")
        }
    }
}
