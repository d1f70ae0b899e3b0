-- The runs of a journey, of one status or all, newest first.
SELECT run.id, run.user_id, contact.email AS user_email, run.journey_id, run.status, run.wake_at,
       run.waits_for, run.attempts, run.error, run.traceback, run.exit_reason,
       run.event AS trigger_event, run.journal, run.created_at, run.updated_at, run.finished_at
FROM journey_states AS run
LEFT JOIN contacts AS contact USING (user_id)
WHERE run.journey_id = $1 AND ($2::text IS NULL OR run.status = $2)
ORDER BY run.id DESC
LIMIT $3 OFFSET $4
