-- Periods: the ledger, the outbox and its acknowledgements are cut by time, so that old times can be dropped. What is written
-- goes to hoso.intake, hoso.survey_task and hoso.survey_acknowledgement as ever; when a period is closed, each of them becomes a
-- table of that period (hoso.intake_7), which inherits from a new one of the old name: who reads hoso.intake reads all periods,
-- who reads ONLY hoso.intake the open one. The oldest period is detached and dropped when it has been kept for long enough.
-- This migration moves no row, and takes no lock on the ledger that a writer would notice.
-- For later ones: ALTER TABLE hoso.intake ADD COLUMN reaches the closed periods too, an index, a trigger or a grant only the open
-- one and those that come after it.

CREATE TABLE hoso.period (
    number     integer PRIMARY KEY,
    began_at   timestamptz NOT NULL,
    closed_at  timestamptz,  -- NULL: it is the open one
    xid        xid8,         -- its last ledger row
    id         bigint,
    first_task bigint,       -- tasks of this number and above are of later periods
    summed_at  timestamptz,  -- hoso.forgotten and hoso.period_sum say what is in it
    dropped_at timestamptz,
    CHECK (dropped_at IS NULL OR summed_at IS NOT NULL),
    CHECK (summed_at IS NULL OR closed_at IS NOT NULL),
    CHECK ((closed_at IS NULL) = (first_task IS NULL))
);
CREATE UNIQUE INDEX period_open ON hoso.period ((true)) WHERE closed_at IS NULL;
INSERT INTO hoso.period (number, began_at)
SELECT 1, coalesce((SELECT recorded_at FROM hoso.intake ORDER BY xid, id LIMIT 1), now());

ALTER TABLE hoso.sender_epoch
    ADD COLUMN closed bigint NOT NULL DEFAULT 0;  -- highest number that has a ledger row in a closed period

-- Runs of numbers whose ledger rows are gone: how each was answered when it came, and under which term it counts.
CREATE TABLE hoso.forgotten (
    sender  integer NOT NULL,
    epoch   bigint NOT NULL,
    first   bigint NOT NULL,
    last    bigint NOT NULL CHECK (last >= first),
    outcome smallint NOT NULL,
    term    smallint NOT NULL,  -- 1 stored, 2 duplicate, 3 in the quarantine
    period  integer NOT NULL,
    PRIMARY KEY (sender, epoch, first)
);
-- What a period's rows add to the balance of a sender.
CREATE TABLE hoso.period_sum (
    period      integer NOT NULL REFERENCES hoso.period (number),
    sender      integer NOT NULL,
    epoch       bigint NOT NULL,
    highest     bigint NOT NULL,
    stored      bigint NOT NULL,
    duplicate   bigint NOT NULL,
    quarantined bigint NOT NULL,  -- below zero: what was replayed in it had come before it
    PRIMARY KEY (sender, epoch, period)
);

-- Codes of dossiers that are gone, with the first half of their content's hash: a code is never new again.
CREATE TABLE hoso.dossier_gone (
    code    text COLLATE "C" PRIMARY KEY,
    content uuid NOT NULL
);
-- The dossiers that are gone, as the roll-up has them; a recount adds them to those that are there.
CREATE TABLE hoso.adoption_gone (LIKE hoso.adoption_month INCLUDING ALL);

ALTER TABLE hoso.retention
    ADD COLUMN period_months  integer NOT NULL DEFAULT 0 CHECK (period_months BETWEEN 0 AND 12),  -- 0: one period for ever
    ADD COLUMN ledger_months  integer NOT NULL DEFAULT 0 CHECK (ledger_months = 0 OR ledger_months >= 13),
    ADD COLUMN dossier_months integer NOT NULL DEFAULT 0
        CHECK (dossier_months = 0 OR ledger_months > 0 AND dossier_months >= ledger_months);

