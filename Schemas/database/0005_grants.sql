-- What a sender may hand in. Rows are only ever added; the newest one of a sender counts, and one without any: everything.
CREATE TABLE hoso.sender_grant (
    id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sender       integer NOT NULL REFERENCES hoso.sender (id),
    channels     smallint[] CHECK (channels <@ '{1,2,3}' AND cardinality(channels) > 0),       -- NULL: every channel
    units        text[] CHECK (cardinality(units) > 0),       -- with all below them, by their codes; NULL: every unit
    procedures   text[] CHECK (cardinality(procedures) > 0),  -- by the first two parts of their codes; NULL: every one
    code_grammar text CHECK (code_grammar IN ('vn', 'opaque')),                                -- NULL: either
    by_whom      text NOT NULL,
    made_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sender_grant_of ON hoso.sender_grant (sender, id DESC);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hoso.sender_grant
    FOR EACH STATEMENT EXECUTE FUNCTION hoso.refuse_change();
CREATE TRIGGER renew_roster AFTER INSERT ON hoso.sender_grant
    FOR EACH STATEMENT EXECUTE FUNCTION hoso.renew_roster();
