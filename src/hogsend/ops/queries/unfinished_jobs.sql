-- The jobs that wait, run or failed, at most one for each bucket; those that failed first.
SELECT id, bucket_id, kind, status, done, total, joined, left_count AS left, attempts, error,
       run_after, created_at, started_at, finished_at
FROM bucket_jobs
WHERE status IN ('pending', 'running', 'failed')
ORDER BY status = 'failed' DESC, status = 'running' DESC, created_at
LIMIT $1
