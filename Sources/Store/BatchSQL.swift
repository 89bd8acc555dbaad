/// The statements of a batch, to be run on a connection for ``DatabaseAddress/Plans/lookups``.
enum BatchSQL {
    /// The columns of a dossier, which an input row has under the same names.
    static let dossierColumns = """
        code, content, received_at, due_at, finished_at, returned_at, received_on, due_on, finished_on,
        returned_on, channel, return_channel, online_level, applicant_kind, status, offered_online,
        unit_unverified, procedure_unverified, unit, procedure, sector, operator, personal, sender,
        epoch, sequence
        """

    /// The tasks of `chosen` dossiers, and the quiet period of those whom they are about.
    /// - Parameter quietDays: number of the parameter that holds its length.
    static func tasks(quietDays: Int) -> String {
        """
        contacted AS (
            INSERT INTO hoso.survey_contact AS c (person, asked_on, is_keyed)
            SELECT DISTINCT person, current_date, true FROM chosen WHERE person IS NOT NULL ORDER BY person
            ON CONFLICT (person) DO UPDATE SET asked_on = excluded.asked_on
            WHERE c.asked_on + $\(quietDays) <= excluded.asked_on RETURNING person
        ), task AS (
            INSERT INTO hoso.survey_task (dossier, not_before)
            SELECT code, not_before FROM chosen WHERE person IS NULL
            UNION ALL
            (SELECT DISTINCT ON (person) h.code, h.not_before
             FROM chosen h JOIN contacted c USING (person) ORDER BY person, h.code COLLATE "C")
        )
        """
    }

    /// Whether a number's ledger row is gone with its period: the outcome that was given when it came, and the last number of
    /// which that is so too; else no row.
    static func forgotten(sender: String, epoch: String, sequence: String) -> String {
        """
        SELECT outcome, last FROM (
            SELECT outcome, last FROM hoso.forgotten
            WHERE sender = \(sender) AND epoch = \(epoch) AND first <= \(sequence) ORDER BY first DESC LIMIT 1) run
        WHERE last >= \(sequence)
        """
    }

    /// What the ledger has of the number of an input row `i`, in whatever period.
    ///
    /// Closed periods are only looked into when they have numbers of the sender's as high as this one. Of what is gone the
    /// digest is not known: it is taken for the same content.
    private static let recorded = """
        SELECT digest, outcome FROM ONLY hoso.intake k
        WHERE k.sender = i.sender AND k.epoch = i.epoch AND k.sequence = i.sequence AND k.part = 0
        UNION ALL
        SELECT o.digest, o.outcome FROM (
            SELECT FROM hoso.sender_epoch e
            WHERE e.sender = i.sender AND e.epoch = i.epoch AND e.closed >= i.sequence LIMIT 1) e
        CROSS JOIN LATERAL (
            (SELECT digest, outcome FROM hoso.intake k
             WHERE k.sender = i.sender AND k.epoch = i.epoch AND k.sequence = i.sequence AND k.part = 0 LIMIT 1)
            UNION ALL
            SELECT i.digest, g.outcome
            FROM (\(forgotten(sender: "i.sender", epoch: "i.epoch", sequence: "i.sequence"))) g) o
        LIMIT 1
        """

