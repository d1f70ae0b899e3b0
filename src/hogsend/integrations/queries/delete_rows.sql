-- Delete delivered rows, each under the epoch of its claim; returns those that were ours still.
-- Lock order: by key, as the caller sorts.
DELETE FROM outbox AS row
USING unnest($1::text::text[], $2::text::text[], $3::text::bigint[], $4::text::integer[])
    AS ours (user_id, destination, position, epoch)
WHERE row.user_id = ours.user_id AND row.destination = ours.destination
  AND row.position = ours.position AND row.epoch = ours.epoch AND row.claimed_until IS NOT NULL
RETURNING row.position
