-- How bucket $1 is: what is known of it, and the job that catches up with its definition, if any.
SELECT config.name, config.enabled, config.paused, config.fingerprint,
       config.retired_at IS NOT NULL AS retired,
       job.status AS job, job.error, least(1.0, job.done::float / greatest(job.total, 1)) AS progress
FROM bucket_configs AS config
LEFT JOIN bucket_jobs AS job
    ON job.bucket_id = config.bucket_id AND job.status IN ('pending', 'running', 'failed')
WHERE config.bucket_id = $1
