-- Note that the people up to $2 are queued.
UPDATE posthog_syncs SET cursor = $2, queued = queued + $3 WHERE bucket_id = $1
