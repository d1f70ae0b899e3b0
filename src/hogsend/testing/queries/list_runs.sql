-- Runs in the order in which they started: ids are uuid7.
SELECT user_id, journey_id, status, wake_at, waits_for, exit_reason, error, created_at, finished_at
FROM journey_states
WHERE $1::text IS NULL OR journey_id = $1
ORDER BY id
