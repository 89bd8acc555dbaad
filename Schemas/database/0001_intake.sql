-- The ledger, the dossiers, the survey outbox, the quarantine and the roll-up.

CREATE SCHEMA IF NOT EXISTS hoso;

-- Who sends. Registered when first heard of; enrolment by key follows with CURVE.
CREATE TABLE hoso.sender (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9._-]{1,64}$'),
    enrolled_at timestamptz NOT NULL DEFAULT now()
);

-- A sender's numbering begins anew with every spool; its epoch names the spool.
CREATE TABLE hoso.sender_epoch (
    sender       integer NOT NULL REFERENCES hoso.sender (id),
    epoch        bigint NOT NULL,
    head         bigint NOT NULL DEFAULT 0,  -- highest number that the sender said it had assigned
    head_digest  bytea,                      -- digest of that entry, as the sender said
    contiguous   bigint NOT NULL DEFAULT 0,  -- every number up to here has a ledger row (kept by the fold)
    announced_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sender, epoch)
);

-- What a sender's numbers say about its spool: that it is an old copy, or that two spools go by one name.
CREATE TABLE hoso.sender_alarm (
    sender   integer NOT NULL REFERENCES hoso.sender (id),
    epoch    bigint NOT NULL,
    kind     text NOT NULL CHECK (kind IN ('regression', 'fork')),
    sequence bigint NOT NULL,  -- the lowest number at which it showed
    times    bigint NOT NULL DEFAULT 1,
    first_at timestamptz NOT NULL DEFAULT now(),
    last_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sender, epoch, kind)
);

-- One row per received entry: idempotency key, reconciliation record and change feed in one. Append-only.
CREATE TABLE hoso.intake (
    id             bigint GENERATED ALWAYS AS IDENTITY,
    xid            xid8 NOT NULL DEFAULT pg_current_xact_id(),
    recorded_at    timestamptz NOT NULL DEFAULT now(),
    epoch          bigint NOT NULL,
    sequence       bigint NOT NULL,
    sender         integer NOT NULL,
    outcome        smallint NOT NULL CHECK (outcome BETWEEN 1 AND 4),  -- 1 stored, 2 duplicate, 3 rejected, 4 conflict
    delta          smallint NOT NULL DEFAULT 0,                        -- +1 for a stored dossier
    received_on    date,                                               -- local day, the cohort of every rate
    channel        smallint,                                           -- 1 in person, 2 online, 3 postal
    return_channel smallint,
    timeliness     smallint,      -- 0 unfinished, 1 finished without due date, 2 early, 3 on the day, 4 late
    offered_online boolean,
    returned       boolean,
    digest         bytea NOT NULL,                                     -- the entry's place in its sender's chain
    dossier        text,
    unit           text,
    procedure      text,          -- what it is counted under: the first two parts of a national code, else the whole
    sector         text,
    operator       text,
    PRIMARY KEY (sender, epoch, sequence)
);
CREATE UNIQUE INDEX intake_in_order ON hoso.intake (xid, id);
-- A stored row is found through its dossier; the others are few.
CREATE INDEX intake_not_stored ON hoso.intake (dossier) WHERE outcome <> 1;

-- The current state of every dossier.
CREATE TABLE hoso.dossier (
    code                 text PRIMARY KEY,
    content              bytea NOT NULL,  -- SHA-256 of the canonical form
    received_at          timestamptz NOT NULL,
    due_at               timestamptz,
    finished_at          timestamptz,
    returned_at          timestamptz,
    received_on          date NOT NULL,
    due_on               date,
    finished_on          date,
    returned_on          date,
    channel              smallint NOT NULL,
    return_channel       smallint,
    online_level         smallint,
    applicant_kind       smallint,
    status               smallint,
    offered_online       boolean NOT NULL,
    unit_unverified      boolean NOT NULL,
    procedure_unverified boolean NOT NULL,
    unit                 text NOT NULL,
    procedure            text,
    sector               text,
    operator             text,
    applicant_id         text,
    applicant_name       text,
    applicant_phone      text,
    sender               integer NOT NULL,
    epoch                bigint NOT NULL,
    sequence             bigint NOT NULL,
    stored_at            timestamptz NOT NULL DEFAULT now()
);

