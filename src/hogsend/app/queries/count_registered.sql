-- How many of these buckets the database knows.
SELECT count(*) FROM bucket_configs WHERE bucket_id = ANY($1::text[])
