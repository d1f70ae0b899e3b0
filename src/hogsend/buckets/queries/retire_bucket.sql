-- Retire a bucket. The caller holds the row's lock.
UPDATE bucket_configs SET retired_at = $2, updated_at = $2 WHERE bucket_id = $1
