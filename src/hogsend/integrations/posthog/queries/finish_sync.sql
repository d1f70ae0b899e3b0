-- Note that all are queued.
UPDATE posthog_syncs SET done_at = $2 WHERE bucket_id = $1
