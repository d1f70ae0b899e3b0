-- Give a job back; somebody goes on at its cursor, from $5 on. With an error, that was an attempt.
UPDATE bucket_jobs
SET status = $3, holder = NULL, lease_expires_at = NULL, error = coalesce($4, error),
    attempts = attempts + ($4::text IS NOT NULL)::integer, run_after = $5
WHERE id = $1 AND holder = $2 AND status = 'running'
RETURNING id
