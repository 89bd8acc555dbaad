-- Who may speak: public keys, for how long they count, and what became of them.
CREATE TABLE hoso.sender_key (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sender      integer NOT NULL REFERENCES hoso.sender (id),
    curve       bytea NOT NULL UNIQUE CHECK (octet_length(curve) = 32),  -- for ever: a key that was revoked does not return
    valid_from  timestamptz NOT NULL DEFAULT now(),
    valid_to    timestamptz NOT NULL DEFAULT 'infinity',
    enrolled_at timestamptz NOT NULL DEFAULT now(),
    enrolled_by text NOT NULL,
    revoked_at  timestamptz,
    revoked_by  text,
    because     text,
    CHECK (valid_from < valid_to),
    CHECK ((revoked_at IS NULL) = (revoked_by IS NULL) AND (revoked_at IS NULL) = (because IS NULL))
);
CREATE INDEX sender_key_of ON hoso.sender_key (sender);

-- Its version is another with every change of the keys, so that one look tells whether there is something new; a number at
-- random, so that a database that was restored never has one that was seen with other keys.
CREATE TABLE hoso.roster (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version  bigint NOT NULL
) WITH (fillfactor = 50);
INSERT INTO hoso.roster (version) VALUES (('x' || left(md5(random()::text || clock_timestamp()), 16))::bit(64)::bigint);

CREATE FUNCTION hoso.renew_roster() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    UPDATE hoso.roster SET version = ('x' || left(md5(random()::text || clock_timestamp()), 16))::bit(64)::bigint;
    RETURN NULL;
END $$;
CREATE TRIGGER renew_roster AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON hoso.sender_key
    FOR EACH STATEMENT EXECUTE FUNCTION hoso.renew_roster();

-- A key is never deleted, and revoked once and for all; only when it ends may be moved.
CREATE FUNCTION hoso.keep_key() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.revoked_at IS NOT NULL
        OR (NEW.id, NEW.sender, NEW.curve, NEW.valid_from, NEW.enrolled_at, NEW.enrolled_by)
            IS DISTINCT FROM (OLD.id, OLD.sender, OLD.curve, OLD.valid_from, OLD.enrolled_at, OLD.enrolled_by)
    THEN
        RAISE EXCEPTION 'hoso.sender_key keeps what has been' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_key BEFORE UPDATE OR DELETE ON hoso.sender_key FOR EACH ROW EXECUTE FUNCTION hoso.keep_key();
