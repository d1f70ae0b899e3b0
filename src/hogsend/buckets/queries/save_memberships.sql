-- Store memberships as they are now; a stay is one row, found by its entry_count.
-- The caller holds the users' contact locks, and passes a pair's stays in order.
INSERT INTO bucket_memberships
    (user_id, bucket_id, entry_count, id, status, source, reason, entered_at, left_at,
     expires_at, dwell_anchor_at, dwell_state, last_evaluated_at)
SELECT *, $12
FROM unnest(
    $1::text[], $2::text[], $3::integer[], $4::uuid[], $5::text[], $6::text[], $7::text[],
    $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[],
    $13::jsonb[])
ON CONFLICT (user_id, bucket_id, entry_count) DO UPDATE
SET status = excluded.status,
    reason = excluded.reason,
    left_at = excluded.left_at,
    expires_at = excluded.expires_at,
    dwell_state = excluded.dwell_state,
    last_evaluated_at = excluded.last_evaluated_at
