-- End runs from outside; returns those that were under way. The epoch keeps a worker that has one
-- in hand from writing. Lock order: by key, as the caller sorts; contacts were locked before.
UPDATE journey_states AS run
SET status = 'exited', exit_reason = ended.reason, finished_at = $5, updated_at = $5,
    wake_at = NULL, waits_for = NULL, waits_where = NULL, wake_event = NULL,
    holder = NULL, lease_expires_at = NULL, epoch = run.epoch + 1
FROM unnest($1::text::text[], $2::text::text[], $3::text::uuid[], $4::text::text[])
    AS ended (user_id, journey_id, id, reason)
WHERE run.user_id = ended.user_id AND run.journey_id = ended.journey_id AND run.id = ended.id
  AND run.status IN ('active', 'waiting')
RETURNING run.id
