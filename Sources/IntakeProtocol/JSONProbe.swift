import Dossiers
import Foundation

/// Finds out which fields of a JSON entry are not text, once it is known that the entry cannot be read.
enum JSONProbe {
    /// Paths of the culprits; empty when the bytes are not JSON or the fault is elsewhere.
    static func culprits(in bytes: [UInt8]) -> [String] {
        guard let root = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else { return [] }
        guard let intake = root["intake"] else { return [] }
        guard let dossier = intake as? [String: Any] else { return ["intake"] }
        return Field.allCases.map(\.rawValue).filter { name in
            guard let value = dossier[name] else { return false }
            return !(value is String) && !(value is NSNull)
        }
    }
}
