-- Store what became of known stays; each is one row, found by its entry_count.
-- The caller holds the users' contact locks.
UPDATE bucket_memberships AS membership
SET status = CASE WHEN stay.left_at IS NULL THEN 'active' ELSE 'left' END,
    reason = stay.reason,
    left_at = stay.left_at,
    expires_at = stay.expires_at,
    dwell_state = stay.dwell_state,
    last_evaluated_at = $8
FROM unnest(
    $1::text::text[], $2::text::text[], $3::text::integer[], $4::text::text[],
    $5::text::timestamptz[], $6::text::timestamptz[], $7::text::jsonb[]
) AS stay (user_id, bucket_id, entry_count, reason, left_at, expires_at, dwell_state)
WHERE membership.user_id = stay.user_id AND membership.bucket_id = stay.bucket_id
  AND membership.entry_count = stay.entry_count
