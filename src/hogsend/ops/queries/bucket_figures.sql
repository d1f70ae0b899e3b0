-- The stays of buckets ($1, named $2), all there ever were.
SELECT
    asked.bucket_id,
    asked.name,
    coalesce(stay.entered, 0) - coalesce(stay.ended, 0) AS size,
    coalesce(stay.entered, 0) AS entered,
    coalesce(stay.ended, 0) AS "left",
    stay.dwell_ms / nullif(stay.ended, 0) / 1000.0::float8 AS avg_dwell_secs
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS asked (bucket_id, name, place)
LEFT JOIN (
    SELECT id,
           (sum(amount) FILTER (WHERE measure = 'stay.entered'))::bigint AS entered,
           (sum(amount) FILTER (WHERE measure = 'stay.left'))::bigint AS ended,
           (sum(amount) FILTER (WHERE measure = 'stay.dwell_ms'))::float8 AS dwell_ms
    FROM tally_totals
    WHERE measure IN ('stay.entered', 'stay.left', 'stay.dwell_ms')
    GROUP BY id
) AS stay ON stay.id = asked.bucket_id
ORDER BY asked.place
