-- A page of the jobs of bucket $1, or of all (NULL), newest first.
SELECT id, bucket_id, kind, status, done, total, joined, left_count AS left, attempts, error,
       run_after, created_at, started_at, finished_at
FROM bucket_jobs
WHERE $1::text IS NULL OR bucket_id = $1
ORDER BY created_at DESC, id DESC
LIMIT $2 OFFSET $3
