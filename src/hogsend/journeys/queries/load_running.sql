-- The unfinished runs of users. The caller holds the users' contact locks.
SELECT user_id, journey_id, id, waits_for, waits_where, wake_at
FROM journey_states
WHERE user_id = ANY($1::text::text[]) AND finished_at IS NULL
