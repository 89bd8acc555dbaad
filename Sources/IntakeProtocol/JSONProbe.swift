import Dossiers
import Foundation

/// Finds out which fields of a JSON entry are not text, once it is known that the entry cannot be read.
enum JSONProbe {
    /// Paths of the culprits; empty when the bytes are not JSON or the fault is elsewhere.
    static func culprits(in bytes: [UInt8]) -> [String] {
        guard let root = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else { return [] }
        if let correction = root["correction"] {
            guard let correction = correction as? [String: Any] else { return ["correction"] }
            return correction["dossier"].map { Self.culprits(of: $0, at: "correction.dossier") } ?? []
        }
        return root["intake"].map { Self.culprits(of: $0, at: "intake") } ?? []
    }

    private static func culprits(of value: Any, at path: String) -> [String] {
        guard let dossier = value as? [String: Any] else { return [path] }
        return Field.allCases.map(\.rawValue).filter { name in
            guard let value = dossier[name] else { return false }
            return !(value is String) && !(value is NSNull)
        }
    }
}
