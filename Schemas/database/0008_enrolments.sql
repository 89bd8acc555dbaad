-- Codes by which a new sender enrols a key that it has made itself. The database has only the public halves of the keys that
-- follow from a code: whoever reads it cannot redeem one.
CREATE TABLE hoso.enrolment (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sender      integer NOT NULL REFERENCES hoso.sender (id),
    curve       bytea NOT NULL UNIQUE CHECK (octet_length(curve) = 32),
    signing     bytea NOT NULL CHECK (octet_length(signing) = 32),
    made_at     timestamptz NOT NULL DEFAULT now(),
    made_by     text NOT NULL,
    valid_to    timestamptz NOT NULL,
    key_ends    timestamptz NOT NULL DEFAULT 'infinity',  -- when the key that is enrolled by it ceases to count
    redeemed_at timestamptz,
    sender_key  integer REFERENCES hoso.sender_key (id),
    CHECK ((redeemed_at IS NULL) = (sender_key IS NULL))
);
CREATE INDEX enrolment_of ON hoso.enrolment (sender);

CREATE FUNCTION hoso.keep_enrolment() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- It can be redeemed once, or end sooner; nothing else of it changes.
    IF TG_OP = 'DELETE' OR OLD.redeemed_at IS NOT NULL OR NEW.valid_to > OLD.valid_to
        OR (NEW.id, NEW.sender, NEW.curve, NEW.signing, NEW.made_at, NEW.made_by, NEW.key_ends)
            IS DISTINCT FROM (OLD.id, OLD.sender, OLD.curve, OLD.signing, OLD.made_at, OLD.made_by, OLD.key_ends)
    THEN
        RAISE EXCEPTION 'hoso.enrolment keeps what has been' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_enrolment BEFORE UPDATE OR DELETE ON hoso.enrolment
    FOR EACH ROW EXECUTE FUNCTION hoso.keep_enrolment();
CREATE TRIGGER append_only BEFORE TRUNCATE ON hoso.enrolment
    FOR EACH STATEMENT EXECUTE FUNCTION hoso.refuse_change();
CREATE TRIGGER renew_roster AFTER INSERT OR UPDATE ON hoso.enrolment
    FOR EACH STATEMENT EXECUTE FUNCTION hoso.renew_roster();

-- Redeems a code: enrols the key that its holder has proved. Once; the same key again is told the same, for the answer may have
-- been lost. NULL: the code has ended, or another key was enrolled by it, or this key was enrolled before.
CREATE FUNCTION hoso.redeem(code integer, new_curve bytea, new_signing bytea) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    made   hoso.enrolment;
    number integer;
BEGIN
    SELECT * INTO made FROM hoso.enrolment WHERE id = code FOR UPDATE;
    IF NOT FOUND THEN RETURN NULL; END IF;
    IF made.redeemed_at IS NOT NULL THEN
        SELECT k.id INTO number FROM hoso.sender_key k
        WHERE k.id = made.sender_key AND k.curve = new_curve AND k.signing IS NOT DISTINCT FROM new_signing;
        RETURN number;
    END IF;
    IF made.valid_to <= now() OR made.key_ends <= now() THEN RETURN NULL; END IF;
    INSERT INTO hoso.sender_key (sender, curve, signing, valid_to, enrolled_by)
    VALUES (made.sender, new_curve, new_signing, made.key_ends, 'code ' || made.id || ' of ' || made.made_by)
    ON CONFLICT (curve) DO NOTHING RETURNING id INTO number;
    IF number IS NULL THEN
        -- The sender has enrolled this very key by another code.
        SELECT k.id INTO number FROM hoso.sender_key k
        WHERE k.curve = new_curve AND k.sender = made.sender AND k.signing IS NOT DISTINCT FROM new_signing
          AND k.revoked_at IS NULL AND k.valid_to > now();
    END IF;
    IF number IS NOT NULL THEN
        UPDATE hoso.enrolment SET redeemed_at = now(), sender_key = number WHERE id = code;
    END IF;
    RETURN number;
END $$;
