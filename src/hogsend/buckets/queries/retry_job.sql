-- Try a job that failed again, now.
UPDATE bucket_jobs SET status = 'pending', attempts = 0, run_after = $2
WHERE bucket_id = $1 AND status = 'failed'
