package import Dossiers
package import Postgres
package import Store

extension AdoptionReport {
    /// Reads a report.
    /// - Parameters:
    ///   - moment: the figures as of then, in microseconds since 1970; `nil`: now, with what is outstanding.
    ///   - limit: most tallies that are read; `nil`: all.
    ///   - outstanding: what is outstanding, where that has been read; it must have been before this.
    package static func read(
        _ connection: Connection, _ metric: Metric, _ scope: AdoptionScope, by dimensions: [Dimension],
        asOf moment: Int64?, in zone: LocalZone, limit: Int? = nil, outstanding: Outstanding? = nil
    ) async throws(PostgresError) -> AdoptionReport {
        let query = AdoptionQuery(connection)
        let span = try await query.span()
        // What is outstanding first: what arrives in between is in the figures and in the bounds, not in neither.
        var outstanding = outstanding
        if moment == nil, outstanding == nil { outstanding = try await Outstanding.read(connection) }
        let groups = try await query.groups(
            by: dimensions, from: scope.from, to: scope.to, units: scope.units, asOf: moment, limit: limit)
        return AdoptionReport(
            metric: metric, dimensions: dimensions, from: scope.from ?? span?.lowerBound,
            to: scope.to ?? [span?.upperBound.advanced(by: 1), scope.from?.advanced(by: 1)].compactMap(\.self).max(),
            timeZone: zone.identifier, groups: groups, outstanding: moment == nil ? outstanding : nil)
    }
}

extension Outstanding {
    /// Reads what is outstanding now.
    /// - Parameter concerns: whether a sender with a grant may be told of; `nil`: all may.
    package static func read(
        _ connection: Connection, concerns: (@Sendable (Authority?) -> Bool)? = nil
    ) async throws(PostgresError) -> Outstanding {
        let now = try await AdoptionLedger(connection).now()
        var senders = try await CentreState.senders(connection)
        let grants = try await SenderGrants(connection).all()
        if let concerns { senders = senders.filter { concerns(grants[$0.name]) } }
        // What is recorded and not folded is in no figure yet either.
        let unfolded = try await Fold(connection).backlog()
        return Outstanding(senders, unfolded: unfolded, grants: grants, now: now)
    }
}

extension ExplanationReport {
    /// Reads an explanation, as of a moment in microseconds since 1970.
    /// - Parameter isWhole: whether also what the whole centre has in its quarantine is told.
    /// - Returns: the report, and after which dossier the next page begins.
    package static func read(
        _ connection: Connection, _ metric: Metric, channel: Channel, _ scope: AdoptionScope, asOf moment: Int64,
        limit: Int, after cursor: (day: Day, code: String)? = nil, isWhole: Bool = true
    ) async throws(PostgresError) -> (report: ExplanationReport, next: (day: Day, code: String)?) {
        let ledger = AdoptionLedger(connection)
        // Of one snapshot, so that what comes in meanwhile is in neither.
        let (standing, figures) = try await ledger.inOneSnapshot { () async throws(PostgresError) in
            let standing = try await ledger.standing(scope, asOf: moment, limit: limit, after: cursor)
            let figures = try await AdoptionQuery(connection).groups(
                by: [], from: scope.from, to: scope.to, units: scope.units, asOf: moment)
            return (standing, figures)
        }
        let quarantine = isWhole ? try await CentreState(connection).quarantine : nil
        let report = ExplanationReport(
            metric, channel: channel, standing: standing,
            figures: figures.flatMap(\.channels.values).reduce(Tally()) { $0 + $1 }, quarantine: quarantine)
        let last = standing.hasMore ? standing.dossiers.last : nil
        return (report, last.map { ($0.receivedOn, $0.code) })
    }
}

extension RestatementReport {
    /// Reads what was restated between two moments, in microseconds since 1970, from at most `limit` ledger rows.
    package static func read(
        _ connection: Connection, _ metric: Metric, channel: Channel = .online, _ scope: AdoptionScope,
        from start: Int64, to end: Int64, in zone: LocalZone, limit: Int
    ) async throws(PostgresError) -> RestatementReport {
        let (ledger, query) = (AdoptionLedger(connection), AdoptionQuery(connection))
        let (rates, changes) = try await ledger.inOneSnapshot { () async throws(PostgresError) in
            var rates: [Rate] = []
            for moment in [start, end] {
                let groups = try await query.groups(
                    by: [], from: scope.from, to: scope.to, units: scope.units, asOf: moment)
                rates.append(metric.rate(of: groups.first?.channels ?? [:], channel: channel))
            }
            return (rates, try await ledger.changes(scope, after: start, upTo: end, limit: limit + 1))
        }
        var local = zone
        let day = local.day(of: Instant(microseconds: start))
        return RestatementReport(
            Restatement.all(in: Array(changes.prefix(limit)), since: day), metric: metric, channel: channel,
            rates: (rates[0], rates[1]),
            moments: (start, end), zone: zone, isCut: changes.count > limit)
    }
}