    /// Stores dossiers with their ledger rows and survey tasks, and says per entry what became of it.
    ///
    /// An entry that the ledger knows gets the outcome that was recorded first. A dossier whose code exists is a
    /// duplicate or a conflict by its content, as far as this statement's snapshot shows; what it does not show (the
    /// same code a second time in the batch, or in a transaction that committed in between) is answered with NULL and
    /// asked again.
    static let accepted = """
        WITH input AS MATERIALIZED (
            SELECT * FROM unnest(\(AcceptedColumns.placeholders)) AS t (\(AcceptedColumns.names))
        ), known AS MATERIALIZED (
            SELECT i.ordinal, l.digest = i.digest AS same,
                   CASE WHEN l.digest = i.digest THEN l.outcome ELSE 4::smallint END AS outcome
            FROM input i CROSS JOIN LATERAL (
                \(recorded)) l
        ), fresh AS MATERIALIZED (
            SELECT i.* FROM input i WHERE NOT EXISTS (SELECT FROM known k WHERE k.ordinal = i.ordinal)
        ), existing AS MATERIALIZED (
            SELECT f.ordinal, d.same FROM fresh f CROSS JOIN LATERAL (
                SELECT k.content = f.content AS same FROM hoso.dossier k WHERE k.code = f.code
                UNION ALL
                -- Of a dossier that is gone the code stays, with half of its content's hash.
                SELECT g.content = encode(substr(f.content, 1, 16), 'hex')::uuid FROM hoso.dossier_gone g
                WHERE g.code = f.code LIMIT 1) d
        ), inserted AS (
            INSERT INTO hoso.dossier (
                \(dossierColumns))
            SELECT \(dossierColumns)
            FROM fresh f WHERE NOT EXISTS (SELECT FROM existing e WHERE e.ordinal = f.ordinal)
            ORDER BY code COLLATE "C", sender, epoch, sequence
            ON CONFLICT (code) DO NOTHING RETURNING sender, epoch, sequence
        ), decided AS MATERIALIZED (
            SELECT f.ordinal, CASE WHEN n.sequence IS NOT NULL THEN 1::smallint
                                   WHEN e.same THEN 2::smallint
                                   WHEN NOT e.same THEN 4::smallint END AS outcome
            FROM fresh f
            LEFT JOIN inserted n ON n.sender = f.sender AND n.epoch = f.epoch AND n.sequence = f.sequence
            LEFT JOIN existing e ON e.ordinal = f.ordinal
        ), ledger AS (
            INSERT INTO hoso.intake (
                sender, epoch, sequence, digest, outcome, delta, dossier, received_on, channel, return_channel,
                timeliness, offered_online, returned, unit, procedure, sector, operator, accepted_at)
            SELECT f.sender, f.epoch, f.sequence, f.digest, d.outcome, CASE d.outcome WHEN 1 THEN 1 ELSE 0 END, f.code,
                f.received_on, f.channel, f.return_channel, f.timeliness, f.offered_online, f.returned_on IS NOT NULL,
                f.unit, f.procedure_key, f.sector, f.operator, f.accepted_at
            FROM fresh f JOIN decided d ON d.ordinal = f.ordinal WHERE d.outcome IN (1, 2)
            ORDER BY f.sender, f.epoch, f.sequence
            ON CONFLICT (sender, epoch, sequence, part) DO NOTHING RETURNING sender, epoch, sequence
        ), chosen AS MATERIALIZED (
            SELECT f.code, f.not_before, f.person
            FROM fresh f JOIN decided d ON d.ordinal = f.ordinal WHERE d.outcome = 1 AND f.surveyed
        ), \(tasks(quietDays: AcceptedColumns.count + 1))
        SELECT i.ordinal,
               CASE WHEN k.outcome IS NOT NULL THEN k.outcome
                    WHEN d.outcome = 4 THEN 4::smallint
                    WHEN l.sequence IS NOT NULL THEN d.outcome
                    -- A dossier without ledger row: the same entry was recorded by another transaction meanwhile.
                    WHEN d.outcome = 1 THEN hoso.run_again() END,
               coalesce(k.same, false)
        FROM input i
        LEFT JOIN known k ON k.ordinal = i.ordinal
        LEFT JOIN decided d ON d.ordinal = i.ordinal
        LEFT JOIN ledger l ON l.sender = i.sender AND l.epoch = i.epoch AND l.sequence = i.sequence
        """

    /// Keeps day-close manifests with their ledger rows.
    static let manifests = """
        WITH input AS MATERIALIZED (
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AS t (
                ordinal, sender, epoch, sequence, digest, day, first, last, last_digest, cells)
        ), known AS MATERIALIZED (
            SELECT i.ordinal, CASE WHEN l.digest = i.digest THEN l.outcome ELSE 4::smallint END AS outcome
            FROM input i CROSS JOIN LATERAL (
                \(recorded)) l
        ), ledger AS (
            INSERT INTO hoso.intake (sender, epoch, sequence, kind, digest, outcome)
            SELECT sender, epoch, sequence, 3, digest, 1 FROM input i
            WHERE NOT EXISTS (SELECT FROM known k WHERE k.ordinal = i.ordinal)
            ORDER BY sender, epoch, sequence
            ON CONFLICT (sender, epoch, sequence, part) DO NOTHING RETURNING sender, epoch, sequence
        ), kept AS (
            INSERT INTO hoso.manifest (sender, epoch, sequence, day, first, last, last_digest, cells)
            SELECT i.sender, i.epoch, i.sequence, i.day, i.first, i.last, i.last_digest, i.cells::jsonb
            FROM input i JOIN ledger l ON l.sender = i.sender AND l.epoch = i.epoch AND l.sequence = i.sequence
        )
        SELECT i.ordinal, coalesce(k.outcome, CASE WHEN l.sequence IS NOT NULL THEN 1::smallint END), false
        FROM input i
        LEFT JOIN known k ON k.ordinal = i.ordinal
        LEFT JOIN ledger l ON l.sender = i.sender AND l.epoch = i.epoch AND l.sequence = i.sequence
        """

