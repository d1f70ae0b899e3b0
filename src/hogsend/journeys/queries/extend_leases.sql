-- Keep claims for longer, until $5; returns those that still stand.
UPDATE journey_states AS run
SET lease_expires_at = $5
FROM unnest($1::text::text[], $2::text::text[], $3::text::uuid[], $4::text::integer[])
    AS held (user_id, journey_id, id, epoch)
WHERE run.user_id = held.user_id AND run.journey_id = held.journey_id AND run.id = held.id
  AND run.epoch = held.epoch AND run.holder IS NOT NULL
RETURNING run.id
