-- Lock what is known of buckets, so that one process at a time compares it with the code.
-- Lock order: bucket_id, ascending; before any job's row.
SELECT FROM bucket_configs WHERE bucket_id = ANY($1::text[]) ORDER BY bucket_id FOR UPDATE
