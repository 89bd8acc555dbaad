-- Codes are compared byte by byte, whatever the locale of the database.
ALTER TABLE hoso.dossier ALTER COLUMN code TYPE text COLLATE "C";
ALTER TABLE hoso.survey_task ALTER COLUMN dossier TYPE text COLLATE "C";
ALTER TABLE hoso.intake ALTER COLUMN dossier TYPE text COLLATE "C";
ALTER TABLE hoso.quarantine ALTER COLUMN dossier TYPE text COLLATE "C";
ALTER TABLE hoso.adoption
    ALTER COLUMN unit TYPE text COLLATE "C",
    ALTER COLUMN procedure TYPE text COLLATE "C",
    ALTER COLUMN sector TYPE text COLLATE "C",
    ALTER COLUMN operator TYPE text COLLATE "C";

-- The roll-up by month, unit and channel: ten years of a unit are a few hundred rows of it.
CREATE TABLE hoso.adoption_month (
    month            date NOT NULL,  -- its first day
    channel          smallint NOT NULL,
    unit             text COLLATE "C" NOT NULL,
    dossiers         bigint NOT NULL,
    offered          bigint NOT NULL,
    returned         bigint NOT NULL,
    returned_by_post bigint NOT NULL,
    finished         bigint NOT NULL,
    early            bigint NOT NULL,
    on_the_day       bigint NOT NULL,
    late             bigint NOT NULL,
    PRIMARY KEY (unit, month, channel)
) WITH (fillfactor = 50);
INSERT INTO hoso.adoption_month
SELECT date_trunc('month', day)::date, channel, unit, sum(dossiers), sum(offered), sum(returned), sum(returned_by_post),
       sum(finished), sum(early), sum(on_the_day), sum(late)
FROM hoso.adoption GROUP BY 1, 2, 3;
