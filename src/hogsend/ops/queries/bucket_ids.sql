-- Every bucket that there is or was.
SELECT bucket_id FROM bucket_configs ORDER BY bucket_id
