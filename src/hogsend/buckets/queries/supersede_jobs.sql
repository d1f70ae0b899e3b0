-- End the live jobs of buckets. Who works on one finds out at the end of its chunk.
-- The caller holds the locks of the buckets' configurations.
UPDATE bucket_jobs
SET status = 'superseded', holder = NULL, lease_expires_at = NULL, finished_at = $2
WHERE bucket_id = ANY($1::text[]) AND status IN ('pending', 'running', 'failed')
