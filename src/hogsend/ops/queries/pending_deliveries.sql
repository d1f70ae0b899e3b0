-- A destination's deliveries that wait, those that are due longest first.
SELECT id, destination, user_id, topic, payload, attempts, status, error, created_at, due_at, dead_at
FROM outbox
WHERE destination = $1 AND due_at IS NOT NULL
ORDER BY due_at
LIMIT $2 OFFSET $3
