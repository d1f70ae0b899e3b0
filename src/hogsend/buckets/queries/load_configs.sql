-- What is decided about every bucket, and which have a job that catches up with their definition.
SELECT config.bucket_id, config.enabled, config.fingerprint,
       config.retired_at IS NOT NULL AS retired, job.id IS NOT NULL AS building, job.mark
FROM bucket_configs AS config
LEFT JOIN bucket_jobs AS job
    ON job.bucket_id = config.bucket_id AND job.status IN ('pending', 'running', 'failed')
