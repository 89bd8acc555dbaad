package import Dossiers

/// Who handed in a dossier: what of it is personal data.
package struct ApplicantDetails: Sendable, Equatable {
    /// Personal id or tax code.
    package var id: String?
    /// Name.
    package var name: String?
    /// Phone number, E.164.
    package var phone: String?

    /// Details.
    package init(id: String?, name: String?, phone: String?) {
        self.id = id
        self.name = name
        self.phone = phone
    }

    /// Those of a dossier; `nil` where it has none.
    package init?(_ dossier: borrowing Dossier) {
        guard dossier.applicantID != nil || dossier.applicantName != nil || dossier.applicantPhone != nil else {
            return nil
        }
        self.init(id: dossier.applicantID, name: dossier.applicantName, phone: dossier.applicantPhone)
    }

    /// Version byte 1, then each as a length (2 bytes, network byte order; all ones for none) and UTF-8.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(7 + (id?.utf8.count ?? 0) + (name?.utf8.count ?? 0) + (phone?.utf8.count ?? 0))
        bytes.append(1)
        Self.append(id, to: &bytes)
        Self.append(name, to: &bytes)
        Self.append(phone, to: &bytes)
        return bytes
    }

    private static func append(_ text: String?, to bytes: inout [UInt8]) {
        // The validator lets nothing through that is longer than 256 characters.
        guard var text, text.utf8.count < 0xFFFF else {
            bytes.append(0xFF)
            bytes.append(0xFF)
            return
        }
        text.withUTF8 { text in
            bytes.append(UInt8(text.count >> 8))
            bytes.append(UInt8(text.count & 0xFF))
            unsafe bytes.append(contentsOf: text)
        }
    }

    /// Reads what ``bytes`` wrote.
    package init?(_ bytes: [UInt8]) {
        guard bytes.first == 1 else { return nil }
        var rest = bytes.dropFirst()
        var texts: [String?] = []
        for _ in 0..<3 {
            guard rest.count >= 2 else { return nil }
            let length = Int(rest[rest.startIndex]) << 8 | Int(rest[rest.startIndex + 1])
            rest = rest.dropFirst(2)
            guard length != 0xFFFF else {
                texts.append(nil)
                continue
            }
            guard rest.count >= length, let text = String(validating: rest.prefix(length), as: UTF8.self) else {
                return nil
            }
            texts.append(text)
            rest = rest.dropFirst(length)
        }
        guard rest.isEmpty else { return nil }
        self.init(id: texts[0], name: texts[1], phone: texts[2])
    }
}
