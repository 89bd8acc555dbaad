-- What each service may do. Roles belong to the whole cluster, and databases of one cluster may be migrated at once.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['hoso_ingest', 'hoso_fold', 'hoso_relay', 'hoso_read', 'hoso_operations'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I LOGIN NOINHERIT NOCREATEDB NOCREATEROLE CONNECTION LIMIT 64', role);
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
