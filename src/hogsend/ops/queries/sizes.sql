-- How many members every bucket has.
SELECT bucket_id, count(*) AS active
FROM bucket_memberships
WHERE status = 'active'
GROUP BY bucket_id
