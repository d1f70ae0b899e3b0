-- How many members a bucket has now.
SELECT count(*) FROM bucket_memberships WHERE bucket_id = $1 AND status = 'active'
