-- Turn delivered rows ($5: by new ids) into ones that are due at $6, under the epochs of their
-- claims; returns those that were ours still. Lock order: by key, as the caller sorts.
UPDATE outbox AS row
SET id = ours.id, due_at = $6, claimed_until = NULL, unsure = 0, attempts = 0, status = NULL,
    error = NULL
FROM unnest($1::text::text[], $2::text::text[], $3::text::bigint[], $4::text::integer[],
    $5::text::uuid[]) AS ours (user_id, destination, position, epoch, id)
WHERE row.user_id = ours.user_id AND row.destination = ours.destination
  AND row.position = ours.position AND row.epoch = ours.epoch AND row.claimed_until IS NOT NULL
RETURNING row.position
