-- A job has come to the end; no row, if it is somebody else's by now, or has been superseded.
UPDATE bucket_jobs
SET status = 'done', holder = NULL, lease_expires_at = NULL, finished_at = $3, total = done,
    error = NULL
WHERE id = $1 AND holder = $2 AND status = 'running'
RETURNING id
