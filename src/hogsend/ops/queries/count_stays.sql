-- The stays of each bucket: all there ever were, and those that last.
SELECT bucket_id, count(*) AS entered, count(*) FILTER (WHERE status = 'active') AS active
FROM bucket_memberships
WHERE bucket_id = ANY($1::text[])
GROUP BY bucket_id
