-- Let runs go on because the event came that they wait for; one that time woke first keeps that.
-- Lock order: by key, as the caller sorts; contacts were locked before.
UPDATE journey_states AS run
SET status = 'active', wake_at = $5, resumed_at = $5, updated_at = $5, wake_event = woken.event,
    waits_for = NULL, waits_where = NULL
FROM unnest($1::text::text[], $2::text::text[], $3::text::uuid[], $4::text::jsonb[])
    AS woken (user_id, journey_id, id, event)
WHERE run.user_id = woken.user_id AND run.journey_id = woken.journey_id AND run.id = woken.id
  AND run.status = 'waiting'
