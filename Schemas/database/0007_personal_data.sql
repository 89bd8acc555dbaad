-- Who handed in a dossier is sealed (AES-256-GCM, with a key of its own for each dossier): id of the master key (8 bytes),
-- salt (16), ciphertext, tag (16). Without the salt nobody has the key: to erase is to overwrite the value.
ALTER TABLE hoso.dossier
    ADD COLUMN personal  bytea,        -- NULL: nothing is known of the applicant, or it was erased
    ADD COLUMN erased_at timestamptz;  -- nothing of the applicant is stored again
CREATE INDEX dossier_age ON hoso.dossier USING brin (received_on);

-- Dossiers of before, whose applicants stand in plain text and whose content has a hash without a secret, until `hoso reseal`
-- has dealt with them.
CREATE TABLE hoso.unsealed_dossier (
    code    text COLLATE "C" PRIMARY KEY,
    content bytea NOT NULL
);
INSERT INTO hoso.unsealed_dossier SELECT code, content FROM hoso.dossier;

ALTER TABLE hoso.quarantine
    ADD COLUMN is_sealed boolean NOT NULL DEFAULT false,
    ALTER COLUMN body DROP NOT NULL;   -- NULL: erased

-- Reasons without the values that were at fault.
CREATE FUNCTION hoso.without_values(reasons jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT coalesce(jsonb_agg(r - 'value' ORDER BY n), '[]') FROM jsonb_array_elements(reasons) WITH ORDINALITY AS t (r, n) $$;

-- What was quarantined stays as it was, except that its body may be sealed anew or erased.
CREATE FUNCTION hoso.keep_quarantined() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP <> 'UPDATE' OR OLD.body IS NULL OR OLD.is_sealed AND NOT NEW.is_sealed
        OR to_jsonb(NEW) - '{body,is_sealed,reasons}'::text[] IS DISTINCT FROM
            to_jsonb(OLD) - '{body,is_sealed,reasons}'::text[]
        -- The values that were at fault go with the body, and not without it.
        OR NEW.reasons <> (CASE WHEN NEW.body IS NULL THEN hoso.without_values(OLD.reasons) ELSE OLD.reasons END)
    THEN
        RAISE EXCEPTION 'hoso.quarantine keeps what has been' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER append_only ON hoso.quarantine;
CREATE TRIGGER keep_quarantined BEFORE UPDATE OR DELETE ON hoso.quarantine
    FOR EACH ROW EXECUTE FUNCTION hoso.keep_quarantined();
CREATE TRIGGER append_only BEFORE TRUNCATE ON hoso.quarantine
    FOR EACH STATEMENT EXECUTE FUNCTION hoso.refuse_change();

ALTER TABLE hoso.quarantine_closure
    DROP CONSTRAINT quarantine_closure_cause_check,
    ADD CONSTRAINT quarantine_closure_cause_check CHECK (cause IN ('corrected', 'replayed', 'dismissed', 'erased'));

-- Citizens of the quiet period are known by keyed hashes; those of before are hashed once more by `hoso reseal`.
ALTER TABLE hoso.survey_contact ADD COLUMN is_keyed boolean NOT NULL DEFAULT false;

-- The secret of the keyed hashes (content of dossiers, citizens of the quiet period), sealed.
CREATE TABLE hoso.hash_secret (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    sealed   bytea NOT NULL
);

-- Who opened personal data, and what for; and what was erased. No personal data itself.
CREATE TABLE hoso.personal_access (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL DEFAULT now(),
    by_whom text NOT NULL,
    role    text NOT NULL DEFAULT session_user,
    action  text NOT NULL CHECK (action IN ('read', 'replay', 'survey', 'reseal', 'erase', 'expire')),
    subject text NOT NULL,                   -- code of the dossier, or which quarantined entries or tasks
    entries bigint NOT NULL CHECK (entries >= 0),
    because text
);
CREATE INDEX personal_access_age ON hoso.personal_access USING brin (at);
CREATE INDEX personal_access_subject ON hoso.personal_access (subject);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hoso.personal_access
    FOR EACH STATEMENT EXECUTE FUNCTION hoso.refuse_change();

-- For how long; written by whoever migrates.
CREATE TABLE hoso.retention (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    days     integer NOT NULL CHECK (days = 0 OR days >= 30)  -- 0: for ever
);
INSERT INTO hoso.retention (days) VALUES (0);

-- Erases who handed in some dossiers, and what was quarantined of them; counts, chains and receipts need neither.
CREATE FUNCTION hoso.erase_codes(codes text[], whom text, reason text, OUT dossiers bigint, OUT entries bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- In order, as whoever revises them takes them.
    PERFORM 1 FROM hoso.dossier WHERE code = ANY (codes) ORDER BY code FOR UPDATE;
    WITH gone AS (
        UPDATE hoso.dossier SET personal = NULL, applicant_id = NULL, applicant_name = NULL, applicant_phone = NULL,
               erased_at = now()
        WHERE code = ANY (codes) AND erased_at IS NULL RETURNING 1)
    SELECT count(*) INTO dossiers FROM gone;
    -- Also entries of which the code could not be read, by the entry with which their dossier began.
    WITH meant AS MATERIALIZED (
        SELECT q.id FROM hoso.quarantine q WHERE q.dossier = ANY (codes)
        UNION
        SELECT q.id FROM hoso.intake i
        JOIN hoso.quarantine q ON q.sender = i.sender AND q.root_epoch = coalesce(i.root_epoch, i.epoch)
            AND q.root_sequence = coalesce(i.root_sequence, i.sequence)
        JOIN hoso.dossier d ON d.sender = i.sender AND d.epoch = i.epoch AND d.sequence = i.sequence
        WHERE d.code = ANY (codes) AND i.part = 0
    ), closed AS (
        INSERT INTO hoso.quarantine_closure (quarantine, cause, by_whom, because)
        SELECT id, 'erased', whom, reason FROM meant ORDER BY id ON CONFLICT (quarantine) DO NOTHING
    ), gone AS (
        UPDATE hoso.quarantine SET body = NULL, reasons = hoso.without_values(reasons)
        WHERE id IN (SELECT id FROM meant) AND body IS NOT NULL RETURNING 1)
    SELECT count(*) INTO entries FROM gone;
END $$;

CREATE FUNCTION hoso.erase(code text, whom text, reason text, OUT dossiers bigint, OUT entries bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    SELECT e.dossiers, e.entries INTO dossiers, entries FROM hoso.erase_codes(ARRAY[code], whom, reason) e;
    IF dossiers + entries > 0 THEN
        INSERT INTO hoso.personal_access (by_whom, role, action, subject, entries, because)
        VALUES (whom, session_user, 'erase', code, dossiers + entries, reason);
    END IF;
END $$;

-- Erases what has been kept for long enough, at most so much at a time; returns how much. How long is not for the caller to say.
CREATE FUNCTION hoso.erase_expired(most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    oldest timestamptz;
    codes  text[];
    number bigint;
    others bigint;
BEGIN
    SELECT now() - make_interval(days => days) INTO oldest FROM hoso.retention WHERE days > 0;
    IF oldest IS NULL THEN RETURN 0; END IF;
    codes := ARRAY (
        SELECT d.code FROM hoso.dossier d
        -- Handed in on that day at the latest, for the index; and nothing has happened since.
        WHERE d.received_on <= (oldest + interval '1 day')::date AND d.erased_at IS NULL
          AND greatest(d.received_at, d.finished_at, d.returned_at) < oldest
        LIMIT most);
    SELECT e.dossiers + e.entries INTO number FROM hoso.erase_codes(codes, 'retention', 'kept for long enough') e;
    WITH meant AS MATERIALIZED (
        SELECT q.id FROM hoso.quarantine q WHERE q.recorded_at < oldest AND q.body IS NOT NULL ORDER BY q.id LIMIT most
    ), closed AS (
        INSERT INTO hoso.quarantine_closure (quarantine, cause, by_whom, because)
        SELECT id, 'erased', 'retention', 'kept for long enough' FROM meant ORDER BY id
        ON CONFLICT (quarantine) DO NOTHING
    ), gone AS (
        UPDATE hoso.quarantine SET body = NULL, reasons = hoso.without_values(reasons)
        WHERE id IN (SELECT id FROM meant) RETURNING 1)
    SELECT count(*) INTO others FROM gone;
    DELETE FROM hoso.survey_contact WHERE asked_on < oldest::date;
    number := number + others;
    IF number > 0 THEN
        INSERT INTO hoso.personal_access (by_whom, role, action, subject, entries, because)
        VALUES ('retention', session_user, 'expire', 'before ' || oldest::date, number, 'kept for long enough');
    END IF;
    RETURN number;
END $$;
