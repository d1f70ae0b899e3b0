-- The stays of each bucket: those that last, and those that ended. Index-only scans.
SELECT
    asked.bucket_id,
    (SELECT count(*) FROM bucket_memberships AS stay
     WHERE stay.bucket_id = asked.bucket_id AND stay.status = 'active') AS active,
    (SELECT count(*) FROM bucket_memberships AS stay
     WHERE stay.bucket_id = asked.bucket_id AND stay.status = 'left') AS "left"
FROM unnest($1::text[]) AS asked (bucket_id)
