-- Retire the buckets that no running process has had in its code since $2, other than $1. Their
-- members stay.
UPDATE bucket_configs
SET retired_at = $3, updated_at = $3
WHERE bucket_id IN (
    SELECT bucket_id FROM bucket_configs
    WHERE retired_at IS NULL AND seen_at < $2 AND NOT bucket_id = ANY($1::text[])
    FOR UPDATE SKIP LOCKED
)
RETURNING bucket_id
