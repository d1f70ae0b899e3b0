-- Disarm timers. The caller holds the users' contact locks.
DELETE FROM bucket_timers
USING unnest($1::text::text[], $2::text::text[]) AS disarmed (user_id, bucket_id)
WHERE bucket_timers.user_id = disarmed.user_id AND bucket_timers.bucket_id = disarmed.bucket_id
