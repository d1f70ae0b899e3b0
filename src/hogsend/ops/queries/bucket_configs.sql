-- Every bucket that there ever was: what is known of it, and the job that catches up with its
-- definition, if there is one.
SELECT config.bucket_id, config.name, config.audited_at, config.fingerprint IS NOT NULL AS known,
       config.retired_at IS NOT NULL AS retired,
       job.status AS job, job.done, job.total
FROM bucket_configs AS config
LEFT JOIN bucket_jobs AS job
    ON job.bucket_id = config.bucket_id AND job.status IN ('pending', 'running', 'failed')
ORDER BY config.bucket_id
