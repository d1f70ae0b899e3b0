-- Sync these buckets ($1) as these properties ($2). Where that is new, the members are to be told;
-- where it was off for a while, also who may have left meanwhile.
INSERT INTO posthog_syncs AS sync (bucket_id, property, created_at)
SELECT bucket_id, property, $3::timestamptz
FROM unnest($1::text[], $2::text[]) AS wanted (bucket_id, property)
ORDER BY bucket_id
ON CONFLICT (bucket_id) DO UPDATE
SET property = excluded.property,
    everyone = sync.off_at IS NOT NULL AND sync.property = excluded.property,
    cursor = '',
    queued = 0,
    created_at = excluded.created_at,
    done_at = NULL,
    off_at = NULL
WHERE sync.off_at IS NOT NULL OR sync.property <> excluded.property
