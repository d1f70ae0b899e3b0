-- A user's runs of a journey, of one status or all, newest first.
SELECT run.id, run.user_id, contact.email AS user_email, run.journey_id, run.status, run.wake_at,
       run.waits_for, run.attempts, run.error, run.traceback, run.exit_reason,
       run.event AS trigger_event, run.journal, run.created_at, run.updated_at, run.finished_at
FROM journey_states AS run
LEFT JOIN contacts AS contact USING (user_id)
WHERE run.user_id = $1 AND run.journey_id = $2 AND ($3::text IS NULL OR run.status = $3)
ORDER BY run.id DESC
