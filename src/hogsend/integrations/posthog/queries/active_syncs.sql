-- Which of these buckets are synced.
SELECT bucket_id FROM posthog_syncs WHERE bucket_id = ANY($1::text[]) AND off_at IS NULL
