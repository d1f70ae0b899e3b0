-- What operators decided about buckets, where they did.
SELECT bucket_id, enabled FROM bucket_configs WHERE enabled IS NOT NULL
