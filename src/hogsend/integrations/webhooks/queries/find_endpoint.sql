-- An endpoint that is not deleted.
SELECT id, url, topics, description, secret, created_at, deleted_at
FROM webhook_endpoints
WHERE id = $1 AND deleted_at IS NULL
