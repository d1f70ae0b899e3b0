-- Store memberships as they are now; a stay is one row, found by its entry_count.
-- The caller holds the users' contact locks, and passes a pair's stays in order.
INSERT INTO bucket_memberships
    (user_id, bucket_id, entry_count, id, status, source, reason, entered_at, left_at,
     expires_at, dwell_anchor_at, dwell_state, last_evaluated_at)
SELECT *, $12
FROM unnest(
    $1::text::text[], $2::text::text[], $3::text::integer[], $4::text::uuid[],
    $5::text::text[], $6::text::text[], $7::text::text[], $8::text::timestamptz[],
    $9::text::timestamptz[], $10::text::timestamptz[], $11::text::timestamptz[],
    $13::text::jsonb[])
ON CONFLICT (user_id, bucket_id, entry_count) DO UPDATE
SET status = excluded.status,
    reason = excluded.reason,
    left_at = excluded.left_at,
    expires_at = excluded.expires_at,
    dwell_state = excluded.dwell_state,
    last_evaluated_at = excluded.last_evaluated_at