    /// Notes batches as they arrived.
    static let deliveries = """
        INSERT INTO hoso.delivery (sender, epoch, first, last, attempt, received_at, validated_at)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)
        """

    /// Puts entries into the quarantine with their ledger rows, and says per entry what the ledger has.
    static let quarantined = """
        WITH input AS MATERIALIZED (
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) AS t (
                ordinal, sender, epoch, sequence, digest, content_type, outcome, body, dossier, reasons, kind,
                accepted_at, target_epoch, target_sequence, channel, procedure)
        ), rooted AS MATERIALIZED (
            -- A correction of a correction begins where that one began.
            SELECT i.ordinal, coalesce(l.root_epoch, i.target_epoch, i.epoch) AS root_epoch,
                   coalesce(l.root_sequence, i.target_sequence, i.sequence) AS root_sequence
            FROM input i LEFT JOIN LATERAL (
                SELECT root_epoch, root_sequence FROM hoso.intake k
                WHERE k.sender = i.sender AND k.epoch = i.target_epoch AND k.sequence = i.target_sequence
                  AND k.part = 0 LIMIT 1) l ON true
        ), known AS MATERIALIZED (
            SELECT i.ordinal, l.outcome, l.digest = i.digest AS same
            FROM input i CROSS JOIN LATERAL (
                \(recorded)) l
        ), ledger AS (
            INSERT INTO hoso.intake (
                sender, epoch, sequence, digest, outcome, dossier, kind, channel, procedure, accepted_at,
                root_epoch, root_sequence)
            SELECT sender, epoch, sequence, digest, outcome, dossier, kind, channel, procedure, accepted_at,
                   CASE kind WHEN 2 THEN root_epoch END, CASE kind WHEN 2 THEN root_sequence END
            FROM input i JOIN rooted r USING (ordinal)
            WHERE NOT EXISTS (SELECT FROM known k WHERE k.ordinal = i.ordinal)
            ORDER BY sender, epoch, sequence
            ON CONFLICT (sender, epoch, sequence, part) DO NOTHING RETURNING sender, epoch, sequence
        ), kept AS (
            INSERT INTO hoso.quarantine (
                sender, epoch, sequence, content_type, outcome, digest, body, is_sealed, dossier, reasons, kind,
                root_epoch, root_sequence)
            SELECT i.sender, i.epoch, i.sequence, i.content_type, i.outcome, i.digest,
                   -- Of what was erased nothing is stored again.
                   CASE WHEN NOT EXISTS (
                       SELECT FROM hoso.dossier d WHERE d.code = i.dossier AND d.erased_at IS NOT NULL) THEN i.body END,
                   true, i.dossier,
                   i.reasons::jsonb, i.kind, r.root_epoch, r.root_sequence
            FROM input i
            JOIN rooted r ON r.ordinal = i.ordinal
            LEFT JOIN known k ON k.ordinal = i.ordinal
            LEFT JOIN ledger l ON l.sender = i.sender AND l.epoch = i.epoch AND l.sequence = i.sequence
            WHERE l.sequence IS NOT NULL OR NOT k.same
            ORDER BY i.sender, i.epoch, i.sequence
            ON CONFLICT (sender, epoch, sequence, digest) DO NOTHING
        ), forked AS (
            -- One number, two contents: two spools go by one name and epoch.
            INSERT INTO hoso.sender_alarm AS a (sender, epoch, kind, sequence)
            SELECT i.sender, i.epoch, 'fork', min(i.sequence)
            FROM input i JOIN known k ON k.ordinal = i.ordinal WHERE NOT k.same GROUP BY i.sender, i.epoch
            ORDER BY i.sender, i.epoch
            ON CONFLICT (sender, epoch, kind) DO UPDATE SET
                sequence = least(a.sequence, excluded.sequence), times = a.times + 1, last_at = now()
        )
        SELECT i.ordinal,
               CASE WHEN k.outcome IS NULL THEN CASE WHEN l.sequence IS NOT NULL THEN i.outcome END
                    WHEN k.same THEN k.outcome ELSE 4::smallint END,
               true
        FROM input i
        LEFT JOIN known k ON k.ordinal = i.ordinal
        LEFT JOIN ledger l ON l.sender = i.sender AND l.epoch = i.epoch AND l.sequence = i.sequence
        """
}
