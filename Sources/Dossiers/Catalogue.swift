/// The units and procedures that are known, and what to do about others.
public struct Catalogue: Sendable {
    /// What happens to dossiers with unknown codes.
    public enum Policy: String, Sendable, CaseIterable {
        /// They are stored and listed as unverified.
        case open
        /// They are quarantined.
        case closed
    }

    /// A procedure.
    public struct Procedure: Sendable, Equatable {
        /// Its sector (lĩnh vực).
        public let sector: String?
        /// How far it is offered online, if that is known.
        public let onlineLevel: OnlineLevel?

        /// A procedure.
        public init(sector: String?, onlineLevel: OnlineLevel?) {
            self.sector = sector
            self.onlineLevel = onlineLevel
        }
    }

    /// What happens to dossiers with unknown codes.
    public var policy: Policy
    /// Codes of the units.
    public var units: Set<String>
    /// Procedures by the first two parts of their codes (or the whole code where it has another form).
    public var procedures: [String: Procedure]

    /// A catalogue.
    public init(policy: Policy = .open, units: Set<String> = [], procedures: [String: Procedure] = [:]) {
        self.policy = policy
        self.units = units
        self.procedures = procedures
    }
}
