-- The baseline of waking: claim as many due rows, and write their end, with nothing in between.
WITH due AS MATERIALIZED (
    SELECT user_id, journey_id, id
    FROM journey_states
    WHERE journey_id = $2 AND wake_at <= $1
    ORDER BY wake_at
    LIMIT $3
    FOR UPDATE SKIP LOCKED
)
UPDATE journey_states AS run
SET status = 'completed', wake_at = NULL, finished_at = $1, updated_at = $1,
    journal = run.journal || '[{"call": "sleep/done"}, {"call": "step:second"}]'
FROM due
WHERE run.user_id = due.user_id AND run.journey_id = due.journey_id AND run.id = due.id
RETURNING run.id
