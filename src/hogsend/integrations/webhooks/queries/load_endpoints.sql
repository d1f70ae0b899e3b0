-- The endpoints, and those deleted since $1.
SELECT id, url, topics, description, secret, created_at, deleted_at
FROM webhook_endpoints
WHERE deleted_at IS NULL OR deleted_at >= $1
ORDER BY id
