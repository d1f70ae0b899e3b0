-- These buckets are in the code of a process that runs. Rows that somebody compares with the code
-- are passed over; whoever that is says so, too.
UPDATE bucket_configs
SET seen_at = $2
WHERE bucket_id IN (
    SELECT bucket_id FROM bucket_configs
    WHERE bucket_id = ANY($1::text[]) AND retired_at IS NULL
    FOR UPDATE SKIP LOCKED
)
