package import Postgres

/// The way of one dossier from its sender to the figures.
package struct Trace {
    /// What happened, in the order in which things follow one another.
    package enum Kind: String, Sendable, CaseIterable {
        /// The sender had it on its disk, by the sender's clock.
        case accepted
        /// A batch with it arrived; the sender had sent it so many times by then.
        case sent
        /// A worker had it.
        case received
        /// A worker had validated it.
        case validated
        /// Committed with its ledger row and, where the policy chose it, its survey task.
        case stored
        /// Committed: the same dossier had been stored under another number.
        case duplicate
        /// Committed to the quarantine for its faults.
        case rejected
        /// Committed to the quarantine because other content has its code or number.
        case conflict
        /// A correction took the place of what had been stored.
        case withdrawn
        /// Its quarantine entry was closed.
        case closed
        /// The sender had said that it has the receipt.
        case receipted
        /// Its survey task was emitted.
        case surveyTask = "survey_task"
        /// A survey sender had carried the task out.
        case surveyAcknowledged = "survey_acknowledged"
        /// It was counted in, or out, of a cell of the roll-up.
        case counted
    }

    /// Something that happened to it.
    package struct Event: Sendable, Equatable {
        /// When, in microseconds since 1970.
        package let at: Int64
        /// What.
        package let kind: Kind
        /// The sender, or empty.
        package let sender: String
        /// Its number there, or 0; for survey tasks the task's id.
        package let number: Int64
        /// `intake`, `correction` or `replay` for what was committed; how often it had been sent; the cause of a closure;
        /// the cell that was counted, with its sign.
        package let detail: String
        /// Reasons as a JSON array, or empty.
        package let reasons: String
    }

    private let connection: Connection

    /// Traces on a connection.
    package init(_ connection: Connection) { self.connection = connection }

    /// Events of the dossier with a code, in order of time.
    package func events(of code: String) async throws(PostgresError) -> [Event] {
        var parameters = Parameters()
        parameters.append(code)
        let result = try await connection.run(Self.sql, parameters, as: "trace a dossier", within: .seconds(30))
        return (0..<result.count).compactMap { row in
            guard let kind = Kind(rawValue: result.string(row, 1)) else { return nil }
            return Event(
                at: result.microseconds(row, 0), kind: kind, sender: result.string(row, 2),
                number: result.int64(row, 3), detail: result.string(row, 4), reasons: result.string(row, 5))
        }
    }

    /// The unit under which a dossier counts now; `nil` when nothing is stored of it.
    package func unit(of code: String) async throws(PostgresError) -> String? {
        var parameters = Parameters()
        parameters.append(code)
        let result = try await connection.run(
            "SELECT coalesce(unit, '') FROM hoso.dossier WHERE code = $1", parameters, as: "find a dossier's unit")
        return result.count == 0 ? nil : result.string(0, 0)
    }

    /// A dossier's stored entry is found through the dossier, all others through their code; a correction leads to the
    /// entry with which the dossier began.
    private static let sql = """
        WITH named AS (
            SELECT sender, epoch, sequence FROM hoso.dossier WHERE code = $1
            UNION SELECT sender, epoch, sequence FROM hoso.intake WHERE dossier = $1 AND outcome <> 1
            UNION SELECT sender, epoch, sequence FROM hoso.intake
                  WHERE dossier = $1 AND (part > 0 OR root_sequence IS NOT NULL)
            UNION SELECT sender, epoch, sequence FROM hoso.quarantine WHERE dossier = $1
        ), mine AS MATERIALIZED (
            SELECT sender, epoch, sequence FROM named
            UNION SELECT i.sender, i.root_epoch, i.root_sequence
                  FROM named n JOIN hoso.intake i USING (sender, epoch, sequence)
                  -- A correction that was refused is nothing of the dossier that it would have changed.
                  WHERE i.root_sequence IS NOT NULL AND i.outcome <= 2
        ), ledger AS MATERIALIZED (
            SELECT i.*, s.name FROM mine JOIN hoso.intake i USING (sender, epoch, sequence)
            JOIN hoso.sender s ON s.id = i.sender
        ), delivered AS MATERIALIZED (
            SELECT m.sequence, s.name, d.* FROM mine m JOIN hoso.sender s ON s.id = m.sender
            CROSS JOIN LATERAL (
                SELECT attempt, received_at, validated_at, receipted_at FROM hoso.delivery k
                WHERE k.sender = m.sender AND k.epoch = m.epoch AND k.last >= m.sequence
                  -- A batch has at most 512 entries.
                  AND k.first BETWEEN m.sequence - 511 AND m.sequence ORDER BY k.id LIMIT 20) d
        ), events AS (
            SELECT accepted_at AS at, 1 AS rank, 'accepted' AS kind, name, sequence AS number, '' AS detail,
                   '' AS reasons
            FROM ledger WHERE part = 0 AND accepted_at IS NOT NULL
            UNION ALL SELECT received_at, 2, 'sent', name, sequence, CASE attempt WHEN 0 THEN '' ELSE attempt::text END, ''
                      FROM delivered
            UNION ALL SELECT received_at, 3, 'received', name, sequence, '', '' FROM delivered
            UNION ALL SELECT validated_at, 4, 'validated', name, sequence, '', '' FROM delivered
            UNION ALL SELECT recorded_at, 5, (ARRAY['stored', 'duplicate', 'rejected', 'conflict'])[outcome], name,
                             sequence, CASE WHEN part > 0 THEN 'replay' WHEN kind = 2 THEN 'correction'
                                            WHEN kind = 1 THEN 'intake' ELSE '' END, ''
                      FROM ledger WHERE delta >= 0 AND outcome <= 2
            UNION ALL SELECT q.recorded_at, 5, (ARRAY['rejected', 'conflict'])[q.outcome - 2], s.name, q.sequence,
                             CASE q.kind WHEN 2 THEN 'correction' WHEN 1 THEN 'intake' ELSE '' END, q.reasons::text
                      FROM mine JOIN hoso.quarantine q USING (sender, epoch, sequence)
                      JOIN hoso.sender s ON s.id = q.sender
            UNION ALL SELECT recorded_at, 6, 'withdrawn', name, sequence, 'correction', '' FROM ledger WHERE delta < 0
            UNION ALL SELECT c.closed_at, 7, 'closed', s.name, q.sequence,
                             concat_ws(' #', c.cause, NULLIF(c.sequence, q.sequence)), ''
                      FROM mine JOIN hoso.quarantine q USING (sender, epoch, sequence)
                      JOIN hoso.quarantine_closure c ON c.quarantine = q.id JOIN hoso.sender s ON s.id = q.sender
            UNION ALL SELECT l.recorded_at, 8, 'survey_task', '', t.id, '', ''
                      FROM hoso.survey_task t
                      CROSS JOIN LATERAL (SELECT recorded_at FROM ledger WHERE xid = t.xid LIMIT 1) l
                      WHERE t.dossier = $1
            UNION ALL SELECT receipted_at, 9, 'receipted', name, sequence, '', ''
                      FROM delivered WHERE receipted_at IS NOT NULL
            UNION ALL SELECT a.acknowledged_at, 10, 'survey_acknowledged', '', t.id, '', ''
                      FROM hoso.survey_task t JOIN hoso.survey_acknowledgement a ON a.task = t.id WHERE t.dossier = $1
            -- After a week the fold's second is forgotten.
            UNION ALL SELECT coalesce(
                          (SELECT min(at) FROM hoso.fold_second f WHERE (f.xid, f.id) >= (l.xid, l.id)
                             AND NOT EXISTS (SELECT FROM hoso.fold_second o WHERE o.at < now() - interval '6 days'
                                             AND (o.xid, o.id) >= (l.xid, l.id))), l.recorded_at),
                          11, 'counted', l.name, l.sequence,
                          CASE WHEN delta < 0 THEN '−1 ' ELSE '+1 ' END
                              || concat_ws(' · ', received_on::text, (ARRAY['in_person', 'online', 'postal'])[channel],
                                           unit, procedure, sector, operator), ''
                      FROM ledger l, hoso.fold f
                      WHERE f.name = 'adoption' AND delta <> 0 AND (l.xid, l.id) <= (f.xid, f.id)
        )
        SELECT at, kind, name, number, detail, reasons FROM events ORDER BY at, rank, number
        """
}
