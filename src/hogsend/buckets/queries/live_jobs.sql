-- The live job of each of these buckets, and whether any was ever done.
SELECT asked.bucket_id, job.id, job.status, job.mark, job.fingerprint,
       EXISTS (
           SELECT FROM bucket_jobs AS past
           WHERE past.bucket_id = asked.bucket_id AND past.status = 'done'
       ) AS built
FROM unnest($1::text[]) AS asked (bucket_id)
LEFT JOIN bucket_jobs AS job
    ON job.bucket_id = asked.bucket_id AND job.status IN ('pending', 'running', 'failed')
