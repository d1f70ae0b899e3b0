-- The unfinished runs of users. The caller holds the users' contact locks.
-- OFFSET 0 keeps this a loop over an index: planned while the table is empty, it would be a scan.
SELECT run.user_id, run.journey_id, run.id, run.waits_for, run.waits_where, run.wake_at
FROM unnest($1::text::text[]) AS concerned (user_id)
CROSS JOIN LATERAL (
    SELECT *
    FROM journey_states
    WHERE journey_states.user_id = concerned.user_id AND finished_at IS NULL
    OFFSET 0
) AS run
