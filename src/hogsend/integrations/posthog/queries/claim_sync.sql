-- A bucket whose members are to be queued, if nobody is at it. Its row stays locked.
SELECT bucket_id, property, everyone, cursor, queued
FROM posthog_syncs
WHERE done_at IS NULL
ORDER BY created_at, bucket_id
LIMIT 1
FOR UPDATE SKIP LOCKED
