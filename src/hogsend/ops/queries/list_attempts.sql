-- What became of the latest attempts to tell an endpoint something.
SELECT id, message_id, user_id, topic, status, error, took_ms, at
FROM webhook_attempts
WHERE endpoint_id = $1
ORDER BY id DESC
LIMIT $2 OFFSET $3
