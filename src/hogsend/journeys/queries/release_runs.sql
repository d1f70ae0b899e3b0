-- Give claims back, for whoever comes first; a claim that does not stand any more is left alone.
UPDATE journey_states AS run
SET holder = NULL, lease_expires_at = NULL, epoch = run.epoch + 1
FROM unnest($1::text::text[], $2::text::text[], $3::text::uuid[], $4::text::integer[])
    AS held (user_id, journey_id, id, epoch)
WHERE run.user_id = held.user_id AND run.journey_id = held.journey_id AND run.id = held.id
  AND run.epoch = held.epoch AND run.holder IS NOT NULL
