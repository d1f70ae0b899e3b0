-- Take the oldest job that can be worked on: of a bucket that is evaluated here as the job wants
-- it, its time has come, and nobody holds it (or whoever did is gone).
UPDATE bucket_jobs
SET status = 'running', holder = $3, lease_expires_at = $4, started_at = coalesce(started_at, $5)
WHERE id = (
    SELECT job.id
    FROM bucket_jobs AS job
    JOIN unnest($1::text[], $2::text[]) AS known (bucket_id, fingerprint)
        USING (bucket_id, fingerprint)
    WHERE (job.status IN ('pending', 'failed') AND job.run_after <= $5)
       OR (job.status = 'running' AND job.lease_expires_at <= $5)
    ORDER BY job.created_at, job.bucket_id
    LIMIT 1
    FOR UPDATE OF job SKIP LOCKED
)
RETURNING id, bucket_id, kind, mark, cursor, done, total, attempts
