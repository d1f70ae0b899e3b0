-- Why the jobs that are not done are not.
SELECT string_agg(bucket_id || ': ' || coalesce(error, 'it waits'), '; ')
FROM bucket_jobs
WHERE status IN ('pending', 'running', 'failed')
