-- A page of a user's runs of all journeys: those under way first, soonest to go on first, then the
-- others, newest first.
SELECT run.id, run.user_id, contact.email AS user_email, run.journey_id, run.status, run.wake_at,
       run.waits_for, run.attempts, run.error, run.traceback, run.exit_reason,
       run.event AS trigger_event, run.journal, run.created_at, run.updated_at, run.finished_at,
       count(*) OVER () AS total
FROM journey_states AS run
LEFT JOIN contacts AS contact USING (user_id)
WHERE run.user_id = $1
ORDER BY run.finished_at IS NOT NULL, run.wake_at, run.id DESC
LIMIT $2 OFFSET $3
