-- How many active members a bucket has; an index-only scan of its active memberships.
SELECT count(*) FROM bucket_memberships WHERE bucket_id = $1 AND status = 'active'
