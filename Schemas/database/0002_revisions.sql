-- Corrections, replays and day-close manifests; what a trace tells of the way to the centre.

-- An entry as it was received is part 0. What happened to it later follows as parts of their own, so that the ledger
-- only ever grows: a replay of a quarantined entry, the withdrawal (-1) of what a correction replaced.
ALTER TABLE hoso.intake
    ADD COLUMN part          smallint NOT NULL DEFAULT 0,
    ADD COLUMN kind          smallint NOT NULL DEFAULT 1,  -- 0 unknown, 1 intake, 2 correction, 3 manifest
    ADD COLUMN root_epoch    bigint,                       -- of corrections: the entry with which their dossier began
    ADD COLUMN root_sequence bigint,
    ADD COLUMN accepted_at   timestamptz,                  -- when the sender took it, by the sender's clock
    DROP CONSTRAINT intake_pkey,
    ADD PRIMARY KEY (sender, epoch, sequence, part);
CREATE INDEX intake_revised ON hoso.intake (dossier) WHERE part > 0 OR root_sequence IS NOT NULL;
CREATE INDEX intake_root ON hoso.intake (sender, root_epoch, root_sequence) WHERE root_sequence IS NOT NULL;

ALTER TABLE hoso.dossier DROP COLUMN stored_at;  -- the ledger says when

ALTER TABLE hoso.quarantine
    ADD COLUMN kind          smallint NOT NULL DEFAULT 1,
    ADD COLUMN root_epoch    bigint,
    ADD COLUMN root_sequence bigint;
UPDATE hoso.quarantine SET root_epoch = epoch, root_sequence = sequence;
ALTER TABLE hoso.quarantine ALTER COLUMN root_epoch SET NOT NULL, ALTER COLUMN root_sequence SET NOT NULL;
CREATE INDEX quarantine_root ON hoso.quarantine (sender, root_epoch, root_sequence);

-- Entries whose corrections or replay have settled a dossier: of two transactions that would, the second waits here.
CREATE TABLE hoso.settled_root (
    sender   integer NOT NULL,
    epoch    bigint NOT NULL,
    sequence bigint NOT NULL,
    PRIMARY KEY (sender, epoch, sequence)
);

-- Quarantined entries that need nobody's attention any more: the entry that took their place, or who dismissed them.
CREATE TABLE hoso.quarantine_closure (
    quarantine bigint PRIMARY KEY REFERENCES hoso.quarantine (id),
    cause      text NOT NULL CHECK (cause IN ('corrected', 'replayed', 'dismissed')),
    epoch      bigint,
    sequence   bigint,
    by_whom    text,
    because    text,
    closed_at  timestamptz NOT NULL DEFAULT now()
);

-- Who had today's rules run on what is in the quarantine, and what came of it.
CREATE TABLE hoso.replay (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    by_whom     text NOT NULL,
    chosen      text NOT NULL,  -- the selection, as it was typed
    started_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz     -- NULL: it is running, or was interrupted
);
CREATE TABLE hoso.replay_entry (
    replay      bigint NOT NULL REFERENCES hoso.replay (id),
    quarantine  bigint NOT NULL REFERENCES hoso.quarantine (id),
    outcome     smallint NOT NULL,
    reasons     jsonb,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (quarantine, replay)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hoso.quarantine
    FOR EACH STATEMENT EXECUTE FUNCTION hoso.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hoso.quarantine_closure
    FOR EACH STATEMENT EXECUTE FUNCTION hoso.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hoso.replay_entry
    FOR EACH STATEMENT EXECUTE FUNCTION hoso.refuse_change();

-- What a sender counted of the numbers that it closes a day with.
CREATE TABLE hoso.manifest (
    sender      integer NOT NULL REFERENCES hoso.sender (id),
    epoch       bigint NOT NULL,
    sequence    bigint NOT NULL,   -- of the manifest itself
    day         date NOT NULL,
    first       bigint NOT NULL,   -- the numbers that it covers
    last        bigint NOT NULL,
    last_digest bytea NOT NULL,    -- digest of entry `last`: the sender's chain up to there
    cells       jsonb NOT NULL,    -- [{"channel": …, "procedure": …, "dossiers": …}]
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sender, epoch, sequence)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hoso.manifest
    FOR EACH STATEMENT EXECUTE FUNCTION hoso.refuse_change();

-- Batches as they arrived, for traces.
CREATE TABLE hoso.delivery (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sender       integer NOT NULL,
    epoch        bigint NOT NULL,
    first        bigint NOT NULL,
    last         bigint NOT NULL,
    attempt      smallint NOT NULL,      -- how often the sender had sent it by then; 0: it did not say
    received_at  timestamptz NOT NULL,
    validated_at timestamptz NOT NULL,
    receipted_at timestamptz             -- when the sender had said that it has the receipts
) WITH (fillfactor = 80);
CREATE INDEX delivery_numbers ON hoso.delivery (sender, epoch, first);
CREATE INDEX delivery_waiting ON hoso.delivery (sender, epoch, last) WHERE receipted_at IS NULL;
CREATE INDEX delivery_age ON hoso.delivery USING brin (received_at);

-- By when which ledger rows were folded, to the second.
CREATE TABLE hoso.fold_second (
    at  timestamptz PRIMARY KEY,
    xid xid8 NOT NULL,
    id  bigint NOT NULL
);
CREATE INDEX fold_second_in_order ON hoso.fold_second (xid, id);
