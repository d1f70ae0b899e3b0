-- A destination's deliveries that were given up, newest first.
SELECT id, destination, user_id, topic, payload, attempts, status, error, created_at, due_at, dead_at
FROM outbox
WHERE destination = $1 AND dead_at IS NOT NULL
ORDER BY id DESC
LIMIT $2 OFFSET $3
