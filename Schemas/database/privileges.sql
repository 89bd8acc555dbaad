-- The roles, who owns what, and who may do what: the whole of it, applied whenever somebody migrates. What is not listed is
-- forbidden. Roles belong to the whole cluster, and databases of one cluster may be migrated at once. Together they leave room
-- for the owner in a cluster of 50 connections.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['hoso_ingest', 'hoso_fold', 'hoso_relay', 'hoso_read', 'hoso_operations'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I LOGIN NOINHERIT NOCREATEDB NOCREATEROLE CONNECTION LIMIT %s', role,
                CASE role WHEN 'hoso_ingest' THEN 22 WHEN 'hoso_read' THEN 8 WHEN 'hoso_fold' THEN 4 ELSE 6 END);
            -- What a session forgets to set: no statement, lock or idle transaction holds others up for long.
            EXECUTE format('ALTER ROLE %I SET lock_timeout = ''5s''', role);
            EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''30s''', role);
            EXECUTE format('ALTER ROLE %I SET statement_timeout = %L', role,
                CASE WHEN role IN ('hoso_read', 'hoso_operations') THEN '300s' ELSE '60s' END);
            EXECUTE format('ALTER ROLE %I SET search_path = ''''', role);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END LOOP;
    -- Owns everything, and nobody connects as it: what it may do, a service may not.
    BEGIN
        CREATE ROLE hoso_owner NOLOGIN NOINHERIT;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    IF NOT pg_has_role(current_user, 'hoso_owner', 'MEMBER') THEN
        EXECUTE format('GRANT hoso_owner TO %I', current_user);
    END IF;
END $$;

DO $$
DECLARE
    part record;
BEGIN
    EXECUTE format('GRANT CREATE ON DATABASE %I TO hoso_owner', current_database());
    ALTER SCHEMA hoso OWNER TO hoso_owner;
    -- Sequences of identity columns follow their tables.
    FOR part IN SELECT c.oid::regclass AS name FROM pg_class c
                WHERE c.relnamespace = 'hoso'::regnamespace AND c.relkind IN ('r', 'v')
                  AND c.relowner <> 'hoso_owner'::regrole LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO hoso_owner', part.name);
    END LOOP;
    FOR part IN SELECT p.oid::regprocedure AS name FROM pg_proc p
                WHERE p.pronamespace = 'hoso'::regnamespace AND p.proowner <> 'hoso_owner'::regrole LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO hoso_owner', part.name);
    END LOOP;
END $$;

DO $$
DECLARE
    role text;
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
    REVOKE ALL ON SCHEMA hoso FROM PUBLIC;
    REVOKE ALL ON ALL FUNCTIONS IN SCHEMA hoso FROM PUBLIC;
    FOREACH role IN ARRAY ARRAY['hoso_ingest', 'hoso_fold', 'hoso_relay', 'hoso_read', 'hoso_operations'] LOOP
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), role);
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA hoso FROM %I', role);
        EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA hoso FROM %I', role);
        EXECUTE format('GRANT USAGE ON SCHEMA hoso TO %I', role);
        EXECUTE format('GRANT SELECT ON hoso.migration, hoso.sender, hoso.unit, hoso.procedure TO %I', role);
    END LOOP;
END $$;

-- Workers: they add to the ledger and the outbox, and change what a dossier is now; they never take back what was said.
GRANT SELECT, INSERT ON hoso.intake, hoso.survey_task, hoso.quarantine, hoso.quarantine_closure, hoso.settled_root,
    hoso.manifest TO hoso_ingest;
GRANT SELECT, INSERT, UPDATE ON hoso.dossier, hoso.survey_contact, hoso.sender_alarm TO hoso_ingest;
GRANT INSERT ON hoso.sender TO hoso_ingest;
GRANT SELECT, INSERT, UPDATE (head, head_digest, announced_at, heard_at) ON hoso.sender_epoch TO hoso_ingest;
GRANT SELECT, INSERT, UPDATE (receipted_at) ON hoso.delivery TO hoso_ingest;
GRANT SELECT ON hoso.sender_key, hoso.sender_grant, hoso.roster TO hoso_ingest;
GRANT INSERT ON hoso.receipt TO hoso_ingest;
GRANT SELECT, INSERT ON hoso.hash_secret TO hoso_ingest;
GRANT SELECT ON hoso.enrolment, hoso.forgotten, hoso.dossier_gone TO hoso_ingest;
GRANT EXECUTE ON FUNCTION hoso.redeem(integer, bytea, bytea) TO hoso_ingest;
GRANT EXECUTE ON FUNCTION hoso.run_again() TO hoso_ingest;

