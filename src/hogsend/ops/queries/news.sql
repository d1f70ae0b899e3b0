-- What is new since each of the instants $1: whole hours from the tallies, and the part of an hour
-- before them row by row.
WITH since AS (
    SELECT place, at, date_trunc('hour', at, 'UTC') + interval '1 hour' AS hour
    FROM unnest($1::timestamptz[]) WITH ORDINALITY AS asked (at, place)
)
SELECT
    (SELECT count(*) FROM contacts WHERE created_at >= since.at AND created_at < since.hour)
        + (SELECT coalesce(sum(amount), 0)::bigint
           FROM tally_hours WHERE measure = 'contact' AND hour >= since.hour) AS contacts,
    (SELECT count(*) FROM journey_states WHERE created_at >= since.at AND created_at < since.hour)
        + (SELECT coalesce(sum(amount), 0)::bigint
           FROM tally_hours WHERE measure = 'run' AND hour >= since.hour) AS journeys,
    (SELECT count(*) FROM email_sends WHERE sent_at >= since.at AND sent_at < since.hour)
        + (SELECT coalesce(sum(amount), 0)::bigint
           FROM tally_hours WHERE measure = 'mail' AND hour >= since.hour) AS emails
FROM since
ORDER BY place
