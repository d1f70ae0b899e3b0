-- When each bucket was last audited.
SELECT bucket_id, audited_at FROM bucket_configs
