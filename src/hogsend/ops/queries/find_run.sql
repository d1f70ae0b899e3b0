-- One run of a journey, whether it is under way or over: two conditions, an index each.
WITH found AS (
    SELECT user_id, id
    FROM journey_states
    WHERE journey_id = $1 AND id = $2 AND finished_at IS NULL
    UNION ALL
    SELECT user_id, id
    FROM journey_states
    WHERE journey_id = $1 AND id = $2 AND finished_at IS NOT NULL
)
SELECT run.id, run.user_id, contact.email AS user_email, run.journey_id, run.status, run.wake_at,
       run.waits_for, run.attempts, run.error, run.traceback, run.exit_reason,
       run.event AS trigger_event, run.journal, run.created_at, run.updated_at, run.finished_at
FROM found
JOIN journey_states AS run
    ON run.user_id = found.user_id AND run.journey_id = $1 AND run.id = found.id
LEFT JOIN contacts AS contact ON contact.user_id = run.user_id
