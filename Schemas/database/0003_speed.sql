-- Codes are compared byte by byte: the rules of a language give the same order at several times the cost.
ALTER TABLE hoso.dossier ALTER COLUMN code TYPE text COLLATE "C";
ALTER TABLE hoso.survey_task ALTER COLUMN dossier TYPE text COLLATE "C";
ALTER TABLE hoso.intake ALTER COLUMN dossier TYPE text COLLATE "C";
ALTER TABLE hoso.quarantine ALTER COLUMN dossier TYPE text COLLATE "C";
ALTER TABLE hoso.adoption
    ALTER COLUMN unit TYPE text COLLATE "C",
    ALTER COLUMN procedure TYPE text COLLATE "C",
    ALTER COLUMN sector TYPE text COLLATE "C",
    ALTER COLUMN operator TYPE text COLLATE "C";
