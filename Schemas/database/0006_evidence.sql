-- Signatures: by which key a sender signs its batches, and what the centre has signed of them.
ALTER TABLE hoso.sender_key ADD COLUMN signing bytea CHECK (octet_length(signing) = 32);  -- NULL: it does not sign

CREATE OR REPLACE FUNCTION hoso.keep_key() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.revoked_at IS NOT NULL
        OR (NEW.id, NEW.sender, NEW.curve, NEW.signing, NEW.valid_from, NEW.enrolled_at, NEW.enrolled_by)
            IS DISTINCT FROM
            (OLD.id, OLD.sender, OLD.curve, OLD.signing, OLD.valid_from, OLD.enrolled_at, OLD.enrolled_by)
    THEN
        RAISE EXCEPTION 'hoso.sender_key keeps what has been' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

-- One row per batch that was signed, by its sender or the centre. The outcomes are those of the ledger, from which the path
-- of an entry is made anew. Nothing is unique: a batch that was sent twice has two receipts, and both are good.
CREATE TABLE hoso.receipt (
    sender           integer NOT NULL,
    epoch            bigint NOT NULL,
    first            bigint NOT NULL,
    last             bigint NOT NULL,
    committed_at     timestamptz NOT NULL,  -- as it was signed
    key              bytea,                 -- the centre's public key; NULL: the centre did not sign
    signature        bytea,
    sender_key       integer,               -- the key of the sender that signed the batch; NULL: it was not signed
    content_type     smallint NOT NULL,     -- as the sender signed it: 1 protobuf, 2 JSON
    sender_signature bytea
);
CREATE INDEX receipt_numbers ON hoso.receipt (sender, epoch, first);
CREATE INDEX receipt_age ON hoso.receipt USING brin (committed_at);
-- It is forgotten by age, and never changed.
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON hoso.receipt
    FOR EACH STATEMENT EXECUTE FUNCTION hoso.refuse_change();
