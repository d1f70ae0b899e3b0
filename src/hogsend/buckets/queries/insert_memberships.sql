-- Store new stays. The caller holds the users' contact locks.
INSERT INTO bucket_memberships
    (user_id, bucket_id, entry_count, id, status, source, reason, entered_at, left_at,
     expires_at, dwell_anchor_at, dwell_state, last_evaluated_at)
SELECT user_id, bucket_id, entry_count, id, CASE WHEN left_at IS NULL THEN 'active' ELSE 'left' END,
       source, reason, entered_at, left_at, expires_at, dwell_anchor_at, dwell_state, $12
FROM unnest(
    $1::text::text[], $2::text::text[], $3::text::integer[], $4::text::uuid[],
    $5::text::text[], $6::text::text[], $7::text::timestamptz[], $8::text::timestamptz[],
    $9::text::timestamptz[], $10::text::timestamptz[], $11::text::jsonb[]
) AS stay (user_id, bucket_id, entry_count, id, source, reason, entered_at, left_at, expires_at,
           dwell_anchor_at, dwell_state)
