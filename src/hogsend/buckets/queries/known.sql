-- What is known of these buckets, or of all: their configuration, the live job, whether any was
-- ever done.
SELECT config.bucket_id, config.name, config.fingerprint, config.criteria, config.schedule, config.enabled,
       config.paused, config.retired_at IS NOT NULL AS retired, config.seen_at, config.generation,
       job.status AS job_status, job.mark AS job_mark,
       EXISTS (
           SELECT FROM bucket_jobs AS past
           WHERE past.bucket_id = config.bucket_id AND past.status = 'done'
       ) AS built
FROM bucket_configs AS config
LEFT JOIN bucket_jobs AS job
    ON job.bucket_id = config.bucket_id AND job.status IN ('pending', 'running', 'failed')
WHERE $1::text[] IS NULL OR config.bucket_id = ANY($1)
ORDER BY config.bucket_id
