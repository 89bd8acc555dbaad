/// What a sender may hand in; `nil` stands for everything.
public struct Authority: Sendable, Equatable {
    /// The channels.
    public var channels: Set<Channel>?
    /// The units by their codes, each with the units below it: `H36.31` stands for `H36.31.02` too.
    public var units: [String]?
    /// The procedures, by the first two parts of national codes and the whole of others.
    public var procedures: Set<String>?
    /// The grammar of its dossier codes.
    public var grammar: CodeGrammar?

    /// An authority.
    public init(
        channels: Set<Channel>? = nil, units: [String]? = nil, procedures: Set<String>? = nil,
        grammar: CodeGrammar? = nil
    ) {
        self.channels = channels
        self.units = units
        self.procedures = procedures
        self.grammar = grammar
    }

    /// What of a dossier is beyond it, in order of the fields; the result's way back is the citizen's choice.
    public func faults(in dossier: Dossier) -> [Fault] {
        var faults: [Fault] = []
        if let grammar, grammar != dossier.codeGrammar {
            faults.append(Fault(.codeGrammarNotAllowed, .codeGrammar, value: dossier.codeGrammar.code))
        }
        if let units, !units.contains(where: { Self.covers($0, dossier.unit) }) {
            faults.append(Fault(.unitNotAllowed, .unit, value: dossier.unit))
        }
        if let procedures, !(dossier.procedureKey.map(procedures.contains) ?? false) {
            faults.append(Fault(.procedureNotAllowed, .procedure, value: dossier.procedure ?? ""))
        }
        if let channels, !channels.contains(dossier.channel) {
            faults.append(Fault(.channelNotAllowed, .channel, value: dossier.channel.code))
        }
        return faults
    }

    private static func covers(_ unit: String, _ other: String) -> Bool {
        guard other.utf8.starts(with: unit.utf8) else { return false }
        let rest = other.utf8.dropFirst(unit.utf8.count)
        return rest.isEmpty || rest.first == UInt8(ascii: ".")
    }
}
