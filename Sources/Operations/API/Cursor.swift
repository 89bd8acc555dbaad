import Crypto
import Dossiers
import Foundation

/// Where a page begins, as a text that only this program makes and reads.
///
/// It belongs to one question: with other parameters it would lead through a mixture of two answers.
struct Cursor {
    /// What it holds.
    let parts: [String]

    init(_ parts: [String]) { self.parts = parts }

    /// Reads one that was made for a question; `nil` for any other.
    init?(_ text: String, of question: String) {
        guard let data = Data(base64URL: text), let plain = String(data: data, encoding: .utf8) else { return nil }
        let parts = plain.components(separatedBy: "\u{1F}")
        guard parts.count > 1, parts[0] == Digest.short(of: question) else { return nil }
        self.parts = Array(parts.dropFirst())
    }

    /// The text, for a question.
    func text(of question: String) -> String {
        Data(([Digest.short(of: question)] + parts).joined(separator: "\u{1F}").utf8).base64URL
    }
}

/// Digests of texts.
enum Digest {
    /// SHA-256 in hexadecimal digits.
    static func full(of text: String) -> String {
        SHA256.hash(data: Data(text.utf8)).map { byte in
            let digits = String(byte, radix: 16)
            return byte < 16 ? "0" + digits : digits
        }.joined()
    }

    /// The beginning of it.
    static func short(of text: String) -> String { String(full(of: text).prefix(16)) }
}

extension Data {
    /// Bytes written in the URL-safe alphabet of RFC 4648, without padding.
    init?(base64URL text: String) {
        guard text.utf8.allSatisfy({ $0 != 43 && $0 != 47 && $0 != 61 }) else { return nil }
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        self.init(base64Encoded: text.replacing("-", with: "+").replacing("_", with: "/") + padding)
    }

    /// Them in the URL-safe alphabet of RFC 4648, without padding.
    var base64URL: String {
        base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
