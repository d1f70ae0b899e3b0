-- Give rows back that were not delivered, under the epochs of their claims: due again ($5), dead
-- ($6), or as they were. $7: whether it was an attempt; $8: whether it is sure that it failed.
-- Returns those that were ours still. Lock order: by key, as the caller sorts.
UPDATE outbox AS row
SET due_at = CASE WHEN ours.dead_at IS NULL THEN coalesce(ours.due_at, row.due_at) END,
    dead_at = ours.dead_at,
    claimed_until = NULL,
    attempts = row.attempts + ours.tried,
    unsure = row.unsure - ours.sure,
    status = CASE WHEN ours.tried = 1 THEN ours.status ELSE row.status END,
    error = CASE WHEN ours.tried = 1 THEN ours.error ELSE row.error END
FROM unnest($1::text::text[], $2::text::text[], $3::text::bigint[], $4::text::integer[],
    $5::text::timestamptz[], $6::text::timestamptz[], $7::text::integer[], $8::text::integer[],
    $9::text::integer[], $10::text[])
    AS ours (user_id, destination, position, epoch, due_at, dead_at, tried, sure, status, error)
WHERE row.user_id = ours.user_id AND row.destination = ours.destination
  AND row.position = ours.position AND row.epoch = ours.epoch AND row.claimed_until IS NOT NULL
RETURNING row.position
