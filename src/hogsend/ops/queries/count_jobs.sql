-- How many jobs bucket $1 has had, or all (NULL).
SELECT count(*) FROM bucket_jobs WHERE $1::text IS NULL OR bucket_id = $1