-- Makes a table that is written into the table of a closed period, and an empty one like it in its place.
CREATE FUNCTION hoso.cut(name text, period integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    rel        regclass := format('hoso.%I', name)::regclass;
    old        text := name || '_' || period;
    sequence   regclass := to_regclass(format('hoso.%I', name || '_id_seq'));
    statements text[];
    statement  text;
    next       bigint;
BEGIN
    -- All that it has, as it is written today.
    SELECT array_agg(d.said ORDER BY d.rank, d.said) INTO statements FROM (
        SELECT 1 AS rank,
               format('ALTER TABLE hoso.%I ADD CONSTRAINT %I %s', name, conname, pg_get_constraintdef(oid)) AS said
        FROM pg_constraint WHERE conrelid = rel AND contype IN ('p', 'u')
        UNION ALL
        SELECT 2, pg_get_indexdef(i.indexrelid) FROM pg_index i WHERE i.indrelid = rel
          AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.conrelid = rel)
        UNION ALL
        SELECT 3, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = rel AND NOT tgisinternal
        UNION ALL
        SELECT 4, format('GRANT %s ON hoso.%I TO %I', a.privilege_type, name, a.grantee::regrole)
        FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = rel AND a.grantee NOT IN (0, c.relowner)
        UNION ALL
        SELECT 5, format('GRANT %s ON SEQUENCE %s TO %I', a.privilege_type, sequence, a.grantee::regrole)
        FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = sequence AND a.grantee NOT IN (0, c.relowner)) d;
    EXECUTE format('ALTER TABLE hoso.%I RENAME TO %I', name, old);
    FOR statement IN SELECT format('ALTER INDEX hoso.%I RENAME TO %I', c.relname, c.relname || '_' || period)
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = rel
    LOOP
        EXECUTE statement;
    END LOOP;
    EXECUTE format('CREATE TABLE hoso.%I (LIKE hoso.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)',
                   name, old);
    IF sequence IS NOT NULL THEN
        EXECUTE format('SELECT last_value + is_called::integer FROM %s', sequence) INTO next;
        EXECUTE format('ALTER TABLE hoso.%I ALTER id DROP IDENTITY', old);
        EXECUTE format('ALTER TABLE hoso.%I ALTER id ADD GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME hoso.%I START WITH %s)',
                       name, name || '_id_seq', next);
    END IF;
    FOREACH statement IN ARRAY statements LOOP EXECUTE statement; END LOOP;
    EXECUTE format('ALTER TABLE hoso.%I INHERIT hoso.%I', old, name);
    -- It is read through the other one, and written no more.
    FOR statement IN SELECT DISTINCT format('REVOKE ALL ON hoso.%I FROM %I', old, a.grantee::regrole)
        FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = rel AND a.grantee NOT IN (0, c.relowner)
    LOOP
        EXECUTE statement;
    END LOOP;
END $$;

-- An entry of an earlier period is not recorded again, whoever writes: what is copied is not looked up.
CREATE FUNCTION hoso.refuse_recorded() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- Apart, so that closed periods are not even opened for what is new.
    IF EXISTS (
        SELECT FROM (SELECT sender, epoch, min(sequence) AS first FROM added GROUP BY sender, epoch) a
        CROSS JOIN LATERAL (
            SELECT closed FROM hoso.sender_epoch e WHERE e.sender = a.sender AND e.epoch = a.epoch LIMIT 1) e
        WHERE a.first <= e.closed)
    THEN
        IF EXISTS (
            SELECT FROM added a CROSS JOIN LATERAL (
                (SELECT 1 FROM hoso.intake k
                 WHERE k.sender = a.sender AND k.epoch = a.epoch AND k.sequence = a.sequence AND k.part = a.part
                   AND k.tableoid <> TG_RELID LIMIT 1)
                UNION ALL
                SELECT 1 FROM (
                    SELECT last FROM hoso.forgotten f
                    WHERE f.sender = a.sender AND f.epoch = a.epoch AND f.first <= a.sequence
                    ORDER BY f.first DESC LIMIT 1) f
                WHERE a.part = 0 AND f.last >= a.sequence LIMIT 1) k)
        THEN
            RAISE unique_violation USING MESSAGE = 'the entry was recorded in an earlier period';
        END IF;
    END IF;
    RETURN NULL;
