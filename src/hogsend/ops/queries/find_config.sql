-- What the database knows of a bucket itself.
SELECT name, enabled, retired_at, audited_at FROM bucket_configs WHERE bucket_id = $1
