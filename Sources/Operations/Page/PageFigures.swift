import Adoption
import Dossiers
import Postgres
import Store

/// What the database says for a page of rates.
struct PageFigures: Sendable {
    /// Tallies per channel.
    typealias Tallies = [Channel: Tally]

    /// In microseconds since 1970.
    let now: Int64
    /// Up to where the ledger is in the figures.
    let cursor: String
    let days: PageDays
    let span: ClosedRange<Day>?
    let state: CentreState
    let outstanding: Outstanding
    let names: PageNames
    /// What the trend is in parts of.
    let step: Dimension
    let trend: [AdoptionQuery.Group]
    let byUnit: [AdoptionQuery.Group]
    let byProcedure: [AdoptionQuery.Group]
    /// Of as many days before these, and of the same days a year earlier.
    let before: Tallies?
    let yearBefore: Tallies?

    /// Reads it.
    init(_ question: PageQuestion, zone: LocalZone, on connection: Connection) async throws(PostgresError) {
        let query = AdoptionQuery(connection)
        // What moves while this is read is read again: the cursor comes first.
        cursor = try await Fold(connection).cursor()
        now = try await AdoptionLedger(connection).now()
        span = try await query.span()
        var zone = zone
        days = PageDays(question, today: zone.day(of: Instant(microseconds: now)), span: span)
        step = days.step(within: span)
        // What is outstanding before the figures: what arrives in between is in both, not in neither.
        state = try await CentreState(connection)
        outstanding = Outstanding(
            state, unfolded: try await Fold(connection).backlog(), grants: try await SenderGrants(connection).all(),
            now: now)
        names = try await PageNames(connection)
        let (units, procedures) = (question.unit.map { [$0] } ?? [], question.procedure.map { [$0] } ?? [])
        byUnit = try await query.groups(
            by: [.unit], from: days.from, to: days.to, units: units, procedures: procedures)
        byProcedure = try await query.groups(
            by: [.procedure], from: days.from, to: days.to, units: units, procedures: procedures)
        trend = try await query.groups(
            by: [step], from: days.from, to: days.to, units: units, procedures: procedures)
        before = try await Self.tallies(query, days.before, units, procedures)
        yearBefore = try await Self.tallies(query, days.yearBefore, units, procedures)
    }

    private static func tallies(
        _ query: AdoptionQuery, _ days: PageDays?, _ units: [String], _ procedures: [String]
    ) async throws(PostgresError) -> Tallies? {
        guard let days else { return nil }
        return try await query.groups(by: [], from: days.from, to: days.to, units: units, procedures: procedures)
            .first?.channels
    }

    /// The tallies of all days and units that are asked for: the sum of the table by units.
    var total: Tallies {
        byUnit.reduce(into: [:]) { sum, group in
            for (channel, tally) in group.channels { sum[channel, default: Tally()] += tally }
        }
    }
}

/// What units and procedures are called.
struct PageNames: Sendable {
    let units: [String: String]
    let procedures: [String: String]

    /// Names by codes.
    init(units: [String: String], procedures: [String: String]) {
        self.units = units
        self.procedures = procedures
    }

    /// Those that are in force today.
    init(_ connection: Connection) async throws(PostgresError) {
        let (units, procedures) = try await CatalogueTable(connection).read()
        self.init(
            units: Dictionary(units.map { ($0.code, $0.name) }, uniquingKeysWith: { first, _ in first }),
            procedures: Dictionary(procedures.map { ($0.code, $0.title) }, uniquingKeysWith: { first, _ in first }))
    }

    /// The name of a unit; its code, where it is in no catalogue.
    func unit(_ code: String, _ text: PageText) -> String { Self.name(code, units, text) }

    /// The title of a procedure.
    func procedure(_ code: String, _ text: PageText) -> String { Self.name(code, procedures, text) }

    private static func name(_ code: String, _ names: [String: String], _ text: PageText) -> String {
        code.isEmpty ? text.say("(không ghi)", "(not given)") : names[code] ?? code
    }
}