-- Entries that could not be stored, word for word, with their reasons.
CREATE TABLE hoso.quarantine (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at  timestamptz NOT NULL DEFAULT now(),
    sender       integer NOT NULL,
    epoch        bigint NOT NULL,
    sequence     bigint NOT NULL,
    content_type smallint NOT NULL,  -- 1 protobuf, 2 JSON
    outcome      smallint NOT NULL,  -- 3 rejected, 4 conflict
    digest       bytea NOT NULL,
    body         bytea NOT NULL,
    dossier      text,
    reasons      jsonb NOT NULL,     -- [{"code": …, "field": …, "value": …, "vietnamese": …, "english": …}]
    UNIQUE (sender, epoch, sequence, digest)
);
CREATE INDEX quarantine_dossier ON hoso.quarantine (dossier);

-- The outbox of survey tasks: append-only, read in order of commit.
CREATE TABLE hoso.survey_task (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid        xid8 NOT NULL DEFAULT pg_current_xact_id(),
    not_before timestamptz NOT NULL,
    dossier    text NOT NULL UNIQUE
);
CREATE UNIQUE INDEX survey_task_in_order ON hoso.survey_task (xid, id);

CREATE TABLE hoso.survey_acknowledgement (
    task            bigint PRIMARY KEY,
    acknowledged_at timestamptz NOT NULL DEFAULT now()
);

-- Every task up to this position is acknowledged; one row, updated in place.
CREATE TABLE hoso.survey_floor (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    xid      xid8 NOT NULL,
    task     bigint NOT NULL
) WITH (fillfactor = 50);
INSERT INTO hoso.survey_floor (xid, task) VALUES ('0', 0);

-- When a citizen was last chosen, by a hash of the personal id, for the quiet period.
CREATE TABLE hoso.survey_contact (
    person   bytea PRIMARY KEY,
    asked_on date NOT NULL
);

-- Effective-dated catalogues.
CREATE TABLE hoso.unit (
    code       text NOT NULL,
    name       text NOT NULL,
    kind       text,
    valid_from date NOT NULL DEFAULT '-infinity',
    valid_to   date NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (code, valid_from)
);
CREATE TABLE hoso.procedure (
    code         text NOT NULL,  -- first two parts of the national code
    title        text NOT NULL,
    sector       text,
    online_level smallint,       -- 0 not offered online, 3 in part, 4 in full
    valid_from   date NOT NULL DEFAULT '-infinity',
    valid_to     date NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (code, valid_from)
);

-- The roll-up: sums of the ledger per cohort. An empty text stands for "not given".
CREATE TABLE hoso.adoption (
    day              date NOT NULL,
    channel          smallint NOT NULL,
    unit             text NOT NULL,
    procedure        text NOT NULL,
    sector           text NOT NULL,
    operator         text NOT NULL,
    dossiers         bigint NOT NULL,
    offered          bigint NOT NULL,
    returned         bigint NOT NULL,
    returned_by_post bigint NOT NULL,
    finished         bigint NOT NULL,
    early            bigint NOT NULL,
    on_the_day       bigint NOT NULL,
    late             bigint NOT NULL,
    PRIMARY KEY (day, channel, unit, procedure, sector, operator)
) WITH (fillfactor = 80);

-- How far the ledger is folded into the roll-up.
CREATE TABLE hoso.fold (
    name              text PRIMARY KEY,
    xid               xid8 NOT NULL,
    id                bigint NOT NULL,
    folded_at         timestamptz,
    system_identifier bigint NOT NULL  -- transaction numbers mean nothing in another cluster
) WITH (fillfactor = 50);
INSERT INTO hoso.fold (name, xid, id, system_identifier)
SELECT 'adoption', '0', 0, system_identifier FROM pg_control_system();

-- Ends a statement that has to be run again on a fresh snapshot.
CREATE FUNCTION hoso.run_again() RETURNS smallint LANGUAGE plpgsql AS $$
BEGIN
    RAISE SQLSTATE '40001' USING MESSAGE = 'another transaction recorded the same entry';
END $$;

-- The ledger, the outbox and the quarantine only ever grow.
CREATE FUNCTION hoso.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'hoso.% is append-only', TG_TABLE_NAME USING ERRCODE = '42501';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hoso.intake
    FOR EACH STATEMENT EXECUTE FUNCTION hoso.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hoso.survey_task
    FOR EACH STATEMENT EXECUTE FUNCTION hoso.refuse_change();
