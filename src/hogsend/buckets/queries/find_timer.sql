-- When the pair is looked at next.
SELECT due_at FROM bucket_timers WHERE user_id = $1 AND bucket_id = $2
