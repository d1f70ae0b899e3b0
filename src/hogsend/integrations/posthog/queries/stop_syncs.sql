-- Sync these buckets ($1) no more. A walk under way is over.
UPDATE posthog_syncs
SET off_at = $2, done_at = coalesce(done_at, $2)
WHERE bucket_id = ANY($1::text[]) AND off_at IS NULL
