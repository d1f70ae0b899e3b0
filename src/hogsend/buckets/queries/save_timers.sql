-- Arm timers, or move them. The caller holds the users' contact locks.
INSERT INTO bucket_timers (user_id, bucket_id, due_at)
SELECT user_id, bucket_id, due_at
FROM unnest($1::text::text[], $2::text::text[], $3::text::timestamptz[]) AS armed (user_id, bucket_id, due_at)
ON CONFLICT (user_id, bucket_id) DO UPDATE SET due_at = excluded.due_at
