-- Tokens by which programs and people ask over HTTP. The database has only the SHA-256 of each: a token is 256 random bits, so
-- that nobody finds it from its digest, and whoever reads the table cannot use one.
CREATE TABLE hoso.api_token (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL CHECK (name <> ''),
    digest     bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
    role       text NOT NULL CHECK (role IN ('read', 'operations')),
    units      text[] CHECK (cardinality(units) > 0),  -- what it may see, each with the units below it; NULL: everything
    made_at    timestamptz NOT NULL DEFAULT now(),
    made_by    text NOT NULL,
    valid_to   timestamptz NOT NULL DEFAULT 'infinity',
    revoked_at timestamptz,
    revoked_by text,
    CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);
-- One that counts of each name; those that were revoked stay on record.
CREATE UNIQUE INDEX api_token_of_name ON hoso.api_token (name) WHERE revoked_at IS NULL;

CREATE FUNCTION hoso.keep_api_token() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- It can be revoked, once; nothing else of it changes.
    IF TG_OP = 'DELETE' OR OLD.revoked_at IS NOT NULL
        OR (NEW.id, NEW.name, NEW.digest, NEW.role, NEW.units, NEW.made_at, NEW.made_by, NEW.valid_to)
            IS DISTINCT FROM (OLD.id, OLD.name, OLD.digest, OLD.role, OLD.units, OLD.made_at, OLD.made_by, OLD.valid_to)
    THEN
        RAISE EXCEPTION 'hoso.api_token keeps what has been' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_api_token BEFORE UPDATE OR DELETE ON hoso.api_token
    FOR EACH ROW EXECUTE FUNCTION hoso.keep_api_token();
CREATE TRIGGER append_only BEFORE TRUNCATE ON hoso.api_token
    FOR EACH STATEMENT EXECUTE FUNCTION hoso.refuse_change();
