-- Webhook endpoints, newest first.
SELECT id, url, topics, description, created_at
FROM webhook_endpoints
WHERE deleted_at IS NULL
ORDER BY id DESC
LIMIT $1 OFFSET $2