-- The aggregator: it reads the ledger, keeps the figures, and forgets old times.
GRANT SELECT ON hoso.intake TO hoso_fold;
GRANT SELECT ON SEQUENCE hoso.intake_id_seq TO hoso_fold;
GRANT SELECT, INSERT, UPDATE ON hoso.adoption, hoso.adoption_month, hoso.fold TO hoso_fold;
GRANT SELECT, INSERT, UPDATE (contiguous) ON hoso.sender_epoch TO hoso_fold;
GRANT SELECT, INSERT, UPDATE, DELETE ON hoso.fold_second TO hoso_fold;
GRANT SELECT, DELETE ON hoso.delivery, hoso.receipt TO hoso_fold;
GRANT EXECUTE ON FUNCTION hoso.erase_expired(integer) TO hoso_fold;
GRANT SELECT ON hoso.period, hoso.forgotten, hoso.retention TO hoso_fold;
GRANT EXECUTE ON FUNCTION hoso.close_period(), hoso.expired_period(), hoso.sum_period(integer),
    hoso.erase_period(integer, integer), hoso.drop_period(integer), hoso.forget_dossiers(integer) TO hoso_fold;

-- The relay: it reads the outbox and the contacts of its tasks, and records what was acknowledged.
GRANT SELECT ON hoso.survey_task TO hoso_relay;
GRANT SELECT (code, unit, procedure, channel, return_channel, received_on, personal, applicant_name, applicant_phone)
    ON hoso.dossier TO hoso_relay;
GRANT INSERT (by_whom, action, subject, entries, because) ON hoso.personal_access TO hoso_relay;
GRANT SELECT, INSERT, DELETE ON hoso.survey_acknowledgement TO hoso_relay;
GRANT SELECT, UPDATE ON hoso.survey_floor TO hoso_relay;

-- Queries: everything but who the applicants are and what they wrote.
GRANT SELECT ON hoso.intake, hoso.survey_task, hoso.survey_acknowledgement, hoso.survey_floor, hoso.quarantine_closure,
    hoso.settled_root, hoso.replay, hoso.replay_entry, hoso.manifest, hoso.delivery, hoso.sender_epoch,
    hoso.sender_alarm, hoso.sender_key, hoso.sender_grant, hoso.roster, hoso.adoption, hoso.adoption_month, hoso.fold,
    hoso.fold_second, hoso.receipt, hoso.personal_access, hoso.retention, hoso.unsealed_dossier,
    hoso.enrolment, hoso.period, hoso.forgotten, hoso.period_sum, hoso.adoption_gone, hoso.api_token TO hoso_read;
DO $$
DECLARE
    hidden text;
BEGIN
    -- By columns, so that one that is added is hidden until somebody lists it.
    SELECT string_agg(quote_ident(attname), ', ') INTO hidden FROM pg_attribute
    WHERE attrelid = 'hoso.dossier'::regclass AND attnum > 0 AND NOT attisdropped AND attname IN (
        'code', 'received_at', 'due_at', 'finished_at', 'returned_at', 'received_on', 'due_on', 'finished_on',
        'returned_on', 'channel', 'return_channel', 'online_level', 'applicant_kind', 'status', 'offered_online',
        'unit_unverified', 'procedure_unverified', 'unit', 'procedure', 'sector', 'operator', 'sender', 'epoch',
        'sequence', 'erased_at');
    EXECUTE format('GRANT SELECT (%s) ON hoso.dossier TO hoso_read', hidden);
    SELECT string_agg(quote_ident(attname), ', ') INTO hidden FROM pg_attribute
    WHERE attrelid = 'hoso.quarantine'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'body';
    EXECUTE format('GRANT SELECT (%s) ON hoso.quarantine TO hoso_read', hidden);
END $$;

-- Operators: they enrol and revoke senders, look into the quarantine, and replay what is in it.
GRANT SELECT ON ALL TABLES IN SCHEMA hoso TO hoso_operations;
GRANT INSERT ON hoso.intake, hoso.survey_task, hoso.quarantine, hoso.quarantine_closure, hoso.settled_root, hoso.replay,
    hoso.replay_entry, hoso.manifest TO hoso_operations;
GRANT INSERT, UPDATE ON hoso.dossier, hoso.survey_contact, hoso.unit, hoso.procedure TO hoso_operations;
GRANT UPDATE ON hoso.replay TO hoso_operations;
GRANT INSERT ON hoso.sender TO hoso_operations;
GRANT INSERT, UPDATE (valid_to, revoked_at, revoked_by, because) ON hoso.sender_key TO hoso_operations;
GRANT INSERT ON hoso.sender_grant, hoso.enrolment TO hoso_operations;
GRANT UPDATE (valid_to) ON hoso.enrolment TO hoso_operations;
GRANT INSERT, UPDATE (revoked_at, revoked_by) ON hoso.api_token TO hoso_operations;
GRANT INSERT ON hoso.hash_secret TO hoso_operations;
GRANT INSERT (by_whom, action, subject, entries, because) ON hoso.personal_access TO hoso_operations;
GRANT UPDATE ON hoso.hash_secret TO hoso_operations;
GRANT UPDATE (body, is_sealed) ON hoso.quarantine TO hoso_operations;
GRANT EXECUTE ON FUNCTION hoso.without_values(jsonb) TO hoso_operations;
GRANT DELETE ON hoso.unsealed_dossier, hoso.survey_contact TO hoso_operations;
GRANT EXECUTE ON FUNCTION hoso.run_again(), hoso.erase(text, text, text) TO hoso_operations;
