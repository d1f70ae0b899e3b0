-- How many rows there are, by the hour, kept in the transactions that write the rows.
-- Those append to tally_changes and so wait for nobody; a worker adds the changes up every few
-- seconds. What both tables say together is the count, exactly, at any instant.
CREATE TABLE tallies (
    measure text COLLATE "C" NOT NULL,
    id      text COLLATE "C" NOT NULL,
    hour    timestamptz NOT NULL,
    amount  bigint NOT NULL,
    PRIMARY KEY (measure, id, hour)
) WITH (fillfactor = 70);

CREATE INDEX tallies_hour ON tallies (measure, hour);

COMMENT ON COLUMN tallies.measure IS 'what is counted; stay.dwell_ms is a sum';
COMMENT ON COLUMN tallies.id IS 'of the bucket, journey or template, an event''s name, or nothing';
COMMENT ON COLUMN tallies.hour IS 'when it begins, in UTC; -infinity is all time';

CREATE TABLE tally_changes (
    measure text COLLATE "C" NOT NULL,
    id      text COLLATE "C" NOT NULL,
    hour    timestamptz NOT NULL,
    amount  bigint NOT NULL
) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);

CREATE VIEW tally_hours AS
SELECT measure, id, hour, amount FROM tallies WHERE hour > '-infinity'
UNION ALL
SELECT measure, id, hour, amount FROM tally_changes WHERE hour > '-infinity';

CREATE VIEW tally_totals AS
SELECT measure, id, sum(amount)::bigint AS amount
FROM (
    SELECT measure, id, amount FROM tallies WHERE hour = '-infinity'
    UNION ALL
    SELECT measure, id, amount FROM tally_changes
) AS counted
GROUP BY measure, id;

CREATE FUNCTION forget_tallies() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM tallies WHERE (measure || '.') ^@ (TG_ARGV[0] || '.');
    DELETE FROM tally_changes WHERE (measure || '.') ^@ (TG_ARGV[0] || '.');
    RETURN NULL;
END $$;
