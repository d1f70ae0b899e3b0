-- The stays of buckets ($1, named $2), all there ever were. Index-only scans.
SELECT
    asked.bucket_id,
    asked.name,
    active.count AS size,
    active.count + past.count AS entered,
    past.count AS "left",
    past.avg_dwell_secs
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS asked (bucket_id, name, place)
CROSS JOIN LATERAL (
    SELECT count(*)
    FROM bucket_memberships AS stay
    WHERE stay.bucket_id = asked.bucket_id AND stay.status = 'active'
) AS active
CROSS JOIN LATERAL (
    SELECT count(*), avg(extract(epoch FROM stay.left_at - stay.entered_at))::float8 AS avg_dwell_secs
    FROM bucket_memberships AS stay
    WHERE stay.bucket_id = asked.bucket_id AND stay.status = 'left'
) AS past
ORDER BY asked.place
