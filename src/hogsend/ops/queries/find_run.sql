-- One run of a journey.
SELECT run.id, run.user_id, contact.email AS user_email, run.journey_id, run.status, run.wake_at,
       run.waits_for, run.attempts, run.error, run.traceback, run.exit_reason,
       run.event AS trigger_event, run.journal, run.created_at, run.updated_at, run.finished_at
FROM journey_states AS run
LEFT JOIN contacts AS contact USING (user_id)
WHERE run.journey_id = $1 AND run.id = $2