END $$;

-- Closes the open period, if its time is over and it has anything, and opens the next one; returns its number. Whoever reads or
-- writes waits for some milliseconds; whoever has been at it for longer is waited for, but not for long: then it fails, and is
-- tried again. Whether it is time is decided here, so that who may call it cannot make periods at will.
CREATE FUNCTION hoso.close_period() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
    open     integer;
    last_xid xid8;
    last_id  bigint;
    next     bigint;
BEGIN
    SELECT p.number INTO open FROM hoso.period p, hoso.retention r
    WHERE p.closed_at IS NULL AND r.period_months > 0
      AND p.began_at + make_interval(months => r.period_months) <= now() FOR UPDATE OF p;
    -- Or somebody else has closed it meanwhile.
    IF open IS NULL THEN RETURN NULL; END IF;
    -- Whoever makes a backup finds tables by their names, and has to find the same ones all the time.
    IF NOT pg_try_advisory_xact_lock(hashtext('hoso.period')) THEN
        RAISE lock_not_available USING MESSAGE = 'a backup is being made';
    END IF;
    -- The fold is between two steps: one that has passed all closed periods reads only the open one.
    PERFORM FROM hoso.fold WHERE name = 'adoption' FOR UPDATE;
    -- In the order in which workers and the relay take them.
    LOCK TABLE ONLY hoso.intake, ONLY hoso.survey_task, ONLY hoso.survey_acknowledgement IN ACCESS EXCLUSIVE MODE;
    SELECT xid, id INTO last_xid, last_id FROM ONLY hoso.intake ORDER BY xid DESC, id DESC LIMIT 1;
    IF last_id IS NULL THEN RETURN NULL; END IF;
    WITH RECURSIVE spool AS (
        (SELECT sender, epoch FROM ONLY hoso.intake ORDER BY sender, epoch LIMIT 1)
        UNION ALL
        SELECT n.sender, n.epoch FROM spool s CROSS JOIN LATERAL (
            SELECT sender, epoch FROM ONLY hoso.intake i WHERE (i.sender, i.epoch) > (s.sender, s.epoch)
            ORDER BY sender, epoch LIMIT 1) n
    )
    INSERT INTO hoso.sender_epoch AS e (sender, epoch, closed)
    SELECT s.sender, s.epoch, h.sequence FROM spool s CROSS JOIN LATERAL (
        SELECT max(sequence) AS sequence FROM ONLY hoso.intake i WHERE i.sender = s.sender AND i.epoch = s.epoch) h
    ON CONFLICT (sender, epoch) DO UPDATE SET closed = greatest(e.closed, excluded.closed);
    SELECT last_value + is_called::integer INTO next FROM hoso.survey_task_id_seq;
    PERFORM hoso.cut('intake', open), hoso.cut('survey_task', open), hoso.cut('survey_acknowledgement', open);
    -- From now on an entry may be one of a closed period; later periods have the trigger from this one.
    IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'hoso.intake'::regclass AND tgname = 'refuse_recorded') THEN
        CREATE TRIGGER refuse_recorded AFTER INSERT ON hoso.intake REFERENCING NEW TABLE AS added
            FOR EACH STATEMENT EXECUTE FUNCTION hoso.refuse_recorded();
    END IF;
    UPDATE hoso.period SET closed_at = now(), xid = last_xid, id = last_id, first_task = next WHERE number = open;
    INSERT INTO hoso.period (number, began_at) VALUES (open + 1, now());
    RETURN open;
END $$;

