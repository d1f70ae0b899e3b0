-- Make dead deliveries due again, one ($2) or up to $4 of a destination. Lock order: by key.
WITH dead AS MATERIALIZED (
    SELECT user_id, destination, position
    FROM outbox
    WHERE destination = $1 AND dead_at IS NOT NULL AND ($2::uuid IS NULL OR id = $2)
    ORDER BY user_id, position
    LIMIT $4
    FOR UPDATE
)
UPDATE outbox AS row
SET due_at = $3, dead_at = NULL, attempts = 0
FROM dead
WHERE row.user_id = dead.user_id AND row.destination = dead.destination
  AND row.position = dead.position
RETURNING row.position
