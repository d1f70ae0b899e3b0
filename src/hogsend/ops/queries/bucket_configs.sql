-- Every bucket that there ever was, and when it was last audited.
SELECT bucket_id, name, audited_at FROM bucket_configs ORDER BY bucket_id
