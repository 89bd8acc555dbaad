import Dossiers
import Store

/// Whoever asks, and what they may know.
struct Caller: Sendable, Equatable {
    /// What they are counted under.
    let name: String
    /// What they may ask.
    let role: AccessTokens.Role
    /// The units that they may see, each with those below it; `nil`: all.
    let units: [String]?

    /// Whether they may see a unit, or one with those below it, `H36.31.*`.
    func mayAsk(of unit: String) -> Bool {
        guard let units else { return true }
        let code = unit.hasSuffix(".*") ? String(unit.dropLast(2)) : unit
        return units.contains { Self.covers($0, code) }
    }

    /// What they are answered about when they name no unit.
    var allUnits: [String] { units.map { $0.map { "\($0).*" } } ?? [] }

    /// Whether they may know that a sender is silent or behind, by what it may hand in.
    func mayKnow(of grant: Authority?) -> Bool {
        guard let units, let theirs = grant?.units else { return true }
        return theirs.contains { their in units.contains { Self.covers($0, their) || Self.covers(their, $0) } }
    }

    private static func covers(_ unit: String, _ other: String) -> Bool {
        guard other.utf8.starts(with: unit.utf8) else { return false }
        let rest = other.utf8.dropFirst(unit.utf8.count)
        return rest.isEmpty || rest.first == UInt8(ascii: ".")
    }
}
