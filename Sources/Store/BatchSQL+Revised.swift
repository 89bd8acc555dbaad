extension BatchSQL {
    /// Stores dossiers that take the place of what an earlier entry said, and entries that are replayed.
    ///
    /// All corrections that lead back to one entry, its root, are about one dossier. Once that is settled it keeps its
    /// code, and the entry with the highest number stands, in whatever order they come; a dossier that another entry
    /// stored is never touched. What is replaced is withdrawn by a ledger row of -1 in the same transaction, and quarantine
    /// entries that this settles are closed. Of two transactions that would settle one root, the second is run again.
    /// Besides outcomes, -1 says that the ledger has no entry with the number named, -2 that the code would change.
    ///
    /// Its plan needs nested loops, see ``nestedLoops``.
    static let revised = """
        WITH input AS MATERIALIZED (
            SELECT * FROM unnest(\(AcceptedColumns.placeholders), \(revisionPlaceholders)) AS t (
                \(AcceptedColumns.names), kind, target_epoch, target_sequence, part)
        ), known AS MATERIALIZED (
            SELECT i.ordinal, l.digest = i.digest AS same,
                   CASE WHEN l.digest = i.digest THEN l.outcome ELSE 4::smallint END AS outcome
            FROM input i CROSS JOIN LATERAL (
                (SELECT digest, outcome FROM hoso.intake k
                 WHERE k.sender = i.sender AND k.epoch = i.epoch AND k.sequence = i.sequence
                   AND k.part >= i.part AND (i.part > 0 OR k.part = 0) ORDER BY k.part LIMIT 1)
                UNION ALL
                SELECT i.digest, g.outcome
                FROM (\(forgotten(sender: "i.sender", epoch: "i.epoch", sequence: "i.sequence"))) g WHERE i.part = 0
                LIMIT 1) l
        ), fresh AS MATERIALIZED (
            SELECT i.* FROM input i WHERE NOT EXISTS (SELECT FROM known k WHERE k.ordinal = i.ordinal)
        ), target AS MATERIALIZED (
            SELECT f.ordinal, r.root_epoch, r.root_sequence
            FROM fresh f CROSS JOIN LATERAL (
                -- A correction may have come before the one that it corrects, whose own root was not known then; that
                -- of one that took effect stays.
                WITH RECURSIVE link AS (
                    SELECT f.target_epoch AS epoch, f.target_sequence AS sequence, false AS is_last, 0 AS depth
                    UNION ALL
                    SELECT k.root_epoch, k.root_sequence, k.outcome <= 2, depth + 1
                    FROM link CROSS JOIN LATERAL (
                        SELECT root_epoch, root_sequence, outcome FROM hoso.intake k
                        WHERE k.sender = f.sender AND k.epoch = link.epoch AND k.sequence = link.sequence
                          AND k.delta >= 0 ORDER BY k.part DESC LIMIT 1) k
                    WHERE k.root_sequence IS NOT NULL AND NOT link.is_last AND depth < 16
                      AND (k.root_epoch, k.root_sequence) <> (link.epoch, link.sequence)
                      AND (EXISTS (
                          SELECT FROM hoso.intake e
                          WHERE e.sender = f.sender AND e.epoch = k.root_epoch AND e.sequence = k.root_sequence
                            AND e.part = 0 AND e.kind <> 3)
                        OR EXISTS (
                          \(forgotten(sender: "f.sender", epoch: "k.root_epoch", sequence: "k.root_sequence"))))
                )
                SELECT link.epoch AS root_epoch, link.sequence AS root_sequence FROM link ORDER BY depth DESC LIMIT 1) r
            WHERE EXISTS (
                SELECT FROM hoso.intake k
                WHERE k.sender = f.sender AND k.epoch = f.target_epoch AND k.sequence = f.target_sequence
                  AND k.part = 0 AND k.kind <> 3)
        ), settled AS MATERIALIZED (
            -- The code under which the root's dossier was stored, or found to be stored.
            SELECT t.ordinal, coalesce(o.dossier, c.dossier) AS dossier
            FROM target t
            JOIN fresh f ON f.ordinal = t.ordinal
            LEFT JOIN LATERAL (
                SELECT dossier FROM hoso.intake k
                WHERE k.sender = f.sender AND k.epoch = t.root_epoch AND k.sequence = t.root_sequence
                  AND k.outcome <= 2 LIMIT 1) o ON true
            LEFT JOIN LATERAL (
                SELECT dossier FROM hoso.intake k
                WHERE k.sender = f.sender AND k.root_epoch = t.root_epoch AND k.root_sequence = t.root_sequence
                  AND k.outcome <= 2 LIMIT 1) c ON true
        ), received AS MATERIALIZED (
            -- Of a number that two spools have used, the ledger has one content; the other cannot be replayed.
            SELECT f.ordinal, l.digest = f.digest AS same
            FROM fresh f CROSS JOIN LATERAL (
                SELECT digest FROM hoso.intake k
                WHERE k.sender = f.sender AND k.epoch = f.epoch AND k.sequence = f.sequence AND k.part = 0 LIMIT 1) l
            WHERE f.part > 0
        ), current AS MATERIALIZED (
            SELECT f.ordinal, d.content = f.content AS same, d.sender, d.epoch, d.sequence,
                   coalesce(o.root_epoch, d.epoch) AS root_epoch, coalesce(o.root_sequence, d.sequence) AS root_sequence,
                   -- What the ledger says of it; of a row that is gone, what the dossier itself says.
                   coalesce(o.received_on, d.received_on) AS received_on, coalesce(o.channel, d.channel) AS channel,
                   CASE WHEN o.id IS NULL THEN d.return_channel ELSE o.return_channel END AS return_channel,
                   coalesce(o.timeliness, CASE WHEN d.finished_on IS NULL THEN 0 WHEN d.due_on IS NULL THEN 1
                       WHEN d.finished_on < d.due_on THEN 2 WHEN d.finished_on = d.due_on THEN 3 ELSE 4 END::smallint)
                       AS timeliness,
                   coalesce(o.offered_online, d.offered_online) AS offered_online,
                   coalesce(o.returned, d.returned_on IS NOT NULL) AS returned, coalesce(o.unit, d.unit) AS unit,
                   CASE WHEN o.id IS NULL THEN coalesce(
                       substring(d.procedure from '^([0-9][.][0-9]{6})([.][0-9A-Z.]*)?$'), d.procedure)
                       ELSE o.procedure END AS procedure,
                   CASE WHEN o.id IS NULL THEN d.sector ELSE o.sector END AS sector,
                   CASE WHEN o.id IS NULL THEN d.operator ELSE o.operator END AS operator
            FROM fresh f
            CROSS JOIN LATERAL (SELECT * FROM hoso.dossier k WHERE k.code = f.code LIMIT 1) d
            LEFT JOIN LATERAL (
                SELECT * FROM hoso.intake k
                WHERE k.sender = d.sender AND k.epoch = d.epoch AND k.sequence = d.sequence AND k.delta = 1
                ORDER BY k.part DESC LIMIT 1) o ON true
        ), decided AS MATERIALIZED (
            SELECT f.ordinal, c.ordinal IS NOT NULL AS exists, CASE
                WHEN t.ordinal IS NULL THEN -1::smallint
                WHEN NOT r.same THEN 4::smallint
                WHEN s.dossier <> f.code THEN -2::smallint
                -- One entry of the batch settles a root; the others are asked again.
                WHEN s.dossier IS NULL AND EXISTS (
                    SELECT FROM target o JOIN fresh g ON g.ordinal = o.ordinal
                    WHERE g.sender = f.sender AND o.root_epoch = t.root_epoch AND o.root_sequence = t.root_sequence
                      AND o.ordinal < f.ordinal) THEN NULL
                WHEN c.ordinal IS NULL THEN 1::smallint
                WHEN c.sender <> f.sender OR (c.root_epoch, c.root_sequence) <> (t.root_epoch, t.root_sequence)
                    THEN CASE WHEN c.same THEN 2::smallint ELSE 4::smallint END
                -- A later correction was stored first.
                WHEN c.epoch = f.epoch AND c.sequence > f.sequence THEN 2::smallint
                ELSE 1::smallint END AS outcome, s.dossier IS NULL AS settles
            FROM fresh f
            LEFT JOIN target t ON t.ordinal = f.ordinal
            LEFT JOIN settled s ON s.ordinal = f.ordinal
            LEFT JOIN received r ON r.ordinal = f.ordinal
            LEFT JOIN current c ON c.ordinal = f.ordinal
        ), inserted AS (
            INSERT INTO hoso.dossier (\(dossierColumns))
            SELECT \(dossierColumns) FROM fresh f
            WHERE EXISTS (SELECT FROM decided d WHERE d.ordinal = f.ordinal AND d.outcome = 1 AND NOT d.exists)
            ORDER BY code COLLATE "C"
            ON CONFLICT (code) DO NOTHING RETURNING sender, epoch, sequence
        ), updated AS (
            UPDATE hoso.dossier k SET (\(dossierColumns), applicant_id, applicant_name, applicant_phone)
                = ROW (\(revisedColumns), NULL, NULL, NULL)
            FROM fresh f
            JOIN decided d ON d.ordinal = f.ordinal AND d.outcome = 1
            JOIN current c ON c.ordinal = f.ordinal
            -- Another transaction may have revised it since.
            WHERE k.code = f.code AND k.sender = c.sender AND k.epoch = c.epoch AND k.sequence = c.sequence
            RETURNING k.sender, k.epoch, k.sequence
        ), done AS MATERIALIZED (
            SELECT f.ordinal, f.sender, f.epoch, f.sequence, d.outcome, d.settles, t.root_epoch, t.root_sequence
            FROM fresh f
            JOIN decided d ON d.ordinal = f.ordinal
            JOIN target t ON t.ordinal = f.ordinal
            WHERE d.outcome = 2 OR d.outcome = 1 AND (f.sender, f.epoch, f.sequence) IN (
                SELECT sender, epoch, sequence FROM inserted UNION ALL SELECT sender, epoch, sequence FROM updated)
        ), ledger AS (
            INSERT INTO hoso.intake (
                sender, epoch, sequence, part, kind, root_epoch, root_sequence, digest, outcome, delta, dossier,
                received_on, channel, return_channel, timeliness, offered_online, returned, unit, procedure, sector,
                operator, accepted_at)
            SELECT f.sender, f.epoch, f.sequence, f.part, f.kind, n.root_epoch, n.root_sequence, f.digest, n.outcome,
                CASE n.outcome WHEN 1 THEN 1 ELSE 0 END, f.code, f.received_on, f.channel, f.return_channel,
                f.timeliness, f.offered_online, f.returned_on IS NOT NULL, f.unit, f.procedure_key, f.sector, f.operator,
                f.accepted_at
            FROM fresh f JOIN done n ON n.ordinal = f.ordinal
            ORDER BY f.sender, f.epoch, f.sequence
            ON CONFLICT (sender, epoch, sequence, part) DO NOTHING RETURNING sender, epoch, sequence
        ), withdrawn AS (
            INSERT INTO hoso.intake (
                sender, epoch, sequence, part, kind, root_epoch, root_sequence, digest, outcome, delta, dossier,
                received_on, channel, return_channel, timeliness, offered_online, returned, unit, procedure, sector,
                operator)
            SELECT f.sender, f.epoch, f.sequence, f.part + 1, f.kind, n.root_epoch, n.root_sequence, f.digest, 1, -1,
                f.code, c.received_on, c.channel, c.return_channel, c.timeliness, c.offered_online, c.returned, c.unit,
                c.procedure, c.sector, c.operator
            FROM fresh f
            JOIN done n ON n.ordinal = f.ordinal AND n.outcome = 1
            JOIN current c ON c.ordinal = f.ordinal
            JOIN ledger l ON l.sender = f.sender AND l.epoch = f.epoch AND l.sequence = f.sequence
            ORDER BY f.sender, f.epoch, f.sequence
        ), closing AS MATERIALIZED (
            SELECT q.id, f.part, f.epoch, f.sequence
            FROM fresh f
            JOIN done n ON n.ordinal = f.ordinal
            JOIN ledger l ON l.sender = f.sender AND l.epoch = f.epoch AND l.sequence = f.sequence
            CROSS JOIN LATERAL (
                SELECT id, epoch, sequence, digest FROM hoso.quarantine k
                WHERE k.sender = f.sender AND k.root_epoch = n.root_epoch AND k.root_sequence = n.root_sequence
                UNION
                SELECT id, epoch, sequence, digest FROM hoso.quarantine k
                WHERE k.sender = f.sender AND k.epoch = n.root_epoch AND k.sequence = n.root_sequence
                UNION
                SELECT id, epoch, sequence, digest FROM hoso.quarantine k
                WHERE k.sender = f.sender AND k.epoch = f.epoch AND k.sequence = f.sequence) q
            -- Not what was sent later, and of a number that two spools have used only what the ledger has.
            WHERE (q.epoch <> f.epoch OR q.sequence <= f.sequence) AND q.digest = (
                SELECT digest FROM hoso.intake k
                WHERE k.sender = f.sender AND k.epoch = q.epoch AND k.sequence = q.sequence AND k.part = 0)
        ), closed AS (
            INSERT INTO hoso.quarantine_closure (quarantine, cause, epoch, sequence)
            SELECT id, CASE WHEN part > 0 THEN 'replayed' ELSE 'corrected' END, epoch, sequence
            FROM closing ORDER BY id
            ON CONFLICT (quarantine) DO NOTHING
        ), claimed AS (
            INSERT INTO hoso.settled_root (sender, epoch, sequence)
            SELECT sender, root_epoch, root_sequence FROM done WHERE settles ORDER BY 1, 2, 3
            ON CONFLICT (sender, epoch, sequence) DO NOTHING RETURNING sender, epoch, sequence
        ), late AS MATERIALIZED (
            -- Another transaction has settled the root since this statement began.
            SELECT n.ordinal FROM done n WHERE n.settles AND NOT EXISTS (
                SELECT FROM claimed c
                WHERE c.sender = n.sender AND c.epoch = n.root_epoch AND c.sequence = n.root_sequence)
        ), chosen AS MATERIALIZED (
            SELECT f.code, f.not_before, f.person
            FROM fresh f JOIN done n ON n.ordinal = f.ordinal WHERE n.outcome = 1 AND f.surveyed
              AND NOT EXISTS (SELECT FROM hoso.survey_task t WHERE t.dossier = f.code)
              -- Its task may be gone with the ledger of its time.
              AND NOT EXISTS (\(forgotten(sender: "f.sender", epoch: "n.root_epoch", sequence: "n.root_sequence")))
        ), \(tasks(quietDays: AcceptedColumns.count + 5))
        SELECT i.ordinal,
               CASE WHEN k.outcome IS NOT NULL THEN k.outcome
                    WHEN d.outcome NOT IN (1, 2) THEN d.outcome
                    WHEN e.ordinal IS NOT NULL THEN hoso.run_again()
                    WHEN l.sequence IS NOT NULL THEN n.outcome
                    WHEN n.ordinal IS NOT NULL THEN hoso.run_again() END,
               coalesce(k.same, false)
        FROM input i
        LEFT JOIN late e ON e.ordinal = i.ordinal
        LEFT JOIN known k ON k.ordinal = i.ordinal
        LEFT JOIN decided d ON d.ordinal = i.ordinal
        LEFT JOIN done n ON n.ordinal = i.ordinal
        LEFT JOIN ledger l ON l.sender = i.sender AND l.epoch = i.epoch AND l.sequence = i.sequence
        """

    /// Run before ``revised``, in its transaction: without nested loops, which the other statements do without, it would
    /// read whole tables.
    static let nestedLoops = "SET LOCAL enable_nestloop = on"

    /// Notes what a replay stored, in the transaction that stores it.
    static let replayed = """
        INSERT INTO hoso.replay_entry (replay, quarantine, outcome)
        SELECT $1, q.id, i.outcome
        FROM hoso.quarantine q CROSS JOIN LATERAL (
            SELECT outcome FROM hoso.intake k
            WHERE k.sender = q.sender AND k.epoch = q.epoch AND k.sequence = q.sequence AND k.part > 0
              AND k.delta >= 0 AND k.xid = pg_current_xact_id() LIMIT 1) i
        WHERE q.id = ANY ($2) ON CONFLICT DO NOTHING
        """

    /// `kind`, `target_epoch`, `target_sequence` and `part` of a revision.
    private static let revisionPlaceholders = (1...4).map { "$\(AcceptedColumns.count + $0)" }.joined(separator: ", ")
    private static let revisedColumns =
        dossierColumns.split(whereSeparator: { ", \n".contains($0) }).map { column in
            // What was erased stays so, whatever is corrected afterwards.
            column == "personal" ? "CASE WHEN k.erased_at IS NULL THEN f.personal END" : "f.\(column)"
        }.joined(separator: ", ")
}
