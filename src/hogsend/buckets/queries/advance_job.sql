-- Move a job's cursor and prolong the lease; no row, if the job is somebody else's by now, or has
-- been superseded.
UPDATE bucket_jobs
SET cursor = $3, done = done + $4, joined = joined + $5, left_count = left_count + $6,
    lease_expires_at = $7, total = $8, attempts = 0, error = NULL
WHERE id = $1 AND holder = $2 AND status = 'running'
RETURNING id