-- The period that may be dropped: the oldest one, kept for long enough, all of it folded and carried out.
CREATE FUNCTION hoso.expired_period() RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.number
    FROM (SELECT * FROM hoso.period WHERE dropped_at IS NULL ORDER BY number LIMIT 1) p, hoso.retention r, hoso.fold f
    WHERE r.ledger_months > 0 AND p.closed_at < now() - make_interval(months => r.ledger_months)
      AND f.name = 'adoption' AND (p.xid, p.id) <= (f.xid, f.id)
      AND NOT EXISTS (
          SELECT FROM hoso.survey_task t, hoso.survey_floor s
          WHERE t.id < p.first_task AND (t.xid, t.id) > (s.xid, s.task)
            AND NOT EXISTS (SELECT FROM hoso.survey_acknowledgement a WHERE a.task = t.id))
$$;

-- Writes down what a period that may be dropped has of every sender. Nobody changes it any more, so that this can take its time.
CREATE FUNCTION hoso.sum_period(closed integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
    replayed record;
    run      hoso.forgotten;
BEGIN
    PERFORM FROM hoso.period WHERE number = closed AND closed_at IS NOT NULL AND summed_at IS NULL FOR UPDATE;
    IF NOT FOUND OR hoso.expired_period() IS DISTINCT FROM closed THEN RETURN; END IF;
    EXECUTE format($sql$
        INSERT INTO hoso.period_sum
        SELECT %1$s, sender, epoch, max(sequence), count(*) FILTER (WHERE outcome = 1 AND delta >= 0),
               count(*) FILTER (WHERE outcome = 2),
               count(*) FILTER (WHERE outcome >= 3) - count(*) FILTER (WHERE part > 0 AND delta >= 0)
        FROM ONLY hoso.intake_%1$s GROUP BY sender, epoch $sql$, closed);
    EXECUTE format($sql$
        INSERT INTO hoso.forgotten
        SELECT sender, epoch, min(sequence), max(sequence), outcome, term, %1$s FROM (
            SELECT sender, epoch, sequence, outcome, term,
                   sequence - row_number() OVER (PARTITION BY sender, epoch, outcome, term ORDER BY sequence) AS island
            FROM (
                SELECT i.sender, i.epoch, i.sequence, i.outcome,
                       least(coalesce((SELECT l.outcome FROM hoso.intake l  -- also one of a later period
                                       WHERE i.outcome >= 3 AND l.sender = i.sender AND l.epoch = i.epoch
                                         AND l.sequence = i.sequence AND l.part > 0 ORDER BY l.part DESC LIMIT 1),
                                      i.outcome), 3)::smallint AS term
                FROM ONLY hoso.intake_%1$s i WHERE i.part = 0) t) n
        GROUP BY sender, epoch, outcome, term, island $sql$, closed);
    -- Replayed in this period, received in one that is gone: the number leaves its run.
    FOR replayed IN EXECUTE format($sql$
        SELECT DISTINCT ON (sender, epoch, sequence) sender, epoch, sequence, outcome FROM ONLY hoso.intake_%1$s i
        WHERE part > 0 AND NOT EXISTS (
            SELECT FROM ONLY hoso.intake_%1$s k
            WHERE k.sender = i.sender AND k.epoch = i.epoch AND k.sequence = i.sequence AND k.part = 0)
        ORDER BY sender, epoch, sequence, part DESC $sql$, closed)
    LOOP
        DELETE FROM hoso.forgotten f WHERE (f.sender, f.epoch, f.first) = (
            SELECT k.sender, k.epoch, k.first FROM hoso.forgotten k
            WHERE k.sender = replayed.sender AND k.epoch = replayed.epoch AND k.first <= replayed.sequence
            ORDER BY k.first DESC LIMIT 1) AND f.last >= replayed.sequence RETURNING * INTO run;
        CONTINUE WHEN NOT FOUND;
        INSERT INTO hoso.forgotten
        SELECT run.sender, run.epoch, p.first, p.last, run.outcome, p.term, run.period
        FROM (VALUES (run.first, replayed.sequence - 1, run.term),
                     (replayed.sequence, replayed.sequence, least(replayed.outcome, 3::smallint)),
                     (replayed.sequence + 1, run.last, run.term)) AS p (first, last, term)
        WHERE p.first <= p.last;
    END LOOP;
    UPDATE hoso.period SET summed_at = now() WHERE number = closed;
END $$;

-- Erases what the quarantine still has of a period that is to be dropped: without its ledger row nobody can replay it.
CREATE FUNCTION hoso.erase_period(closed integer, most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    entries bigint;
BEGIN
    IF hoso.expired_period() IS DISTINCT FROM closed THEN RETURN 0; END IF;
    WITH meant AS MATERIALIZED (
        SELECT q.id FROM hoso.forgotten f
        JOIN hoso.quarantine q ON q.sender = f.sender AND q.epoch = f.epoch AND q.sequence BETWEEN f.first AND f.last
        WHERE f.period = closed AND f.outcome >= 3 AND q.body IS NOT NULL ORDER BY q.id LIMIT most
    ), closing AS (
        INSERT INTO hoso.quarantine_closure (quarantine, cause, by_whom, because)
        SELECT id, 'erased', 'retention', 'the ledger of its time is dropped' FROM meant ORDER BY id
        ON CONFLICT (quarantine) DO NOTHING
    ), gone AS (
        UPDATE hoso.quarantine SET body = NULL, reasons = hoso.without_values(reasons)
        WHERE id IN (SELECT id FROM meant) RETURNING 1)
    SELECT count(*) INTO entries FROM gone;
    IF entries > 0 THEN
        INSERT INTO hoso.personal_access (by_whom, role, action, subject, entries, because)
        VALUES ('retention', session_user, 'expire', 'period ' || closed, entries, 'the ledger of its time is dropped');
    END IF;
    RETURN entries;
END $$;

-- Detaches the oldest period and drops it; false when it is not the time. Readers of closed periods are waited for, but not
-- for long.
CREATE FUNCTION hoso.drop_period(closed integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '300ms' AS $$
DECLARE
    name text;
    heir regclass;
BEGIN
    PERFORM FROM hoso.period WHERE number = closed AND summed_at IS NOT NULL AND dropped_at IS NULL FOR UPDATE;
    IF NOT FOUND OR hoso.expired_period() IS DISTINCT FROM closed THEN RETURN false; END IF;
    IF NOT pg_try_advisory_xact_lock(hashtext('hoso.period')) THEN
        RAISE lock_not_available USING MESSAGE = 'a backup is being made';
    END IF;
    FOREACH name IN ARRAY ARRAY['intake', 'survey_task', 'survey_acknowledgement'] LOOP
        EXECUTE format('LOCK TABLE hoso.%I IN ACCESS EXCLUSIVE MODE', name || '_' || closed);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['intake', 'survey_task', 'survey_acknowledgement'] LOOP
        SELECT inhparent::regclass INTO STRICT heir FROM pg_inherits
        WHERE inhrelid = format('hoso.%I', name || '_' || closed)::regclass;
        EXECUTE format('ALTER TABLE hoso.%I NO INHERIT %s', name || '_' || closed, heir);
        EXECUTE format('DROP TABLE hoso.%I', name || '_' || closed);
    END LOOP;
    UPDATE hoso.period SET dropped_at = now() WHERE number = closed;
    RETURN true;
END $$;

-- Takes away dossiers that have been kept for long enough and whose ledger rows are gone, at most so many at a time; returns
-- how many.
CREATE FUNCTION hoso.forget_dossiers(most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET lock_timeout = '500ms' AS $$
DECLARE
    oldest timestamptz;
    codes  text[];
    number bigint;
BEGIN
    SELECT now() - make_interval(months => dossier_months) INTO oldest FROM hoso.retention WHERE dossier_months > 0;
    IF oldest IS NULL THEN RETURN 0; END IF;
    codes := ARRAY (
        SELECT d.code FROM hoso.dossier d
        WHERE d.received_on <= (oldest + interval '1 day')::date
          AND greatest(d.received_at, d.finished_at, d.returned_at) < oldest
          AND EXISTS (
              SELECT FROM (
                  SELECT f.last, f.period FROM hoso.forgotten f
                  WHERE f.sender = d.sender AND f.epoch = d.epoch AND f.first <= d.sequence ORDER BY f.first DESC LIMIT 1) f
              JOIN hoso.period p ON p.number = f.period AND p.dropped_at IS NOT NULL WHERE f.last >= d.sequence)
        LIMIT most);
    IF cardinality(codes) = 0 THEN RETURN 0; END IF;
    -- From now on a code may be one that was there before, whoever writes.
    IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'hoso.dossier'::regclass AND tgname = 'refuse_gone') THEN
        CREATE TRIGGER refuse_gone AFTER INSERT ON hoso.dossier REFERENCING NEW TABLE AS added
            FOR EACH STATEMENT EXECUTE FUNCTION hoso.refuse_gone();
    END IF;
    -- What later periods have of them in the quarantine.
    WITH meant AS MATERIALIZED (
        SELECT q.id FROM hoso.quarantine q WHERE q.dossier = ANY (codes) AND q.body IS NOT NULL
    ), closing AS (
        INSERT INTO hoso.quarantine_closure (quarantine, cause, by_whom, because)
        SELECT id, 'erased', 'retention', 'kept for long enough' FROM meant ORDER BY id ON CONFLICT (quarantine) DO NOTHING)
    UPDATE hoso.quarantine SET body = NULL, reasons = hoso.without_values(reasons) WHERE id IN (SELECT id FROM meant);
    DELETE FROM hoso.unsealed_dossier WHERE code = ANY (codes);
    WITH gone AS (
        DELETE FROM hoso.dossier WHERE code = ANY (codes) RETURNING *
    ), marked AS (
        INSERT INTO hoso.dossier_gone SELECT code, encode(substr(content, 1, 16), 'hex')::uuid FROM gone ORDER BY code
        ON CONFLICT DO NOTHING
    ), counted AS (
        INSERT INTO hoso.adoption_gone AS a
        SELECT date_trunc('month', received_on::timestamp)::date, channel, unit, count(*),
               count(*) FILTER (WHERE offered_online),
               count(*) FILTER (WHERE returned_on IS NOT NULL),
               count(*) FILTER (WHERE returned_on IS NOT NULL AND return_channel = 3),
               count(*) FILTER (WHERE finished_on IS NOT NULL), count(*) FILTER (WHERE finished_on < due_on),
               count(*) FILTER (WHERE finished_on = due_on), count(*) FILTER (WHERE finished_on > due_on)
        FROM gone GROUP BY 1, 2, 3
        ON CONFLICT (unit, month, channel) DO UPDATE SET
            dossiers = a.dossiers + excluded.dossiers, offered = a.offered + excluded.offered,
            returned = a.returned + excluded.returned, returned_by_post = a.returned_by_post + excluded.returned_by_post,
            finished = a.finished + excluded.finished, early = a.early + excluded.early,
            on_the_day = a.on_the_day + excluded.on_the_day, late = a.late + excluded.late)
    SELECT count(*) INTO number FROM gone;
    IF number > 0 THEN
        INSERT INTO hoso.personal_access (by_whom, role, action, subject, entries, because)
        VALUES ('retention', session_user, 'expire', 'dossiers before ' || oldest::date, number, 'kept for long enough');
    END IF;
    RETURN number;
END $$;

-- The code of a dossier that is gone is not stored again, whoever writes: what is copied is not looked up.
CREATE FUNCTION hoso.refuse_gone() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added a CROSS JOIN LATERAL (SELECT FROM hoso.dossier_gone g WHERE g.code = a.code LIMIT 1) g)
    THEN
        RAISE unique_violation USING MESSAGE = 'a dossier of that code was there before';
    END IF;
    RETURN NULL;
END $$;
